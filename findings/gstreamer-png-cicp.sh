#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# An HDR picture in PNG becomes sRGB in GStreamer.
#
# Expected: the third edition of PNG (W3C, 2025) has the chunk cICP with the code points of ITU-T H.273, and gives it
#   precedence over all other color chunks. ffmpeg 9 writes and reads it.
# Actual: pngdec announces sRGB for a picture of BT.2020 primaries and PQ, so conversions and encoders behind it treat
#   PQ codes as sRGB; pngenc writes no chunk for caps with PQ. Frames exported by ffmpeg for a comparison in GStreamer
#   lose what they are.
# Seen with: GStreamer 1.22.0 and 1.28.8, ffmpeg 9.0.2. Found by listing what readers make of cICP.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer pngdec pngenc

ff -f lavfi -i color=gray:s=16x16:r=1:d=1 \
    -vf format=rgb48be,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=gbr:range=pc -frames:v 1 hdr.png
still 'the chunk that ffmpeg writes (primaries, transfer, matrix, range)' "$(python3 -c '
data = open("hdr.png", "rb").read()
at = data.find(b"cICP") + 4
print(*data[at:at + 4])')" '9 16 0 1'
still 'ffmpeg reads' "$(tags hdr.png)" 'pc, gbr/bt2020/smpte2084'
still 'pngdec announces' "$(caps pngdec0.GstPad:src colorimetry filesrc location=hdr.png ! pngdec ! fakesink)" sRGB
gst videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width=16,height=16,colorimetry=1:1:14:7 ! pngenc ! \
    filesink location=out.png
still 'ffmpeg reads of a file by pngenc, whose caps had PQ' "$(tags out.png)" 'pc, gbr/unknown/unknown'
verdict
