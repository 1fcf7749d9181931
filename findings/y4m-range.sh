#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Full range does not survive y4m between ffmpeg and GStreamer, in either direction.
#
# Expected: ffmpeg writes full range into a YUV4MPEG2 header (the comment XCOLORRANGE=FULL) and reads it from there,
#   so a program that reads the samples without it should at least say so.
# Actual: GStreamer's y4mdec ignores the comment and calls the stream bt601, limited range: gray 200 is shown as 212.
#   y4menc writes no range, so full-range caps end in a file that each reader takes for limited. Nothing is logged on
#   either way.
# Seen with: GStreamer 1.22.0 and 1.28.8, ffmpeg 9.0.2. Found by sending one gray through y4m.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer y4mdec y4menc videoconvert

ff -f lavfi -i color=black:s=16x16:r=25 -frames:v 1 -vf "format=yuvj420p,geq=lum=200:cb=128:cr=128" -color_range pc \
    -f yuv4mpegpipe full.y4m
still 'header by ffmpeg says' "$(head -n 1 full.y4m | grep -o 'XCOLORRANGE=[A-Z]*')" 'XCOLORRANGE=FULL'
ff -i full.y4m -pix_fmt rgb24 -f rawvideo out.rgb
still 'Y 200 read by ffmpeg' "$(bytes 3 out.rgb)" '200 200 200'
still 'Y 200 read by GStreamer' "$(rgb filesrc location=full.y4m ! y4mdec)" '212 212 212'
still 'colorimetry that y4mdec announces' \
    "$(caps y4mdec0.GstPad:src colorimetry filesrc location=full.y4m ! y4mdec ! fakesink)" bt601

gst videotestsrc num-buffers=1 pattern=white ! video/x-raw,format=I420,width=16,height=16,colorimetry=1:3:5:1 ! \
    y4menc ! filesink location=out.y4m
still 'range in the header by GStreamer' "$(head -n 1 out.y4m | grep -o 'XCOLORRANGE=[A-Z]*' || echo none)" none
still 'tags that ffmpeg finds in it' "$(tags out.y4m)" progressive
verdict
