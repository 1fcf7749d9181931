#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# npm's image-ssim gives NaN for a picture and its own copy where width and height are one more than a multiple of 8.
#
# Expected: the SSIM of a picture with itself is 1 at every size.
# Actual: the picture is cut into windows of 8x8 (windowSize), smaller ones at the right and at the bottom. The variance
#   is divided by one less than the number of pixels, so a last window of a single pixel, as 1025x769 and 641x481 have
#   it, divides 0 by 0, and the whole mean is NaN. A test of the kind "fail if ssim < 0.95" passes then, whatever is in
#   the picture. Where only the width is such (65x64) the last column has as much weight as eight columns. Transparent
#   pixels count as black, so that white with opacity 0 equals opaque black.
# Seen with: image-ssim 0.2.0 from npm (source: dist/image-ssim.js, iteration and _lumaValuesForWindow), Node.js 20.
#   Found by comparing noise with itself at all small sizes.
. "$(dirname -- "$0")/common.sh"
command -v npm >/dev/null || cannot 'Node.js with npm is needed'
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts image-ssim@0.2.0 >&2 ||
    cannot 'image-ssim could not be installed'

cat >look.js <<'JS'
const { compare } = require('image-ssim');
const [width, height, kind] = process.argv.slice(2).map((value, i) => (i < 2 ? Number(value) : value));
let state = 1;
const draw = () => (state = (state * 48271) % 2147483647) & 255;
// picture(ALPHA, SAMPLE): one sample a pixel for R, G and B
const picture = (alpha, sample) => ({ width, height, channels: 4,
    data: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? alpha : sample(i >> 2))) });
const noise = Array.from({ length: width * height }, draw);
const one = picture(255, (i) => noise[i]);
const others = {
    itself: () => one,
    negative: () => picture(255, (i) => 255 - noise[i]),
    edge: () => picture(255, (i) => (i % width === width - 1 ? 255 - noise[i] : noise[i])),
};
const pair = kind === 'transparent' ? [picture(255, () => 0), picture(0, () => 255)] : [one, others[kind]()];
console.log(compare(...pair).ssim.toFixed(2));
JS
ssim() { node look.js "$@" || cannot 'image-ssim failed'; }
still '64x64 and itself' "$(ssim 64 64 itself)" 1.00
still '64x65 and itself' "$(ssim 64 65 itself)" 1.00
still '65x65 and itself' "$(ssim 65 65 itself)" NaN
still '641x481 and itself' "$(ssim 641 481 itself)" NaN
still '641x481 and its negative' "$(ssim 641 481 negative)" NaN
still '641x480 and its negative' "$(ssim 641 480 negative)" -0.98
still '64x64, last column inverted' "$(ssim 64 64 edge)" 0.97
still '65x64, last column inverted' "$(ssim 65 64 edge)" 0.79
still 'opaque black and transparent white' "$(ssim 64 64 transparent)" 1.00
verdict
