#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A matrix that GStreamer has no name for is silently replaced by another one; ffmpeg refuses to convert.
#
# Expected: H.273 has code points for YCgCo (8), BT.2020 constant luminance (10) and ICtCp (14). A program that cannot
#   convert them can only refuse, as ffmpeg 9 does for its scaler, or say so.
# Actual: h264parse maps all three to "unknown", and videoconvert then takes the default for the size (BT.601 here),
#   so the picture has plausible, wrong colors: the RGB result is the same for all four tags. The code point cannot be
#   told from the caps any more, so no element behind the parser can find out.
# Seen with: GStreamer 1.22.0 and 1.28.8, ffmpeg 9.0.2. Found by trying code points of H.273.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer h264parse avdec_h264 videoconvert

for matrix in 2 8 10 14; do
    ff -f lavfi -i color=0x9060A0:s=64x64:r=5:d=0.4 -pix_fmt yuv444p -c:v libx264 -qp 0 \
        -bsf:v h264_metadata=matrix_coefficients=$matrix $matrix.h264
    color=$(rgb filesrc location=$matrix.h264 ! h264parse ! avdec_h264)
    if [ $matrix = 2 ]; then unknown=$color; fi
    still "matrix $matrix by GStreamer" "$color" "$unknown"
    result=refuses
    if ffmpeg -i $matrix.h264 -frames:v 1 -pix_fmt rgb24 -f rawvideo out.rgb 2>ffmpeg.log; then result=converts; fi
    case $matrix in 2) recorded=converts ;; *) recorded=refuses ;; esac
    still "matrix $matrix by ffmpeg" $result $recorded
done
verdict
