#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# scikit-video's MS-SSIM of a picture with itself is 1.87 by the method "sum", and by "product" the coarsest scale has
# seven times its weight.
#
# Expected: multi-scale SSIM (Wang, Simoncelli and Bovik 2003, Eq. 7, which the text of msssim cites) gives each of five
#   scales an exponent, 0.0448, 0.2856, 0.3001, 0.2363 and 0.1333, the last one to the SSIM of the coarsest. The method
#   "sum" is the mean with these weights. Equal pictures have 1 by both.
# Actual: the last weight is in the list and not used: SSIM of the coarsest scale is a factor, or a term, by itself. The
#   weights of a sum are then 0.8667 + 1, so that a picture has 1.87 with itself, and with noise 1.83. In the product,
#   the default, what reaches the coarsest scale counts by a power of 1 in place of 0.1333: noise does not and keeps its
#   0.96, half the contrast has 0.72 in place of 0.84. An old MATLAB version that is still copied has the same lines, a
#   later one has the weight: two programs' MS-SSIM may differ by this alone.
# Seen with: scikit-video 1.1.11 from PyPI (source: skvideo/measure/msssim.py, compute_msssim), NumPy 1.23.5, SciPy
#   1.11.4; of MATLAB the text only. Found by comparing a picture with itself by each method.
. "$(dirname -- "$0")/common.sh"
pypi scikit-video==1.1.11 numpy==1.23.5 scipy==1.11.4 pillow==13.0.0

cat >look.py <<'PY'
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np
from skvideo.measure import msssim

draw = np.random.default_rng(1)
size = 256
frequency = np.fft.fftfreq(size)
distance = np.hypot(frequency[:, None], frequency)
distance[0, 0] = 1


def clouds():
    plane = np.fft.ifft2(np.fft.fft2(draw.standard_normal((size, size))) / distance).real
    return 20 + 200 * (plane - plane.min()) / np.ptp(plane)


module = sys.modules["skvideo.measure.msssim"]
as_it_is = module.ssim_full


def noted(*pictures, **options):
    global coarsest
    result = as_it_is(*pictures, **options)
    coarsest = result[0][0]  # of the last call: the SSIM of the coarsest scale
    return result


module.ssim_full = noted
scene = clouds()
for other in (scene, scene + draw.normal(0, 12, scene.shape), scene / 2 + 60, clouds()):
    one, second = (picture.clip(0, 255).round().astype(np.uint8) for picture in (scene, other))
    product, total = (msssim(one, second, method=method)[0] for method in ("product", "sum"))
    print(f"{product:.2f} {product / coarsest * coarsest ** 0.1333:.2f} {total:.2f}"
          f" {total - coarsest + 0.1333 * coarsest:.2f}")
PY
python3 look.py >seen || cannot 'scikit-video failed'
still '"product" as it is and by its definition, "sum" as it is and with the last weight: a picture and itself' \
    "$(row 1)" '1.00 1.00 1.87 1.00'
still 'noise' "$(row 2)" '0.96 0.96 1.83 0.96'
still 'half the contrast' "$(row 3)" '0.72 0.84 1.57 0.84'
still 'another picture' "$(row 4)" '0.01 0.11 0.15 0.12'
verdict
