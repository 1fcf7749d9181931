#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# npm's pixel-buffer-diff finds no difference in pictures that share a buffer, nor in the last rows in its SSIM mode.
#
# Expected: any two Uint8Array of RGBA are compared ("drop in replacement for Pixelmatch"; pixelmatch takes such views,
#   too); the mode "ssim" refuses sizes that it can't do ("Invalid ImageData dimensions for ssim mode").
# Actual: (1) samples are read from the beginning of the ArrayBuffer that lies behind the array, whatever its byteOffset
#   is. Two frames of a raw video, read at once and cut with subarray(), are then the first frame twice: no difference,
#   whatever they show. Small Buffers of Node.js share a pool and are such views, too. (2) The mode "ssim" refuses sizes
#   that are no multiple of 16 and goes in blocks of 64. Where the height is no multiple of 64 the blocks at the bottom
#   reach over the end, their SSIM is NaN, and NaN is not below the threshold: the last 16 rows of 1280x720, or 32 of
#   640x480 and 352x288, can be anything.
# Seen with: pixel-buffer-diff 1.4.0 from npm (source: dist/index.js, diffImageDatas; the mode is in its types), Node.js
#   20. Found by inverting parts of noise.
. "$(dirname -- "$0")/common.sh"
command -v npm >/dev/null || cannot 'Node.js with npm is needed'
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts pixel-buffer-diff@1.4.0 >&2 ||
    cannot 'pixel-buffer-diff could not be installed'

cat >look.js <<'JS'
const { diff } = require('pixel-buffer-diff');
const [kind, width, height, mode, from, to] = process.argv.slice(2).map((v, i) => (i === 0 || i === 3 ? v : Number(v)));
const bytes = width * height * 4;
let state = 1;
const draw = () => (state = (state * 48271) % 2147483647) & 255;
const noise = () => Uint8Array.from({ length: bytes }, (_, i) => (i % 4 === 3 ? 255 : draw()));
// The rows from FROM up to TO as their negative
const inverted = (one) => one.map((value, i) => {
    const row = Math.floor(i / (4 * width));
    return i % 4 !== 3 && row >= from && row < to ? 255 - value : value;
});
let [one, other] = [noise(), noise()];
if (kind === 'rows') other = inverted(one);
if (kind === 'views') {
    const video = new Uint8Array(2 * bytes);
    video.set(one);
    video.set(other, bytes);
    [one, other] = [video.subarray(0, bytes), video.subarray(bytes)];
}
const result = diff(one, other, new Uint8Array(bytes), width, height, { threshold: 0.03, mode });
console.log(result.diff > 0 ? 'different' : 'equal');
JS
look() { node look.js "$@" || cannot 'pixel-buffer-diff failed'; }
still 'two frames, each in its own buffer' "$(look own 64 64 basic)" different
still 'two frames, cut out of one buffer' "$(look views 64 64 basic)" equal
still '"basic", last 16 rows of 1280x720 inverted' "$(look rows 1280 720 basic 704 720)" different
still '"ssim", first 16 rows of 1280x720 inverted' "$(look rows 1280 720 ssim 0 16)" different
still '"ssim", last 16 rows of 1280x720 inverted' "$(look rows 1280 720 ssim 704 720)" equal
still '"ssim", last 16 rows of 1280x704 inverted' "$(look rows 1280 704 ssim 688 704)" different
still '"ssim", last 32 rows of 640x480 inverted' "$(look rows 640 480 ssim 448 480)" equal
still '"ssim", last 32 rows of 352x288 inverted' "$(look rows 352 288 ssim 256 288)" equal
verdict
