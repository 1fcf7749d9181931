#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# sewar's UQI is near 1 for pictures that have nothing in common but their mean.
#
# Expected: Wang and Bovik's universal quality index (IEEE Signal Processing Letters 9(3), 2002, Eq. 2) is −1 to 1:
#   the mean over 8×8 windows of 4·cov·mean·mean / ((var + var)·(mean² + mean²)), about 0 for unrelated noise and about
#   −1 for a negative.
# Actual: sewar.full_ref.uqi gives 0.98 and 0.97 for them (gray levels 100 to 155). It takes window means out of
#   scipy's uniform_filter where its formula, which multiplies by the 64 pixels of a window, needs sums. What should be
#   a covariance is then mostly the product of the means, and structure counts for little. SSIM of the same package has
#   the right sign. UQI out of sewar does not compare with UQI out of a paper.
# Seen with: sewar 0.4.10 from PyPI, NumPy 2.4.6, SciPy 1.17.1. Found by giving each full-reference measure a negative.
. "$(dirname -- "$0")/common.sh"
pypi sewar==0.4.10 numpy==2.4.6 scipy==1.17.1 pillow==13.0.0

cat >look.py <<'PY'
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sewar.full_ref import ssim, uqi


def published(x, y):
    x, y = (sliding_window_view(one.astype(float), (8, 8)) for one in (x, y))
    covariance = (x * y).mean((2, 3)) - x.mean((2, 3)) * y.mean((2, 3))
    means = x.mean((2, 3)), y.mean((2, 3))
    variances = x.var((2, 3)) + y.var((2, 3))
    return (4 * covariance * means[0] * means[1] / (variances * (means[0] ** 2 + means[1] ** 2))).mean()


draw = np.random.default_rng(1)
one, other = draw.integers(100, 156, (2, 128, 128), dtype=np.uint8)
for second in (one, other, 255 - one):
    print(*(f"{measure:.2f}" for measure in (uqi(one, second), published(one, second), ssim(one, second)[0])))
PY
python3 look.py >seen || cannot 'sewar failed'
still 'UQI by sewar, UQI by its definition, SSIM by sewar: the same picture' "$(row 1)" '1.00 1.00 1.00'
still 'unrelated noise' "$(row 2)" '0.98 -0.01 0.09'
still 'its negative' "$(row 3)" '0.97 -1.00 -0.80'
verdict
