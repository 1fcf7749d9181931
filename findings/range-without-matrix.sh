#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A stream that says "full range" and nothing else is shown by ffmpeg as full range and by GStreamer as limited.
#
# Expected: in H.264 (ITU-T H.264, Annex E) video_full_range_flag comes without the color description, which has a
#   flag of its own. Range with an unknown matrix is what ffmpeg writes for -color_range pc.
# Actual: GStreamer's decoder announces 1:0:0:0 (full range, all else unknown). GstVideoInfo drops a colorimetry whose
#   matrix is unknown for YUV and takes the default for the picture's height, which is limited: Y 200 is shown as 212,
#   black is crushed. The caps still read 1:0:0:0; only a program that reads that string itself gets it right. With a
#   matrix beside the range, 1:3:0:0, it is right.
# Seen with: GStreamer 1.22.0 and 1.28.8, ffmpeg 9.0.2. Noticed when caps of decoders were read.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer h264parse avdec_h264 videoconvert

encode() { # FILE [OPTIONS…]: gray 200 of full range, lossless
    file=$1
    shift
    python3 -c 'import sys; sys.stdout.buffer.write((bytes([200]) * 4096 + bytes([128]) * 2048) * 2)' >gray.yuv
    ff -f rawvideo -pix_fmt yuv420p -color_range pc -s 64x64 -r 5 -i gray.yuv -c:v libx264 -qp 0 -color_range pc \
        "$@" "$file"
}
by_ffmpeg() { ff -i "$1" -frames:v 1 -pix_fmt rgb24 -f rawvideo out.rgb && bytes 3 out.rgb; }
by_gstreamer() { rgb filesrc location="$1" ! h264parse ! avdec_h264; }
colorimetry() { caps avdec_h264-0.GstPad:src colorimetry filesrc location="$1" ! h264parse ! avdec_h264 ! fakesink; }
encode range.h264
encode both.h264 -colorspace bt709
still 'range only, decoded by ffmpeg' "$(by_ffmpeg range.h264)" '200 200 200'
still 'range only, caps of avdec_h264' "$(colorimetry range.h264)" '1:0:0:0'
still 'range only, decoded by GStreamer' "$(by_gstreamer range.h264)" '212 212 212'
still 'range and matrix, caps of avdec_h264' "$(colorimetry both.h264)" '1:3:0:0'
still 'range and matrix, decoded by GStreamer' "$(by_gstreamer both.h264)" '200 200 200'
verdict
