#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# videoconvert's dither has no effect when it matters most, from 10 or 16 bits down to 8: samples are cut off, always
# down.
#
# Expected: the property dither (default bayer) is documented as dithering while converting, so 403 of 1023 becomes
#   100 or 101 in the proportion 1 to 3, as in ffmpeg.
# Actual: whatever the method (none, bayer, floyd-steinberg, sierra-lite), the result is 403 >> 2 = 100 in each
#   sample. All conversions to 8 bits that were tried are the same with and without dither (planar, semi-planar, RGB,
#   gray); to 10 or 12 bits dither works. On average 0.375 steps of 8 bits are lost, a shift of brightness, and smooth
#   gradients get steps. A 10-bit clip that is converted for an 8-bit model is measured with the bands that
#   videoconvert puts in.
# Seen with: GStreamer 1.22.0 and 1.28.8; ffmpeg 9.0.2 for comparison. Found by converting flat pictures.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer rawvideoparse videoconvert

python3 -c '
import struct
open("ten.yuv", "wb").write(struct.pack("<256H", *[403] * 256) + struct.pack("<128H", *[512] * 128))'
values() {
    od -An -v -tu1 -w1 -N256 "$1" | sort -n | uniq -c | awk '{ printf "%s%d times %d", (NR > 1 ? ", " : ""), $1, $2 }'
}
for method in none bayer floyd-steinberg sierra-lite; do
    gst filesrc location=ten.yuv blocksize=768 ! rawvideoparse width=16 height=16 format=i420-10le ! \
        videoconvert dither=$method ! video/x-raw,format=I420 ! filesink location=out.yuv
    still "403 in 10 bits, dither=$method" "$(values out.yuv)" '256 times 100'
done
ff -f rawvideo -pix_fmt yuv420p10le -s 16x16 -i ten.yuv -pix_fmt yuv420p -f rawvideo out.yuv
still '403 in 10 bits, ffmpeg' "$(values out.yuv)" '64 times 100, 192 times 101'

gradient() { # FROM TO DITHER FILE
    gst videotestsrc num-buffers=1 pattern=gradient ! "video/x-raw,format=$1,width=64,height=64,colorimetry=bt709" ! \
        videoconvert "dither=$3" ! "video/x-raw,format=$2" ! filesink "location=$4"
}
for formats in 'I420_10LE NV12' 'P010_10LE NV12' 'I420_10LE RGB' 'I420_12LE I420' 'Y444_10LE Y444' \
    'I420_10LE I420_12LE'; do
    from=${formats% *} to=${formats#* }
    gradient "$from" "$to" none none.raw
    gradient "$from" "$to" bayer bayer.raw
    if cmp -s none.raw bayer.raw; then effect=no; else effect=yes; fi
    case $to in *_12LE) recorded=yes ;; *) recorded=no ;; esac
    still "$from to $to: dither has an effect" $effect $recorded
done
verdict
