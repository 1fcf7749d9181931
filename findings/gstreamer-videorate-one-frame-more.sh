#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# videorate of GStreamer 1.28 makes eleven frames of ten that need no change.
#
# Expected: "An input stream that needs no adjustments will thus never have dropped or duplicated frames" (the element's
#   documentation), and ten frames of 25 fps remain ten, as in 1.22 and 1.26.
# Actual: at EOS the last frame is repeated once, for the time after the end of the stream: the copy begins where the
#   last frame's duration ends. With 25 fps and 29.97 fps, live or not, with rate= and max-rate= alike; drop-only=true
#   prevents it, and so does a demuxer whose segment has an end. Frames counted on both sides of videorate differ by
#   one, and a comparison has a frame too many.
# Seen with: GStreamer 1.28.8 (the one to have in PATH); 1.22.0 and 1.26.2 do as documented. Found by running the tests
#   of elements under a newer GStreamer than they were built with.
. "$(dirname -- "$0")/common.sh"
use_gstreamer videorate videotestsrc
case $(gst-launch-1.0 --version) in
*'GStreamer 1.28.'*) ;;
*) cannot 'GStreamer 1.28 is needed in PATH' ;;
esac

# frames RATE VIDEORATE…: how many of ten frames of that rate leave it, and the time stamp of the last one.
frames() {
    rate=$1
    shift
    timeout 60 gst-launch-1.0 -v videotestsrc num-buffers=10 ! "video/x-raw,framerate=$rate,width=64,height=48" ! "$@" \
        ! identity silent=false ! fakesink 2>&1 | sed -n 's/.*chain.* pts: \([0-9:.]*\), duration.*/\1/p' >pts.txt
    printf '%s until %s\n' "$(grep -c . pts.txt)" "$(tail -n 1 pts.txt)"
}
still 'without videorate' "$(frames 25/1 identity)" '10 until 0:00:00.360000000'
still 'videorate, 25 fps' "$(frames 25/1 videorate)" '11 until 0:00:00.400000000'
still 'videorate, 30000/1001 fps' "$(frames 30000/1001 videorate)" '11 until 0:00:00.333666666'
still 'videorate drop-only=true' "$(frames 25/1 videorate drop-only=true)" '10 until 0:00:00.360000000'
verdict
