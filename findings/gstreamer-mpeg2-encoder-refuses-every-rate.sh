#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# avenc_mpeg2video of GStreamer 1.22 lists the frame rates that it takes and takes none of them.
#
# Expected: the element's pad template lists 24, 25, 30, 50 and 60 frames a second, 24000/1001 and others, as in
#   ISO/IEC 13818-2.
# Actual: every one ends in "not negotiated". The element opens the codec with nanoseconds as the time base before it
#   sets the rate from the caps, so libavcodec says (only at debug level "libav:1") that MPEG-1/2 does not support
#   1000000000/1 fps. avenc_mpeg1video is the same. In 1.28.8 the element works, so a pipeline from one machine fails
#   on the other.
# Seen with: gst-libav 1.22.0 with libavcodec 59 (Debian 12); gone in 1.28.8. Noticed when MPEG-2 test clips were
#   made.
. "$(dirname -- "$0")/common.sh"
use_gstreamer avenc_mpeg2video

encode() { # RATE
    try_gst videotestsrc num-buffers=3 ! "video/x-raw,format=I420,width=352,height=288,framerate=$1" ! \
        avenc_mpeg2video ! fakesink
}
rates=$(gst-inspect-1.0 avenc_mpeg2video | grep -m 1 framerate:)
for rate in 24/1 25/1 30/1 50/1 60/1 24000/1001 30000/1001; do
    case $rates in *")$rate"*) listed=listed ;; *) listed='not listed' ;; esac
    if encode $rate; then
        result=taken
    elif grep -q not-negotiated gst.log; then
        result='not negotiated'
    else
        result=$(head -n 1 gst.log)
    fi
    still "$rate" "$listed, $result" 'listed, not negotiated'
done
export GST_DEBUG=libav:1 GST_DEBUG_NO_COLOR=1
encode 25/1 || grep -m 1 -o 'MPEG-1/2 does not support.*' gst.log
verdict
