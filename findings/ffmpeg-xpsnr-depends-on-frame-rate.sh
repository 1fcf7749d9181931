#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg's xpsnr gives the same pictures another value when the header says another frame rate.
#
# Expected: a measure of two sequences of pictures is a function of the pictures. psnr, ssim, vif and VMAF v0.6.1 are.
# Actual: xpsnr takes the declared frame rate for its weights (from 32 frames a second on the temporal activity spans
#   two frames back instead of one), which the filter's documentation does not mention. A clip that is read as raw
#   video, with the default of 25, gets another value than the same clip at its true rate: here 0.4 dB.
# Seen with: ffmpeg 9.0.2. Found by changing the rate in a header.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

ff -f lavfi -i testsrc2=s=128x96:r=25:d=1 -pix_fmt yuv420p -f yuv4mpegpipe one-25.y4m
ff -i one-25.y4m -vf boxblur=2:1 -f yuv4mpegpipe other-25.y4m
for name in one other; do
    for rate in 31 32 50 120; do sed "1s/F25:1/F$rate:1/" $name-25.y4m >$name-$rate.y4m; done
done
measure() { # FILTER RATE
    ffmpeg -i "other-$2.y4m" -i "one-$2.y4m" -lavfi "$1" -f null - 2>&1 | sed -n 's/.*PSNR  *\([yY]: *[0-9.]*\).*/\1/p'
}
low=$(measure xpsnr 25)
high=$(measure xpsnr 50)
still 'PSNR at 50' "$(measure psnr 50)" "$(measure psnr 25)"
differ 'XPSNR at 25 and at 50' "$high" "$low"
still 'XPSNR at 31' "$(measure xpsnr 31)" "$low"
still 'XPSNR at 32' "$(measure xpsnr 32)" "$high"
still 'XPSNR at 120' "$(measure xpsnr 120)" "$high"
verdict
