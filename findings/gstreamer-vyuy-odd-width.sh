#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The last pixel of VYUY pictures of odd width has Cb and Cr exchanged.
#
# Expected: GStreamer describes VYUY as packed 4:2:2 in the order Cr Y Cb Y; the last pixel of an odd row is half a
#   group and has the group's two chroma samples.
# Actual: videoconvert (the format's unpack function) takes them the other way round there, only in VYUY: YUY2, YVYU
#   and UYVY are right. As chroma is interpolated afterwards, two columns are wrong: a red picture ends in a purple
#   and a blue one.
# Seen with: GStreamer 1.22.0 and 1.28.8. Noticed when formats were compared with a conversion written by hand.
. "$(dirname -- "$0")/common.sh"
use_gstreamer rawvideoparse videoconvert

last() { # FORMAT ORDER: Y Cb Cr of the last pixel of 5 columns that are all Y 100, Cb 60, Cr 200
    python3 - "$2" <<'PY'
import sys
sample = {"Y": 100, "U": 60, "V": 200}
open("in.raw", "wb").write(bytes(sample[letter] for letter in sys.argv[1]) * 3 * 2)
PY
    gst filesrc location=in.raw blocksize=24 ! rawvideoparse width=5 height=2 "format=$1" ! videoconvert ! \
        video/x-raw,format=AYUV ! filesink location=out.raw
    bytes 20 out.raw | cut -d' ' -f 18-20
}
still 'YUY2' "$(last yuy2 YUYV)" '100 60 200'
still 'YVYU' "$(last yvyu YVYU)" '100 60 200'
still 'UYVY' "$(last uyvy UYVY)" '100 60 200'
still 'VYUY' "$(last vyuy VYUY)" '100 165 95'
verdict
