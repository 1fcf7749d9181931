#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# jpegenc writes limited-range video into a JPEG file as it is, so snapshots are gray where the video was white.
#
# Expected: JFIF (ITU-T T.871) defines Y as 0 to 255. An element that takes limited-range I420 has to scale it, or to
#   ask for full range in its caps, so that videoconvert does.
# Actual: jpegenc accepts every colorimetry and stores the samples unchanged. White, 235, is decoded as 235 by each
#   JPEG reader, black is 16, and what BT.709's matrix made is read with BT.601's: red comes back as 220 0 17. A
#   snapshot that is used as a reference is up to 35 steps off. Asking for full range by hand (colorimetry=1:4:0:0
#   after videoconvert) gives white 253.
# Seen with: GStreamer 1.22.0 and 1.28.8, read by Pillow 13.0.0. Found by following white through encoders.
. "$(dirname -- "$0")/common.sh"
pypi pillow==13.0.0
use_gstreamer jpegenc videoconvert

snapshot() { # PATTERN [ELEMENT…]: the pixel that Pillow finds in a JPEG of limited-range video
    pattern=$1
    shift
    gst videotestsrc num-buffers=1 "pattern=$pattern" ! video/x-raw,format=I420,width=16,height=16,colorimetry=bt709 ! \
        "$@" jpegenc ! filesink location=out.jpg
    python3 -c 'from PIL import Image; print(*Image.open("out.jpg").convert("RGB").getpixel((8, 8)))'
}
still 'white of limited-range video' "$(snapshot white)" '235 235 235'
still 'black of limited-range video' "$(snapshot black)" '16 16 16'
still 'red of limited-range BT.709 video' "$(snapshot red)" '220 0 17'
asked=$(snapshot white videoconvert ! video/x-raw,format=I420,colorimetry=1:4:0:0 !)
differ 'white, full range asked for by hand' "$asked" '235 235 235'
verdict
