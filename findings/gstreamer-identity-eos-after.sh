#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# identity eos-after=N does not cut a stream to N frames: it lets N - 1 pass, and behind a decoder later ones again.
#
# Expected: the property is documented as "EOS after N buffers", so N buffers go through and none after them.
# Actual: the Nth buffer itself is withheld and answered with EOS, so N - 1 have gone through (none at all with
#   eos-after=1). It is the only one: whatever upstream still pushes after that passes. A source stops at once; a
#   decoder with several threads hands out the frames that it holds, so N or more come out, with a hole before the last
#   ones. A copy cut like that has one frame missing, and frames from later in the film, or from after EOS, at its end.
# Seen with: GStreamer 1.22.0. Found when the 40 frames of a comparison were 43, the last of them 4.5 s late.
. "$(dirname -- "$0")/common.sh"
use_gstreamer identity x264enc avdec_h264 videocrop

passed() { # N PIPELINE…: how many frames of 16x16 gray pass
    n=$1
    shift
    rm -f out.raw
    gst "$@" ! identity "eos-after=$n" ! filesink location=out.raw
    size=$(stat -c %s out.raw)
    echo $((size / 256))
}
gray='video/x-raw,format=GRAY8,width=16,height=16'
for n in 1 10 40; do
    still "eos-after=$n, from a source" "$(passed $n videotestsrc num-buffers=100 ! "$gray")" $((n - 1))
done

gst videotestsrc num-buffers=100 ! video/x-raw,format=I420,width=64,height=64 ! x264enc ! h264parse ! matroskamux ! \
    filesink location=clip.mkv
for n in 10 40; do
    frames=$(passed $n filesrc location=clip.mkv ! matroskademux ! h264parse ! avdec_h264 max-threads=4 ! \
        videoconvert ! videocrop right=48 bottom=48 ! "$gray")
    if [ "$frames" -ge "$n" ]; then later=yes; else later=no; fi
    still "eos-after=$n, from a decoder of four threads, later frames pass ($frames in all)" $later yes
done
verdict
