#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg's corr gives a black-and-white film a correlation of 0.33 with itself.
#
# Expected: "Calculate the correlation between two video streams" (ffmpeg -filters): a video has 1 with itself. Where a
#   plane is constant the correlation is not defined, and should not count.
# Actual: a constant plane counts as 0, and the average is the plain mean over the planes: a gray film in 4:2:0 has 0.33
#   with itself, one with an opaque alpha plane 0.75, a black frame 0, to which "min" falls with the first such frame.
#   identity and msad take the same plain mean, so in 4:2:0 chroma, a third of the samples, has two thirds of the
#   weight: a film whose luma is wrong throughout has an identity of 0.67.
# Seen with: ffmpeg 9.0.2. Found by comparing flat planes with themselves.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

film='testsrc2=s=96x64:r=5:d=1'
measure() { # MEASURE ONE OTHER: average, minimum
    ffmpeg -f lavfi -i "$film,$2" -f lavfi -i "$film,$3" -lavfi "$1" -f null - 2>&1 |
        sed -n "s/.*$1 .*average:\([0-9.]*\) min:\([0-9.]*\).*/\1 \2/p" | awk '{ printf "%.2f %.2f", $1, $2 }'
}
itself() { measure corr "$1" "$1"; }
still 'a film with itself, 4:2:0' "$(itself format=yuv420p)" '1.00 1.00'
still 'without color, 4:2:0' "$(itself hue=s=0,format=yuv420p)" '0.33 0.33'
still 'without color, gray' "$(itself hue=s=0,format=gray)" '1.00 1.00'
still 'with an opaque alpha plane' "$(itself format=gbrap)" '0.75 0.75'
still 'with one black frame' "$(itself "drawbox=t=fill:c=black:enable='eq(n,2)',format=yuv420p")" '0.80 0.00'
still 'identity of a film with another luma' "$(measure identity format=yuv420p 'format=yuv420p,lutyuv=y=val/2+17')" '0.67 0.67'
verdict
