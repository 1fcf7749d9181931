#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# SSIMULACRA 2 changes at a size: with a row and a column less, 83 becomes 65 and −24 becomes 16.
#
# Expected: SSIMULACRA 2 is a weighted sum of 108 numbers, for six scales of three components. What is too small for a
#   scale lacks its part; a picture that loses a row and a column at the edge keeps about its score. PyPI's ssimulacra2
#   "closely follows the original C++ algorithm", so both have the same score.
# Actual: the weights are taken in turn, and the components follow each other behind their scales, so with a scale less
#   luma gets weights that were fitted for color, and so on. In PyPI's package this begins at 224 pixels, the usual size
#   of a crop for networks: JPEG of quality 90 loses 18 points, quality 10 gains 40. At 57 to 112 pixels a JPEG of
#   quality 90 is below 0 and far worse than a blurred picture; at 56 it is good again, and quality 10 better than at
#   full size. With an empty scale for each that lacks, the scores go on about where they were. The crate ssimulacra2
#   0.5.1 takes the weights the same way, but looks at the size before it halves it, so there it begins at 112, and from
#   113 to 224 pixels PyPI's package has other weights than it (read in its source, not run).
# Seen with: ssimulacra2 0.3.0 from PyPI (source: ssimulacra2.py, Msssim.score, and the break in compute_ssimulacra2);
#   for the original libjxl's pull request 4491, open when it was last looked at. Found by cropping a picture.
. "$(dirname -- "$0")/common.sh"
pypi ssimulacra2==0.3.0 numpy==2.4.6 scipy==1.17.1 pillow==13.0.0

cat >look.py <<'PY'
import io
import numpy as np
from PIL import Image, ImageFilter
from ssimulacra2 import compute_ssimulacra2, ssimulacra2

draw = np.random.default_rng(1)
frequency = np.fft.fftfreq(256)
distance = np.hypot(frequency[:, None], frequency)
distance[0, 0] = 1


def clouds():
    plane = np.fft.ifft2(np.fft.fft2(draw.standard_normal(distance.shape)) / distance).real
    return (plane - plane.min()) / np.ptp(plane)


luma = clouds()
scene = Image.fromarray(np.dstack([30 + 140 * luma + 60 * clouds() for _ in range(3)]).astype(np.uint8))


def saved(picture, **options):
    file = io.BytesIO()
    picture.save(file, **options)
    file.seek(0)
    return file


def score(one, other):
    return round(compute_ssimulacra2(saved(one, format="PNG"), saved(other, format="PNG")))


def in_place(self):
    lacking = ssimulacra2.kNumScales - len(self.scales)
    self.scales += [ssimulacra2.MsssimScale() for _ in range(lacking)]
    return as_it_is(self)


as_it_is = ssimulacra2.Msssim.score
distortions = (
    lambda one: Image.open(saved(one, format="JPEG", quality=90)),
    lambda one: Image.open(saved(one, format="JPEG", quality=10)),
    lambda one: one.filter(ImageFilter.GaussianBlur(1)),
)
for size in (225, 224, 113, 112, 57, 56):
    one = scene.crop((8, 8, 8 + size, 8 + size))
    others = [distort(one) for distort in distortions]
    rows = []
    for ssimulacra2.Msssim.score in (as_it_is, in_place):
        rows.append(" ".join(str(score(one, other)) for other in others))
    print(size, *rows, sep=", ")
PY
python3 look.py >seen || cannot 'ssimulacra2 failed'
row() { sed -n "s/^$1, //p" seen; }
still 'JPEG of quality 90 and 10, and blurred, 225x225: as it is, with each weight in its place' "$(row 225)" \
    '83 -24 51, 83 -24 51'
still '224x224' "$(row 224)" '65 16 69, 84 -24 54'
still '113x113' "$(row 113)" '65 20 67, 83 -13 53'
still '112x112' "$(row 112)" '-10 -45 27, 85 -7 57'
still '57x57' "$(row 57)" '-3 -29 31, 85 12 56'
still '56x56' "$(row 56)" '70 30 80, 86 20 61'
verdict
