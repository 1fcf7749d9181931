#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# image-similarity-measures: an 8-bit picture has a spectral angle of 90 degrees to itself, an ISSM of 0, and FSIM does
# not see falling edges, nor steps of 16, 32, 64 or 128.
#
# Expected: its command reads PNG and JPEG, so 8 bits will do (PSNR's text names "for 8-bit imagery 255"). SAM of equal
#   pictures is 0 degrees and ISSM 1. FSIM takes the gradient by Scharr's operator, as its text says. SRE, a "ratio" in
#   dB, does not depend on the size of the picture or, as signal and error do alike, on its unit.
# Actual: (1) SAM multiplies samples as uint8, modulo 256: 90 degrees for equal and unequal pictures. (2) ISSM divides
#   samples by 16 before Canny's detector, for 12 bits; 8-bit pictures have no edge then, 0 / 0 is turned into 0, also
#   for equal ones. At 12 bits a negative has 1, a match. (3) FSIM has the derivatives as 16 unsigned bits, so falling
#   edges are 0, and squares them there, modulo 65536: a step of 10 has a gradient of 160, one of 64 none. (4) SRE
#   divides by the norm of the error over the number of pixels: the same picture four times has 3 dB more, and samples
#   of 0 to 127.5 in place of 0 to 255 have 3 dB less.
# Seen with: image-similarity-measures 0.3.6 from PyPI (source: quality_metrics.py), NumPy 1.26.4, OpenCV 4.11.0. With
#   float samples (1) is right, (2) and (4) are not. Found by comparing pictures with themselves.
. "$(dirname -- "$0")/common.sh"
pypi --no-deps image-similarity-measures==0.3.6 phasepack==1.5 numpy==1.26.4 opencv-python-headless==4.11.0.86 \
    scikit-image==0.20.0 scipy==1.11.4 lazy_loader==0.4 packaging==26.4 pillow==13.0.0 networkx==3.6.1

cat >look.py <<'PY'
import warnings
warnings.simplefilter("ignore")
import cv2, numpy as np
from image_similarity_measures import quality_metrics as measures

draw = np.random.default_rng(1)
size = 128
frequency = np.fft.fftfreq(size)
distance = np.hypot(frequency[:, None], frequency)
distance[0, 0] = 1


def clouds():
    plane = np.fft.ifft2(np.fft.fft2(draw.standard_normal((size, size))) / distance).real
    return (plane - plane.min()) / np.ptp(plane)


one = np.dstack([20 + 200 * clouds() for _ in range(3)]).astype(np.uint8)
noisy = (one + draw.normal(0, 8, one.shape)).clip(0, 255).astype(np.uint8)
wide = [picture.astype(float) for picture in (one, noisy, 255 - one)]
deep = [picture.astype(np.uint16) * 16 for picture in (one, noisy, 255 - one)]
for row in (
    [measures.sam(one, other) for other in (one, noisy, 255 - one)],
    [measures.sam(wide[0], other) for other in wide],
    [measures.issm(one, other) for other in (one, noisy, 255 - one)],
    [measures.issm(deep[0], other) for other in deep],
    [measures.sre(one, noisy), measures.sre(*(np.tile(picture, (2, 2, 1)) for picture in (one, noisy))),
     measures.sre(wide[0] / 2, wide[1] / 2)],
):
    print(*(f"{value:.1f}" for value in row))


def definition(picture, depth):
    return np.hypot(cv2.Scharr(picture, cv2.CV_64F, 1, 0), cv2.Scharr(picture, cv2.CV_64F, 0, 1))


def strongest(gradient):
    steps = [np.repeat(np.array([[100] * 8 + [100 + height] * 8], np.uint8), 16, 0)
             for height in (10, -10, 16, 32, 64, 128)]
    return [gradient(step, cv2.CV_16U).max() for step in steps]


print(*(f"{value:.0f}" for value in strongest(measures._gradient_magnitude)))
print(*(f"{value:.0f}" for value in strongest(definition)))
seen = measures.fsim(one, noisy)
measures._gradient_magnitude = definition
print(f"{seen:.2f} {measures.fsim(one, noisy):.2f}")
PY
python3 look.py >seen || cannot 'image-similarity-measures failed'
still 'SAM of a picture and itself, with noise, its negative: 8 bits' "$(row 1)" '89.6 89.5 89.6'
still 'as float' "$(row 2)" '0.0 2.8 17.3'
still 'ISSM: 8 bits' "$(row 3)" '0.0 0.0 0.0'
still '12 bits' "$(row 4)" '1.0 0.6 1.0'
still 'SRE of noise: the picture, four times the picture, half the range' "$(row 5)" '53.7 56.7 50.7'
still 'gradient of steps of 10, -10, 16, 32, 64 and 128' "$(row 6)" '160 0 0 0 0 0'
still 'by the definition' "$(row 7)" '160 160 256 512 1024 2048'
still 'FSIM of noise: as it is, by the definition' "$(row 8)" '0.80 0.93'
verdict
