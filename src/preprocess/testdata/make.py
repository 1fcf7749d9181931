#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes resize.json: what Pillow and OpenCV make of a small picture.

    pip install pillow opencv-python-headless numpy
    python make.py > resize.json
"""
import json

import cv2
import numpy as np
from PIL import Image, ImageOps

WIDTH, HEIGHT = 23, 17
SIZES = [(11, 9), (40, 31), (23, 5), (7, 34), (1, 1), (10, 17)]

random = np.random.default_rng(2024)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
smooth = np.stack([90 + 60 * np.sin(x / 3 + c) * np.cos(y / 4 - c) for c in range(3)], axis=-1)
rgb = np.clip(smooth + random.normal(0, 35, smooth.shape) + 30, 0, 255).round().astype(np.uint8)
grey = rgb[..., 1]


def pillow(size, resample):
    return np.asarray(Image.fromarray(grey.astype(np.float32), "F").resize(size, resample))


def opencv(size, interpolation):
    return cv2.resize(grey.astype(np.float32), size, interpolation=interpolation)


cases = []


def case(by, filter, antialias, size, values):
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    cases.append({"by": by, "filter": filter, "antialias": antialias, "size": list(size),
                  "values": [round(float(v), 3) for v in values]})


for size in SIZES:
    case("Pillow", "nearest", False, size, pillow(size, Image.Resampling.NEAREST))
    case("Pillow", "bilinear", True, size, pillow(size, Image.Resampling.BILINEAR))
    case("Pillow", "bicubic", True, size, pillow(size, Image.Resampling.BICUBIC))
    case("Pillow", "lanczos", True, size, pillow(size, Image.Resampling.LANCZOS))
    case("OpenCV", "bilinear", False, size, opencv(size, cv2.INTER_LINEAR))
    case("OpenCV", "bicubic-opencv", False, size, opencv(size, cv2.INTER_CUBIC))
    if size[0] <= WIDTH and size[1] <= HEIGHT:
        case("OpenCV", "area", False, size, opencv(size, cv2.INTER_AREA))

# Without 8 bits between its passes nothing is clamped there with room above and below; src/align/space rounds once.
soft = (64 + rgb // 2).astype(np.uint8)
rounded = []
for size in [(11, 9), (40, 31)]:
    for name, resample in [("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)]:
        values = np.asarray(Image.fromarray(soft).resize(size, resample)).reshape(-1)
        rounded.append({"filter": name, "size": list(size), "values": [int(v) for v in values]})

FILTERS = [("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC),
           ("lanczos", Image.Resampling.LANCZOS)]
picture = Image.fromarray(rgb)
eight_bit = []
for size in SIZES + [(23, 17)]:
    for name, resample in FILTERS:
        values = np.asarray(picture.resize(size, resample)).reshape(-1)
        eight_bit.append({"filter": name, "size": list(size), "values": values.tobytes().hex()})

# Sizes with half a pixel of room are rounded down by Pillow, too.
COLOUR = (114, 20, 250)
letterboxes = []
for size in [(32, 32), (20, 33), (40, 20), (30, 31)]:
    for at, centering in [("centre", (0.5, 0.5)), ("top-left", (0, 0))]:
        padded = ImageOps.pad(picture, size, Image.Resampling.BICUBIC, COLOUR, centering)
        values = np.asarray(padded).reshape(-1)
        letterboxes.append({"at": at, "size": list(size), "values": values.tobytes().hex()})

print(json.dumps({"made-with": f"Pillow {Image.__version__}, OpenCV {cv2.__version__}",
                  "width": WIDTH, "height": HEIGHT, "rgb": [int(v) for v in rgb.reshape(-1)], "colour": COLOUR,
                  "cases": cases, "rounded": rounded, "eight_bit": eight_bit, "letterboxes": letterboxes}, separators=(",", ":")))
