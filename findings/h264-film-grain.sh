#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# One H.264 stream, up to three different pictures: who adds the film grain of the SEI message, and which grain.
#
# Expected: ITU-T H.264 fixes the output of a decoder to the last bit, so decoders of one stream can be taken for
#   equal when a codec is measured. Film grain characteristics (Annex D, payload type 19) are supplemental: a decoder
#   may ignore them.
# Actual: libavcodec adds the grain by default, openh264 does not, and neither says so. ffmpeg 9.0.2 and GStreamer
#   1.28.8's avdec_h264 agree with each other; avdec_h264 of Debian 12 (GStreamer 1.22.0, libavcodec 59) adds other
#   grain for the same message. ffmpeg's -export_side_data film_grain turns the grain off. GStreamer's avdec_h264 has
#   no property for it.
# Seen with: ffmpeg 9.0.2 and 7.0.2, GStreamer 1.22.0 and 1.28.8, openh264 2.3.1 and 2.6.0. Found by adding the
#   message to a stream.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer h264parse avdec_h264 openh264dec

ff -f lavfi -i color=gray:s=128x96:r=5:d=1 -pix_fmt yuv420p -c:v libx264 -profile:v baseline -x264-params slices=1 \
    plain.h264
python3 - <<'PY'
import re

class Bits:
    def __init__(self): self.text = ""
    def u(self, count, value): self.text += format(value, f"0{count}b")
    def ue(self, value):
        code = format(value + 1, "b")
        self.text += "0" * (len(code) - 1) + code
    def se(self, value): self.ue(2 * value - 1 if value > 0 else -2 * value)

def film_grain():
    bits = Bits()
    for count, value in ((1, 0), (2, 0), (1, 0), (2, 0), (4, 2)):  # on, model 0, no colors, additive, scale 2
        bits.u(count, value)
    for component in (1, 0, 0):  # luma only
        bits.u(1, component)
    for count, value in ((8, 0), (3, 2), (8, 0), (8, 255)):  # one interval 0 to 255, three values
        bits.u(count, value)
    for value in (100, 8, 8):  # strength and the two cut-off frequencies
        bits.se(value)
    bits.ue(1)  # until the next picture
    if len(bits.text) % 8:
        bits.text += "1"
    bits.text += "0" * (-len(bits.text) % 8)
    payload = int(bits.text, 2).to_bytes(len(bits.text) // 8, "big")
    escaped, zeros = bytearray(), 0
    for byte in bytes([6, 19, len(payload)]) + payload + b"\x80":
        if zeros >= 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes(escaped)

stream = open("plain.h264", "rb").read()
starts = [match.start() for match in re.finditer(b"\0\0\1", stream)] + [len(stream)]
with open("grain.h264", "wb") as out:
    for start, end in zip(starts, starts[1:]):
        unit = stream[start:end]
        if unit[3] & 31 in (1, 5):  # a slice; each picture has one
            out.write(film_grain())
        out.write(b"\0" + unit)
PY
sum_of() { md5sum <"$1" | cut -c 1-8; }
for stream in plain grain; do
    ff -i $stream.h264 -f rawvideo ffmpeg-$stream.yuv
    ff -export_side_data film_grain -i $stream.h264 -f rawvideo exported-$stream.yuv
    gst filesrc location=$stream.h264 ! h264parse ! avdec_h264 ! filesink location=libav-$stream.yuv
    gst filesrc location=$stream.h264 ! h264parse ! openh264dec ! filesink location=openh264-$stream.yuv
done
plain=$(sum_of ffmpeg-plain.yuv)
still 'without the message: avdec_h264' "$(sum_of libav-plain.yuv)" "$plain"
still 'without the message: openh264dec' "$(sum_of openh264-plain.yuv)" "$plain"
still 'with it: openh264dec' "$(sum_of openh264-grain.yuv)" "$plain"
still 'with it: ffmpeg -export_side_data film_grain' "$(sum_of exported-grain.yuv)" "$plain"
differ 'with it: ffmpeg' "$(sum_of ffmpeg-grain.yuv)" "$plain"
differ 'with it: avdec_h264' "$(sum_of libav-grain.yuv)" "$plain"
if cmp -s ffmpeg-grain.yuv libav-grain.yuv; then
    echo 'the grain of ffmpeg and of avdec_h264 is the same here'
else
    echo 'the grain of ffmpeg and of avdec_h264 differs'
fi
ffmpeg -i grain.h264 -i plain.h264 -lavfi psnr -f null - 2>&1 |
    sed -n 's/.*\(PSNR y:[0-9.]*\).*/ffmpeg with against without: \1/p'
verdict
