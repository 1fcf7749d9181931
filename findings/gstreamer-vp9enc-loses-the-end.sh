#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# vp9enc, as it is by default, loses the last pictures of a stream if the bit rate is generous.
#
# Expected: at the end of a stream an encoder writes all that it was given; the property lag-in-frames says how many
#   it may hold back until then. dropframe-threshold, which lets it leave pictures out, is 0 by default.
# Actual: of 100 small pictures 88 come out, and no error or warning is posted. Those that come have the right time
#   stamps; the tail is missing. It depends on content and rate: with lag-in-frames=10, with constant quality, or with
#   fewer bits all 100 come; so they do from ffmpeg with libvpx and the same lag. A real clip (176x144, 120 pictures,
#   cpu-used=6) lost none at 256 kb/s, 9 at 1 Mb/s and 20 at 8 Mb/s. So the rungs of a ladder differ in length, and a
#   comparison ends early or finds pictures missing.
# Seen with: GStreamer 1.22.0 with libvpx 1.12.0 (others were not tried), ffmpeg 9.0.2. Found by counting what comes
#   back from each pair of an encoder and a container.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer vp9enc identity

# pictures OPTION…: how many of 100 leave vp9enc; the last time stamp goes to the file last.
pictures() {
    timeout 60 gst-launch-1.0 -v videotestsrc num-buffers=100 pattern=ball ! \
        video/x-raw,format=I420,width=64,height=48,framerate=25/1 ! vp9enc "$@" ! identity silent=false ! fakesink \
        >seen.log 2>&1 || cannot "$(head -n 1 seen.log)"
    sed -n 's/.*last-message = chain.* pts: \([0-9:.]*\),.*/\1/p' seen.log >stamps
    tail -n 1 stamps >last
    wc -l <stamps | tr -d ' '
}
differ 'pictures of 100, default' "$(pictures)" 100
still 'the last one has the time stamp' "$(cat last)" 0:00:03.480000000
still 'lag-in-frames=10' "$(pictures lag-in-frames=10)" 100
still 'constant quality' "$(pictures end-usage=cq cq-level=20)" 100
still '20 kb/s' "$(pictures target-bitrate=20000)" 100
ff -f lavfi -i testsrc2=s=64x48:r=25:d=4 -frames:v 100 -pix_fmt yuv420p -c:v libvpx-vp9 -lag-in-frames 25 \
    -auto-alt-ref 0 -deadline realtime -b:v 256k other.webm
still 'ffmpeg, default rate and lag of vp9enc' "$(frames_shown other.webm)" 100
verdict
