#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# compimg's GSSIM is 1 for black against white, and does not see falling diagonals.
#
# Expected: the text of GSSIM names "Gradient-based structural similarity for image quality assessment" by Chen et al.:
#   SSIM's luminance of the two pictures, times contrast and structure of the magnitudes of their gradients.
# Actual: (1) the luminance is taken from the first picture twice (x = image, y = image), so it is 1 always: black and
#   white, or a picture and the same one brighter by 80, are a match. (2) For the magnitude, the two derivatives of
#   Sobel are added with their signs. On edges that fall to the right they cancel: flat gray against stripes is 0.99 if
#   they fall and 0.00 if they rise, and stripes that fall match their negative. (3) With signs the negative of a
#   picture has -1; by magnitudes, where only the luminance differs, 0.92. SSIM of the package tells all of these apart.
# Seen with: compimg 0.2.2 from PyPI (source: similarity.py, GSSIM), NumPy 1.26.4, SciPy 1.11.4. Found by giving each
#   measure black and white, and stripes of all directions.
. "$(dirname -- "$0")/common.sh"
pypi compimg==0.2.2 numpy==1.26.4 scipy==1.11.4

cat >look.py <<'PY'
import numpy as np
from compimg.similarity import GSSIM, SSIM, _SSIM_GAUSSIAN_KERNEL_11X11 as window
from scipy.ndimage import convolve, sobel

size = 128
rows, columns = np.indices((size, size))


def mean(plane):
    return convolve(plane, window)[6:-6, 6:-6]


# Magnitudes as |dx| + |dy|
def defined(one, other):
    one, other = one.astype(float), other.astype(float)
    c1, c2 = 2.55 ** 2, 7.65 ** 2
    luminance = (2 * mean(one) * mean(other) + c1) / (mean(one) ** 2 + mean(other) ** 2 + c1)
    one, other = (abs(sobel(plane, 0)) + abs(sobel(plane, 1)) for plane in (one, other))
    covariance = mean(one * other) - mean(one) * mean(other)
    variances = mean(one ** 2) - mean(one) ** 2 + mean(other ** 2) - mean(other) ** 2
    return (luminance * (2 * covariance + c2) / (variances + c2)).mean()


def stripes(position):
    return (128 + 100 * np.sign(np.sin(position / 2.3))).astype(np.uint8)


scene = np.kron(np.random.default_rng(1).integers(60, 160, (16, 16)), np.ones((8, 8))).astype(np.uint8)
flat = np.full_like(scene, 128)
rising, falling = stripes(rows + columns), stripes(rows - columns)
for one, other in ((scene, scene), (0 * scene, 0 * scene + 255), (scene, scene + 80), (flat, rising),
                   (flat, falling), (falling, 255 - falling), (scene, 255 - scene)):
    print(*(f"{value:.2f}" for value in (GSSIM().compare(other, one), defined(one, other), SSIM().compare(other, one))))
PY
python3 look.py >seen || cannot 'compimg failed'
still 'GSSIM by compimg, GSSIM by its definition, SSIM by compimg: a picture and itself' "$(row 1)" '1.00 1.00 1.00'
still 'black and white' "$(row 2)" '1.00 0.00 0.00'
still 'brighter by 80' "$(row 3)" '1.00 0.86 0.86'
still 'flat gray and stripes that rise' "$(row 4)" '0.00 0.00 0.01'
still 'flat gray and stripes that fall' "$(row 5)" '0.99 0.00 0.01'
still 'stripes that fall and their negative' "$(row 6)" '0.96 0.67 -0.66'
still 'its negative' "$(row 7)" '-0.98 0.92 -0.48'
verdict
