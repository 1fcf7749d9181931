#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# GStreamer drops the last frames of an MP4 that has B-frames and no edit list, as many as the reordering delays.
#
# Expected: the edit list is optional (ISO/IEC 14496-12: without one, presentation is the whole media). Composition
#   offsets then put the first frame later than 0 and the last one later than the media's duration; all frames are to
#   be shown.
# Actual: qtdemux takes the movie's duration for the end of the segment. Frames whose time is past it are pushed and
#   cut away behind the demuxer, in the decoder's base class: 23 of 25 pictures arrive with two frames of delay,
#   without a message. ffmpeg shows 25. A muxer that writes no edit list (ffmpeg -use_editlist 0) makes such files. In
#   a comparison the end of the clip is missing on one side only.
# Seen with: GStreamer 1.22.0 and 1.28.8, ffmpeg 9.0.2. Found by counting frames in each container.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer qtdemux h264parse avdec_h264 identity

count() { # FILE ELEMENT…: buffers that arrive behind the elements
    file=$1
    shift
    timeout 60 gst-launch-1.0 -v filesrc location="$file" ! "$@" ! identity silent=false ! fakesink 2>&1 |
        grep -c 'chain.*pts:'
}
for frames in 0 1 2 3; do
    ff -f lavfi -i testsrc2=s=64x64:r=25:d=1 -pix_fmt yuv420p -c:v libx264 -x264-params bframes=$frames:b-adapt=0 \
        with.mp4
    ff -i with.mp4 -c copy -use_editlist 0 without.mp4
    case $frames in 0) lost=0 ;; 1) lost=1 ;; *) lost=2 ;; esac
    still "$frames B-frames, no edit list: frames by ffmpeg" "$(frames_shown without.mp4)" 25
    still "$frames B-frames, edit list: frames by GStreamer" "$(count with.mp4 qtdemux ! h264parse ! avdec_h264)" 25
    still "$frames B-frames, no edit list: packets by GStreamer" "$(count without.mp4 qtdemux)" 25
    still "$frames B-frames, no edit list: frames by GStreamer" \
        "$(count without.mp4 qtdemux ! h264parse ! avdec_h264)" $((25 - lost))
done
verdict
