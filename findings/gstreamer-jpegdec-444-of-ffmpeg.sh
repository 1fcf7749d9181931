#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# jpegdec shows 4:4:4 MJPEG of ffmpeg with the chroma of other lines.
#
# Expected: the size of a JPEG component is its sampling factor relative to the largest one (ITU-T T.81, A.1.1). ffmpeg
#   gives all three components of 4:4:4 the factors 1×2, so all have the size of the picture, as with 1×1, and libjpeg
#   and ffmpeg read it so. To make I420 of it, jpegdec has to take every second line of chroma, or means of lines.
# Actual: of every 16 lines of chroma jpegdec takes the first 8 and stretches them over all 16, so chroma is up to 8
#   lines off and every other block is lost; luma is right, and nothing is said. decodebin chooses jpegdec.
#   avdec_mjpeg is right.
# Seen with: GStreamer 1.22.0, files by ffmpeg 9.0.2. Found by decoding each chroma sampling that ffmpeg encodes.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
pypi numpy==2.4.6
use_gstreamer jpegdec avdec_mjpeg jpegparse

ff -f lavfi -i testsrc2=size=96x64 -frames:v 1 -pix_fmt yuvj444p -c:v mjpeg -q:v 2 444.jpg
still 'sampling factors of the three components' \
    "$(python3 -c 'b = open("444.jpg", "rb").read(); at = b.index(b"\xff\xc0") + 11; print(*b[at:at + 9:3])')" '18 18 18'
ff -i 444.jpg -f rawvideo -pix_fmt yuvj444p 444.yuv
gst filesrc location=444.jpg ! jpegdec ! video/x-raw,format=I420 ! filesink location=jpegdec.yuv
gst filesrc location=444.jpg ! jpegparse ! avdec_mjpeg ! video/x-raw,format=Y444 ! filesink location=avdec.yuv

cat >look.py <<'PY'
import numpy as np

whole = np.fromfile("444.yuv", np.uint8).astype(int).reshape(3, 64, 96)
found = np.fromfile("jpegdec.yuv", np.uint8).astype(int)
luma, chroma = found[:6144].reshape(64, 96), found[6144:7680].reshape(32, 48)
print(abs(luma - whole[0]).max())
# The line of the whole chroma that each line is most like.
print(*(abs(whole[1, :, ::2] - line).sum(1).argmin() for line in chroma[:16]))
print(abs(np.fromfile("avdec.yuv", np.uint8).astype(int).reshape(3, 64, 96) - whole).max())
PY
python3 look.py >seen || cannot 'the pictures have other sizes'
still 'luma differs from that of ffmpeg by at most 3' "$(test "$(row 1)" -le 3 && echo yes)" yes
still 'lines of chroma that jpegdec shows on lines 0 2 4 … 30' "$(row 2)" '0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23'
still 'avdec_mjpeg differs from ffmpeg by' "$(row 3)" 0
verdict
