#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg's boxblur of NV12 or P010 turns the right half of the picture green and mixes Cb with Cr in the left half.
#
# Expected: a blur leaves a picture of one color as it is, in every format that the filter takes. avgblur and gblur do.
# Actual: boxblur takes the semi-planar formats, which hardware decoders give, as they are, and treats the plane of
#   chroma pairs as a plane of single samples of half the width: neighbors, so Cb and Cr, are averaged, and what lies
#   beyond half the width is not written at all. It is so with a chroma radius of 0, too, for the right half. Luma is
#   right, and nothing is printed. A pipeline that blurs in order to make a distorted or a private picture depends on
#   where ffmpeg puts the conversion: with format=yuv420p in front it is right.
# Seen with: ffmpeg 9.0.2 and 7.0.2 (source: libavfilter/vf_boxblur.c). Found by sending a picture through each filter
#   in NV12 and in 4:2:0.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

# chroma FORMAT FILTER: the values of Cb at the left and at the right, of Cr likewise
chroma() {
    ff -f lavfi -i color=0xC02060:s=32x16:r=5:d=0.4 -vf "format=$1,$2,format=$1,format=yuv420p" -frames:v 1 \
        -f rawvideo out.yuv
    python3 -c 'd = open("out.yuv", "rb").read(); print(d[512], d[527], d[640], d[655])'
}
for filter in avgblur=2 gblur boxblur=2:1 boxblur=2:1:0:0; do
    still "$filter of yuv420p" "$(chroma yuv420p $filter)" '132 132 194 194'
    case $filter in
    boxblur=2:1) nv12='157 0 157 0' ;;
    boxblur*) nv12='132 0 194 0' ;;
    *) nv12='132 132 194 194' ;;
    esac
    for format in nv12 p010le nv16; do still "$filter of $format" "$(chroma $format $filter)" "$nv12"; done
done
verdict
