#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# From the second picture on avdec_png shows the sum of all pictures so far.
#
# Expected: PNG is lossless and each file is a picture of its own; of a series each picture comes out as it went in,
#   as from pngdec.
# Actual: the first picture is right. Each later one is the picture plus what the decoder showed before, byte by byte
#   and modulo 256 (at 16 bits as well, where no carry passes on), without a warning: out of MOV, AVI and for single
#   pictures that follow each other, with one thread as with more. ffmpeg shows the same file right. Both sides of a
#   comparison get such sums, so the score is of pictures that nobody made, and looks plausible. pngdec has the higher
#   rank, so only pipelines that name avdec_png, or have no pngdec, are concerned.
# Seen with: GStreamer 1.22.0 with the libavcodec of FFmpeg 5.1.9 (others were not tried), ffmpeg 9.0.2. Found by
#   sending noise through every lossless pair of an encoder and a decoder.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer pngenc pngdec avdec_png qtmux qtdemux

# sums SHOWN: for each of four pictures, whether it is shown as it was sent, or as the sum of all so far.
sums() {
    python3 -c '
import sys
def pictures(name):
    data = open(name, "rb").read()
    step = len(data) // 4
    return [data[at:at + step] for at in range(0, 4 * step, step)]
words, total = [], None
for true, shown in zip(pictures("source.raw"), pictures(sys.argv[1])):
    total = true if total is None else bytes((one + other) % 256 for one, other in zip(total, true))
    words.append("itself" if shown == true else "sum" if shown == total else "other")
print(*words)' "$1"
}

for format in RGB GRAY16_BE; do
    noise="videotestsrc num-buffers=4 pattern=snow ! video/x-raw,format=$format,width=64,height=48,framerate=25/1"
    for decoder in pngdec avdec_png; do
        # shellcheck disable=SC2086 # words, on purpose
        gst $noise ! tee name=t ! queue ! filesink location=source.raw t. ! queue ! pngenc ! $decoder ! \
            filesink location=$decoder.raw
        case $decoder in pngdec) recorded='itself itself itself itself' ;; *) recorded='itself sum sum sum' ;; esac
        still "$format, $decoder shows" "$(sums $decoder.raw)" "$recorded"
    done
done
gst videotestsrc num-buffers=4 pattern=snow ! video/x-raw,format=RGB,width=64,height=48,framerate=25/1 ! \
    tee name=t ! queue ! filesink location=source.raw t. ! queue ! pngenc ! qtmux ! filesink location=pictures.mov
gst filesrc location=pictures.mov ! qtdemux ! avdec_png max-threads=1 ! filesink location=mov.raw
still 'RGB out of MOV, avdec_png with one thread shows' "$(sums mov.raw)" 'itself sum sum sum'
ff -i pictures.mov -pix_fmt rgb24 -f rawvideo ffmpeg.raw
still 'RGB out of MOV, ffmpeg shows' "$(sums ffmpeg.raw)" 'itself itself itself itself'
verdict
