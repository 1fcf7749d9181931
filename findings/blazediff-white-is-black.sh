#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# BlazeDiff's Hitchhiker's SSIM calls a black picture and a white one identical: it scores how even the damage is.
#
# Expected: 1 means identical and 0 different (texts of the packages and of the command); the threshold min_score, 1 by
#   default, is "the score at or above which the images count as identical".
# Actual: the score is 1 - deviation / mean of the map of local values (cov_pooling, on by default, "recommended"), and
#   damage that is the same everywhere has no deviation. Black against white and noise against its negative get 1.0 and
#   a match, though the same result counts 100 % of its windows as below the threshold. A picture that is darkened by a
#   third scores higher than one that has lost its detail in a tenth of its area. Unrelated noise gets -5.8, so the
#   range is another, too. In npm's @blazediff/ssim each map with a mean below zero has the score 1. With
#   cov_pooling=False the plain mean comes out, 0.0001 for black against white. ms-ssim of the same package is NaN for
#   a negative.
# Seen with: blazediff-ssim 6.1.1 from PyPI (source: crates/blazediff-ssim/src/hitchhikers.rs); @blazediff/ssim 1.7.1
#   from npm is the same for black and white. Found by giving each metric a negative.
. "$(dirname -- "$0")/common.sh"
pypi blazediff-ssim==6.1.1 numpy==2.4.6

cat >look.py <<'PY'
import blazediff_ssim, numpy as np

size = 220
noise, other = np.random.default_rng(1).integers(0, 256, (2, size, size), dtype=np.uint8)
scene = np.kron(np.random.default_rng(2).integers(60, 200, (size // 4, size // 4)), np.ones((4, 4))).astype(np.uint8)
part = scene.copy()
part[:, :size // 10] = scene[:, :size // 10].mean()


def compare(one, second, **options):
    pair = (np.dstack([gray] * 3 + [np.full_like(gray, 255)]).tobytes() for gray in (one, second))
    return blazediff_ssim.compare_rgba(*pair, size, size, **options)


for one, second in ((noise, noise), (0 * noise, 0 * noise + 255), (noise, 255 - noise), (noise, other),
                    (scene, scene // 3 * 2), (scene, part)):
    pooled = compare(one, second, metric="hitchhikers-ssim")
    mean = compare(one, second, metric="hitchhikers-ssim", cov_pooling=False).score
    multi = compare(one, second, metric="ms-ssim").score
    match = "match" if pooled.match_result else "no match"
    print(f"{pooled.score:.2f}, {match}, {pooled.below_percentage:.0f} % below; mean {mean:.2f}; MS-SSIM {multi:.2f}")
PY
python3 look.py >seen || cannot 'blazediff-ssim failed'
still 'noise and itself' "$(row 1)" '1.00, match, 0 % below; mean 1.00; MS-SSIM 1.00'
still 'black and white' "$(row 2)" '1.00, match, 100 % below; mean 0.00; MS-SSIM 0.29'
still 'noise and its negative' "$(row 3)" '1.00, match, 100 % below; mean -0.98; MS-SSIM nan'
still 'unrelated noise' "$(row 4)" '-5.84, no match, 100 % below; mean 0.01; MS-SSIM 0.11'
still 'darkened by a third' "$(row 5)" '1.00, no match, 100 % below; mean 0.85; MS-SSIM 0.92'
still 'a tenth without detail' "$(row 6)" '0.68, no match, 10 % below; mean 0.90; MS-SSIM 0.91'
verdict
