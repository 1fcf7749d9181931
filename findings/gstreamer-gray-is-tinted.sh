#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Monochrome video whose matrix is not stated leaves videoconvert in color: gray 85 becomes red 85, green 128, blue 128.
#
# Expected: a picture without chroma is gray whatever the matrix is, for every matrix of ITU-T H.273 maps neutral chroma
#   to R = G = B. Monochrome video seldom states one: HEVC 4:0:0 and FFV1 of ffmpeg do not.
# Actual: decoders announce GRAY8 with colorimetry 1:0:0:0 (full range, all else unknown) or 2:0:0:0, and videoconvert,
#   instead of a default, applies no matrix at all: luma and the two neutral values of chroma become R, G and B. On the
#   way to I420 the tint is encoded as chroma, and luma is another, too. Without colorimetry in the caps, or with any
#   matrix in it (1:4:0:0), it is gray. A YUV format with the same colorimetry gets a default matrix.
# Seen with: GStreamer 1.22.0, ffmpeg 9.0.2. Found by decoding every pixel format that ffmpeg encodes losslessly.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer avdec_ffv1 avdec_h265 h265parse matroskademux videoconvert

python3 -c 'import sys; sys.stdout.buffer.write(bytes([85]) * 8192)' >gray.raw
encode() { # NAME OPTIONS…
    name=$1
    shift
    ff -f rawvideo -pix_fmt gray -s 64x64 -r 5 -i gray.raw "$@" "$name.mkv"
}
encode ffv1 -c:v ffv1
encode hevc -c:v libx265 -x265-params log-level=none:lossless=1
i420() {
    gst "$@" ! videoconvert ! video/x-raw,format=I420 ! filesink location=i420.raw
    printf '%s %s\n' "$(bytes 1 i420.raw)" "$(tail -c +4097 i420.raw | od -An -tu1 -N1 | tr -d ' ')"
}
for name in ffv1 hevc; do
    ff -i $name.mkv -frames:v 1 -pix_fmt gray -f rawvideo out.raw
    still "$name: its samples by ffmpeg" "$(bytes 1 out.raw)" 85
    case $name in
    ffv1) decoder=avdec_ffv1 ;;
    hevc) decoder='h265parse ! avdec_h265' ;;
    esac
    # shellcheck disable=SC2086 # words
    still "$name: RGB by videoconvert" \
        "$(rgb filesrc location=$name.mkv ! matroskademux ! $decoder)" '85 128 128'
    # shellcheck disable=SC2086 # words
    still "$name: Y and U of I420 by videoconvert" \
        "$(i420 filesrc location=$name.mkv ! matroskademux ! $decoder)" '117 134'
done
raw() { rgb filesrc location=gray.raw blocksize=4096 ! "video/x-raw,format=GRAY8,width=64,height=64,framerate=5/1$1"; }
still 'raw, no colorimetry' "$(raw '')" '85 85 85'
still 'raw, 1:0:0:0' "$(raw ,colorimetry=1:0:0:0)" '85 128 128'
still 'raw, 1:4:0:0' "$(raw ,colorimetry=1:4:0:0)" '85 85 85'
verdict
