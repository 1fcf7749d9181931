#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# GStreamer's compare: black and white differ by 1 at most, noise has an SSIM of 0.57 or 0.95 by the fraction of its
# mean, and a 10-bit picture has 0 with itself.
#
# Expected: method=max is the "maximum metric", 255 for black against white. method=ssim is the "SSIM" of "raw video": 1
#   for equal pictures, and the same for the same noise at a mean of 200.0 and of 199.9. What it can't do is refused.
# Actual: (1) max reads bytes as signed, so 0 against 255 is 1, and 127 against 128 is 255: with a threshold of 1, white
#   in the place of black passes. (2) ssim divides sums as integers, so a mean of 199.9 is 199, and twice the mean times
#   the fraction is added to both variances and to the covariance: independent noise looks alike. (3) Formats of more
#   than 8 bits have 0, equal or not, and only a debug line says that they are not supported. With upper=true, the
#   default, a value above the threshold is a difference, so that 10-bit pictures never differ and equal 8-bit ones do.
# Seen with: GStreamer 1.22.0 (others were not tried; source: gst/debugutils/gstcompare.c, gst_compare_max,
#   gst_compare_ssim_window and gst_compare_ssim). Found by comparing flat pictures.
. "$(dirname -- "$0")/common.sh"
use_gstreamer compare rawvideoparse

python3 - <<'PY'
import random

size = 64 * 48


def write(name, samples):
    open(name + ".raw", "wb").write(bytes(samples))


for value in (0, 127, 128, 255):
    write(f"flat{value}", [value] * size)
for lower in (0, 6):  # in each block of 8x8: mean 200 or 199.9
    for seed in (1, 2):
        draw, samples = random.Random(seed), [0] * size
        for corner in range(0, size, 8 * 64):
            for left in range(corner, corner + 64, 8):
                noise = [200 + sign * value for value in (1, 3, 5, 7) for sign in (1, -1)] * 8
                noise[:lower] = [value - 1 for value in noise[:lower]]
                draw.shuffle(noise)
                for y in range(8):
                    samples[left + 64 * y:left + 64 * y + 8] = noise[8 * y:8 * y + 8]
        write(f"noise{lower}-{seed}", samples)
write("deep", [value for sample in range(size * 3 // 2) for value in (sample % 256, sample % 4)])
write("other", [value for sample in range(size * 3 // 2) for value in (255 - sample % 256, 3 - sample % 4)])
PY
# difference METHOD ONE OTHER [FORMAT [OPTION…]]: what compare posts for it, if anything
difference() {
    parse="rawvideoparse width=64 height=48 framerate=5/1 format=${4:-gray8}"
    case $1 in ssim) report=${5:-threshold=9 upper=false} ;; *) report='threshold=0' ;; esac
    # shellcheck disable=SC2086
    timeout 60 gst-launch-1.0 -m filesrc location="$2.raw" ! $parse ! compare name=c method="$1" $report ! fakesink \
        filesrc location="$3.raw" ! $parse ! c.check >messages.txt 2>&1 || cannot "$(head -n 1 messages.txt)"
    sed -n 's/.*delta, content=(double)\([-0-9.e]*\).*/\1/p' messages.txt | awk '{ printf "%.2f", $1 }'
}
still 'max, 0 against 127' "$(difference max flat0 flat127)" 127.00
still 'max, 0 against 255' "$(difference max flat0 flat255)" 1.00
still 'max, 127 against 128' "$(difference max flat127 flat128)" 255.00
still 'ssim, 0 against 255' "$(difference ssim flat0 flat255)" 0.00
still 'ssim, independent noise, mean 200.0' "$(difference ssim noise0-1 noise0-2)" 0.57
still 'ssim, independent noise, mean 199.9' "$(difference ssim noise6-1 noise6-2)" 0.95
still 'ssim, a 10-bit picture with itself' "$(difference ssim deep deep i420-10le)" 0.00
still 'ssim, a 10-bit picture with another' "$(difference ssim deep other i420-10le)" 0.00
still 'ssim, reported with threshold=0.9: 8 bits, equal' "$(difference ssim flat0 flat0 gray8 threshold=0.9)" 1.00
still 'ssim, reported with threshold=0.9: 10 bits, another' "$(difference ssim deep other i420-10le threshold=0.9)" ''
verdict
