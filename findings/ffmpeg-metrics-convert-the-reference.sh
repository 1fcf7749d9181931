#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Samples that are equal to the bit get a PSNR of 29 dB and a VMAF of 100 or 70, by the order of the arguments,
# because of a tag.
#
# Expected: psnr, ssim, xpsnr, identity and libvmaf compare the samples of two streams; their documentation mentions
#   no conversion, and of the first input it says that it is passed on unchanged. Exchanging the inputs of psnr, a
#   symmetric measure, changes nothing.
# Actual: where the two streams' tags differ (range or matrix), ffmpeg inserts a scaler that converts the second input
#   to the tags of the first, whose rounding and clipping are measured too. PSNR then depends on the order, VMAF by 30
#   points. Streams whose tag is missing are not converted. The only trace is "auto_scale" at -v verbose. Tags that
#   are lost or invented by a container (see y4m-range.sh, colorimetry-of-container-or-stream.sh) so turn into a
#   quality loss that is not there.
# Seen with: ffmpeg 9.0.2; 7.0.2 does the same. Found by giving one stream two tags.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

ff -f lavfi -i testsrc2=s=96x64:r=5:d=1 -pix_fmt yuv420p -c:v ffv1 -color_range tv -colorspace bt709 limited-709.mkv
ff -i limited-709.mkv -c copy -color_range pc full-709.mkv
ff -i limited-709.mkv -c copy -colorspace smpte170m limited-601.mkv
packets() { ff -i "$1" -c copy -f md5 -; }
still 'packets of the copy with another range' "$(packets full-709.mkv)" "$(packets limited-709.mkv)"
still 'packets of the copy with another matrix' "$(packets limited-601.mkv)" "$(packets limited-709.mkv)"

measure() { # FILTER MAIN REFERENCE
    ffmpeg -i "$2.mkv" -i "$3.mkv" -lavfi "$1" -f null - 2>&1 |
        sed -n 's/.*PSNR .*average:\([0-9.a-z]*\) min.*/\1/p; s/.*VMAF score: \([0-9.]*\)/\1/p' |
        awk '{ printf "%.1f", $1 }'
}
still 'PSNR of a stream against itself' "$(measure psnr limited-709 limited-709)" 'inf'
still 'PSNR, limited against full' "$(measure psnr limited-709 full-709)" '29.5'
still 'PSNR, full against limited' "$(measure psnr full-709 limited-709)" '28.3'
still 'PSNR, BT.709 against BT.601' "$(measure psnr limited-709 limited-601)" '36.1'
still 'PSNR, BT.601 against BT.709' "$(measure psnr limited-601 limited-709)" '27.5'
still 'VMAF, limited against full' "$(measure libvmaf limited-709 full-709)" '100.0'
still 'VMAF, full against limited' "$(measure libvmaf full-709 limited-709)" '69.9'
verdict
