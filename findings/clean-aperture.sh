#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The same file has two sizes: ffmpeg 9 cuts to the clean aperture, GStreamer shows the whole coded picture.
#
# Expected: the clean aperture (box clap, ISO/IEC 14496-12) and PixelCropTop to PixelCropRight (Matroska, RFC 9559)
#   say which part of the picture is to be shown. QuickTime files of DV and ProRes often have the box.
# Actual: ffmpeg 9.0.2 decodes 80 x 48 of a file that its own first lines call 96x64; -apply_cropping 0 gives all of
#   it. 7.0.2 reads the box and shows 96 x 64. GStreamer shows 96 x 64. The samples of what both show are the same,
#   but a full-reference comparison across the two (or across two versions of ffmpeg) meets other sizes or, after
#   scaling, shifted pictures. A copy from MP4 to Matroska by ffmpeg keeps the aperture.
# Seen with: ffmpeg 9.0.2 and 7.0.2, GStreamer 1.22.0 and 1.28.8. Found by adding the box to a file.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer qtdemux matroskademux h264parse avdec_h264

ff -f lavfi -i testsrc2=s=96x64:r=5:d=1 -pix_fmt yuv420p -c:v libx264 -bf 0 whole.mp4
python3 - <<'PY'
import struct

data = bytearray(open("whole.mp4", "rb").read())
clap = struct.pack(">I4s8I", 40, b"clap", 80, 1, 48, 1, 0, 2, 0, 2)  # 80 x 48 in the middle
boxes, start, end = [], 0, len(data)
for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
    while data[start + 4:start + 8] != name:
        start += struct.unpack(">I", data[start:start + 4])[0]
        assert start < end, name
    boxes.append(start)
    end = start + struct.unpack(">I", data[start:start + 4])[0]
    start += 16 if name == b"stsd" else 8
assert data.find(b"mdat") < boxes[0]  # so no offset of a sample moves
data[end:end] = clap
for box in boxes:
    struct.pack_into(">I", data, box, struct.unpack(">I", data[box:box + 4])[0] + len(clap))
open("aperture.mp4", "wb").write(data)
PY
ff -i aperture.mp4 -c copy aperture.mkv
for container in mp4 mkv; do
    still "$container: ffmpeg says when it opens the file" \
        "$(ffmpeg -i aperture.$container 2>&1 | sed -n 's/.*Video: .* \([0-9]*x[0-9]*\) .*/\1/p')" 96x64
    still "$container: ffmpeg's frames" "$(shown s -i aperture.$container)" 80x48
    still "$container: ffmpeg -apply_cropping 0" "$(shown s -apply_cropping 0 -i aperture.$container)" 96x64
    case $container in mkv) demuxer=matroskademux ;; *) demuxer=qtdemux ;; esac
    for field in width height; do
        caps avdec_h264-0.GstPad:src $field filesrc location=aperture.$container ! $demuxer ! h264parse ! \
            avdec_h264 ! fakesink
    done >size.txt
    still "$container: GStreamer's frames" "$(paste -sd x size.txt)" 96x64
done
verdict
