#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Raw P010, NV24 and 47 other pixel formats come back from ffmpeg's NUT as 15-bit RGB, without a word.
#
# Expected: NUT is the container in which ffmpeg pipes raw video with its format and times. Matroska's muxer refuses
#   P010 with the advice "you can use AVI or NUT", and AVI's says of a format that it can't name "rawvideo cannot be
#   written to avi, output file will be unreadable".
# Actual: NUT's muxer has a code for most formats. For the others it writes RGB[15], prints nothing, and the demuxer
#   announces rgb555le. The decoder reads the samples, or the first part of them, as such: a picture of the right size
#   and rate, so that a measurement runs and ends with a low score that could be one (P010 against its original: PSNR
#   14 dB). P010, P012, P016, P210 to P416, NV16, NV24, NV42 and X2RGB10, which are among them, are what hardware
#   decoders and captures give. NV12, most planar formats and 8-bit RGB come through.
# Seen with: ffmpeg 9.0.2 and 7.0.2. Found by writing each pixel format into each container of raw video.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

# through FORMAT [CONTAINER]: the format that comes back
through() {
    ffmpeg -loglevel warning -f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -pix_fmt "$1" -c:v rawvideo "out.${2:-nut}" \
        2>muxer.log || cannot "$1 could not be written"
    ffmpeg -i "out.${2:-nut}" -frames:v 1 -f null - 2>&1 |
        sed -n 's/.*Stream #0:0.*Video: rawvideo[^,]*, \([a-z0-9]*\).*/\1/p' | head -n 1
}
for format in yuv420p nv12 rgba yuv420p10le gbrp16le; do still "$format" "$(through $format)" $format; done
for format in nv16 nv24 nv42 p010le p012le p016le p210le p216le p410le p416le x2rgb10le y212le xv36le ya16le \
    grayf32le yuv440p10le; do
    still "$format" "$(through $format)" rgb555le
    still 'lines of the muxer about it' "$(grep -vc 'No accelerated' muxer.log || true)" 0
done
through p010le avi >/dev/null
still 'what the muxer of AVI says about p010le' "$(grep -o 'output file will be unreadable' muxer.log)" \
    'output file will be unreadable'

ff -f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -pix_fmt yuv420p10le -c:v ffv1 original.mkv
ff -i original.mkv -pix_fmt p010le -c:v rawvideo p010.nut
ff -i original.mkv -pix_fmt p010le -c:v rawvideo -f rawvideo p010.raw
psnr() { # OPTION… of the input
    ffmpeg "$@" -i original.mkv -lavfi '[0]format=yuv420p10le[a];[a][1]psnr' -f null - 2>&1 |
        sed -n 's/.*PSNR y:\([0-9a-z]*\).*/\1/p'
}
still 'PSNR of P010 against its original, without a container' \
    "$(psnr -f rawvideo -pix_fmt p010le -s 64x48 -r 5 -i p010.raw)" inf
still 'PSNR of P010 against its original, out of NUT' "$(psnr -i p010.nut)" 14
verdict
