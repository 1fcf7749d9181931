#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg's xpsnr of 16-bit video is up to 9 dB higher than of the same video in 14 bits; of RGB it names green "r",
# blue "g" and red "b".
#
# Expected: the filter lists 16-bit formats and planar RGB as inputs. Samples that are multiplied by four, with the
#   peak, keep their PSNR and their XPSNR. A value that is called r is about red; so it is in psnr and ssim.
# Actual: (1) samples are read as signed 16-bit numbers for the weights, so that everything above half is negative. A
#   texture around mid-gray has the activity of black-and-white noise then, and its errors count next to nothing. Below
#   and above half the values are right, or nearly. (2) The summary and the stats file name the planes in their order
#   in memory, G, B, R, with the letters r, g, b. The frames' metadata (lavfi.xpsnr.xpsnr.r) have the right ones. The
#   weights, of luma in YUV, are those of green.
# Seen with: ffmpeg 9.0.2 (source: libavfilter/vf_xpsnr.c, int16_t in calc_squared_error_and_weight, comps in uninit).
#   Found by giving each two-input filter all pixel formats.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

python3 - <<'PY'
import random

for middle in (60, 128, 200):
    for depth in (10, 14, 16):
        for name, damage in (("original", 0), ("damaged", 3)):
            texture, error = random.Random(1), random.Random(2)
            frame = b"".join(
                (middle + texture.randint(-20, 20) + error.randint(-damage, damage) << depth - 8).to_bytes(2, "little")
                for _ in range(128 * 96))
            with open(f"{name}-{middle}-{depth}.gray", "wb") as out:
                out.write(frame * 3)
PY
gray() { # FILTER MIDDLE DEPTH: in tenths of dB
    input="-f rawvideo -pix_fmt gray${3}le -s 128x96 -r 25"
    # shellcheck disable=SC2086
    ffmpeg $input -i "original-$2-$3.gray" $input -i "damaged-$2-$3.gray" -lavfi "$1" -f null - 2>&1 |
        sed -n 's/.*PSNR  *y: *\([0-9.]*\).*/\1/p' | awk '{ printf "%.1f", $1 }'
}
for middle in 60 128 200; do
    case $middle in
    60) low=40.5 high=40.5 ;;
    128) low=41.0 high=50.3 ;;
    *) low=41.3 high=40.5 ;;
    esac
    for depth in 10 14 16; do
        expected=$low
        [ $depth != 16 ] || expected=$high
        still "gray around $middle of 255, as $depth bits: PSNR" "$(gray psnr $middle $depth)" 42.2
        still "gray around $middle of 255, as $depth bits: XPSNR" "$(gray xpsnr $middle $depth)" "$expected"
    done
done

planes() { # FILTER COMPONENT: which components differ where COMPONENT is inverted
    source='testsrc2=s=128x96:r=5:d=0.4,format=gbrp'
    ffmpeg -f lavfi -i "$source" -f lavfi -i "$source,lutrgb=$2=negval" -lavfi "$1" -f null - 2>&1 |
        grep 'PSNR  *r:' | grep -o '[rgb]: *-*[0-9][0-9.]*' | cut -c1
}
for component in r g b; do
    case $component in r) named=b ;; g) named=r ;; *) named=g ;; esac
    still "$component inverted, psnr names" "$(planes psnr $component)" $component
    still "$component inverted, xpsnr names" "$(planes xpsnr $component)" $named
done
verdict
