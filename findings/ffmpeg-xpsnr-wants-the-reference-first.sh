#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg's xpsnr calls its second input "reference" and takes the first for it: the usual order is wrong by
# up to 13 dB.
#
# Expected: psnr, ssim, libvmaf and xpsnr have the inputs #0 "main" and #1 "reference" (ffmpeg -h filter=xpsnr), so
#   that one command line, with the distorted stream first, serves all of them.
# Actual: XPSNR weights errors by the activity of the original, and the filter takes the activity of input #0. With the
#   distorted stream first noise hides itself: 27.9 dB instead of 14.8, where the PSNR is 27. A blur is punished for its
#   own smoothness: 18.0 dB instead of 24.6. There is no message. The plug-in from which the filter comes has the
#   reference first in its examples (README of fraunhoferhhi/xpsnr).
# Seen with: ffmpeg 9.0.2 (source: libavfilter/vf_xpsnr.c, do_xpsnr takes "org" from the main frame). Found by
#   exchanging the inputs of each filter.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

pads() { ffmpeg -h filter="$1" 2>/dev/null | sed -n 's/^ *\(#[01]: [a-z]*\) (video)/\1/p' | head -n 2 | tr '\n' ' '; }
for filter in psnr ssim libvmaf xpsnr; do still "inputs of $filter" "$(pads $filter)" '#0: main #1: reference '; done
ff -f lavfi -i testsrc2=s=352x288:r=25:d=1 -pix_fmt yuv420p -f yuv4mpegpipe original.y4m
ff -i original.y4m -vf noise=alls=20:allf=t:all_seed=1 -f yuv4mpegpipe noise.y4m
ff -i original.y4m -vf boxblur=2:1 -f yuv4mpegpipe blur.y4m
measure() { # FILTER FIRST SECOND: of luma, in whole dB
    ffmpeg -i "$2.y4m" -i "$3.y4m" -lavfi "$1" -f null - 2>&1 | sed -n 's/.*PSNR  *y: *\([0-9.]*\).*/\1/p' |
        awk '{ printf "%.0f", $1 }'
}
for kind in noise blur; do
    case $kind in
    noise) plain=27 documented=15 usual=28 ;;
    *) plain=28 documented=25 usual=18 ;;
    esac
    still "$kind, PSNR in both orders" "$(measure psnr $kind original) $(measure psnr original $kind)" "$plain $plain"
    still "$kind, XPSNR, original first" "$(measure xpsnr original $kind)" $documented
    still "$kind, XPSNR, distorted first" "$(measure xpsnr $kind original)" $usual
done
verdict
