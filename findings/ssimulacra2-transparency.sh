#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# PyPI's ssimulacra2 does not see transparency, sees what is hidden behind it, and calls all 16-bit gray pictures equal.
#
# Expected: "For images with alpha channel (automatically uses both dark and light backgrounds)" (README of the
#   package): an opaque picture and an invisible one differ, and the color behind full transparency does not count. A
#   picture and its negative differ, at 16 bits as at 8.
# Actual: each file goes through convert("RGB") of Pillow first. That drops the alpha channel, so that the code for it
#   further down never runs: opaque against invisible has 100 ("mathematically lossless"), and two pictures that look
#   the same on every background have a score far below 0. From 16-bit gray convert makes 8 bits by cutting off at 255,
#   so nearly all of it is white, and a 16-bit gray picture and its negative have 100.
# Seen with: ssimulacra2 0.3.0 from PyPI (source: ssimulacra2.py, compute_ssimulacra2), Pillow 13.0.0. Found by giving
#   it one picture in each mode of PNG.
. "$(dirname -- "$0")/common.sh"
pypi ssimulacra2==0.3.0 numpy==2.4.6 scipy==1.17.1 pillow==13.0.0

cat >look.py <<'PY'
import numpy as np
from PIL import Image
from ssimulacra2 import compute_ssimulacra2_with_alpha


def score(one, other):
    for name, samples in (("one.png", one), ("other.png", other)):
        Image.fromarray(samples).save(name)
    value = compute_ssimulacra2_with_alpha("one.png", "other.png")
    return "100" if value == 100 else "less than 0" if value < 0 else f"{value:.0f}"


draw = np.random.default_rng(1)
color = np.kron(draw.integers(40, 216, (32, 32, 3)), np.ones((8, 8, 1))).astype(np.uint8)
opaque = np.dstack([color, np.full((256, 256), 255, np.uint8)])
invisible = opaque.copy()
invisible[:, :, 3] = 0
window = opaque.copy()
window[:, 128:, 3] = 0
behind = window.copy()
behind[:, 128:, :3] = 255 - behind[:, 128:, :3]
gray = color[:, :, 0]
print(score(opaque, invisible), score(window, behind), score(gray, 255 - gray), sep="\n")
gray = gray.astype(np.uint16) * 257
print(score(gray, 65535 - gray))
PY
python3 look.py >seen || cannot 'ssimulacra2 failed'
still 'opaque and invisible' "$(row 1)" 100
still 'other colors behind what is invisible in both' "$(row 2)" 'less than 0'
still '8-bit gray and its negative' "$(row 3)" 'less than 0'
still '16-bit gray and its negative' "$(row 4)" 100
verdict
