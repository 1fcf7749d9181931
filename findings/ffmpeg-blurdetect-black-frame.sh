#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# One frame without an edge, black or very blurred, makes ffmpeg's "blur mean" of the whole film NaN.
#
# Expected: blurdetect, a no-reference measure of the width of edges, gives more for more blur, and at the end the mean
#   over all frames. A frame without edges has to have some number, or to be left out of the mean.
# Actual: such a frame divides 0 by 0 (calculate_blur), its metadata lavfi.blur is nan, and from then on so is the sum:
#   one black frame of 50, a fade in, a title card or a scene out of focus, and the mean is gone. A program that
#   compares ("blur > 15") takes the most blurred frame of all for sharp. blockdetect repeats the value of the frame
#   before instead, and has NaN as its mean if the film begins with such a frame.
# Seen with: ffmpeg 9.0.2 and 7.0.2 (source: libavfilter/vf_blurdetect.c). Found by measuring flat pictures.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

film() { # FILTER MEASURE: the mean over 50 frames of a test picture that go through FILTER
    ffmpeg -f lavfi -i "testsrc2=s=192x108:r=25:d=2,format=yuv420p,$1" -vf "$2" -f null - 2>&1 |
        sed -n "s/.*${2%detect} mean: //p" | sed 's/.*nan/nan/; s/\..*//'
}
frame() { # FILTER MEASURE: of the tenth and the eleventh frame
    ffmpeg -f lavfi -i "testsrc2=s=192x108:r=25:d=2,format=yuv420p,$1" -vf "$2,metadata=print:file=frames.txt" \
        -f null - 2>&1 | grep -q frame= || cannot 'ffmpeg failed'
    sed -n "s/lavfi.${2%detect}=//p" frames.txt | sed -n '10,11s/.*nan/nan/; 10,11s/\..*//; 10,11p' | tr '\n' ' '
}
black="drawbox=t=fill:c=black:enable='eq(n,10)'"
for filter in null gblur=2 gblur=5 gblur=20; do
    case $filter in null) mean=4 ;; gblur=2) mean=9 ;; gblur=5) mean=16 ;; *) mean=30 ;; esac
    still "blur mean, $filter" "$(film $filter blurdetect)" $mean
done
still 'blur mean, one frame of gblur=40' "$(film "gblur=40:enable='eq(n,10)'" blurdetect)" nan
still 'blur mean, one black frame' "$(film "$black" blurdetect)" nan
still 'blur of the frame before it and of the black one' "$(frame "$black" blurdetect)" '4 nan '
still 'blur mean, fade in' "$(film fade=in:0:5 blurdetect)" nan
still 'block mean, one black frame' "$(film "$black" blockdetect)" 41
still 'block of the frame before it and of the black one' "$(frame "$black" blockdetect)" '46 46 '
still 'block mean, fade in' "$(film fade=in:0:5 blockdetect)" nan
verdict
