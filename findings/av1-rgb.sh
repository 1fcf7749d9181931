#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# AV1 in RGB has wrong colors in GStreamer: the decoder says Y444 and a matrix of RGB, and nothing downstream objects.
#
# Expected: AV1 codes RGB as 4:4:4 with matrix_coefficients 0 (identity: G, B, R in the three planes). For VP9, H.264
#   and HEVC the decoders of GStreamer announce the format GBR for that.
# Actual: av1dec announces format=Y444, colorimetry=1:1:0:0 (matrix RGB on a YUV format). videoconvert accepts the
#   pair and takes G, B and R for Y, Cb and Cr: the color 192 31 95 becomes 117 0 0.
# Seen with: GStreamer 1.22.0 and 1.28.8 (libaom), ffmpeg 9.0.2. Found by encoding one color as RGB with each codec.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer matroskademux av1dec vp9dec videoconvert

for codec in vp9 av1; do
    case $codec in
    vp9) encoder='libvpx-vp9 -lossless 1' decoder=vp9dec format=GBR color='192 31 95' ;;
    av1) encoder='libaom-av1 -cpu-used 8 -crf 0' decoder=av1dec format=Y444 color='117 0 0' ;;
    esac
    # shellcheck disable=SC2086
    ff -f lavfi -i color=0xC02060:s=64x64:r=5:d=0.4 -pix_fmt gbrp -c:v $encoder $codec.mkv
    ff -i $codec.mkv -frames:v 1 -pix_fmt rgb24 -f rawvideo out.rgb
    still "$codec by ffmpeg" "$(bytes 3 out.rgb)" '192 31 95'
    still "$codec: format that $decoder announces" \
        "$(caps "${decoder}0.GstPad:src" format filesrc location=$codec.mkv ! matroskademux ! "$decoder" ! fakesink)" \
        "$format"
    still "$codec by GStreamer" "$(rgb filesrc location=$codec.mkv ! matroskademux ! "$decoder")" "$color"
done
verdict
