#!/usr/bin/env python3
"""Makes resize.json: what Pillow and OpenCV make of a small picture.

    pip install pillow opencv-python-headless numpy
    python make.py > resize.json
"""
import json

import cv2
import numpy as np
from PIL import Image

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
    case("OpenCV", "bilinear", False, size, opencv(size, cv2.INTER_LINEAR))
    case("OpenCV", "bicubic-opencv", False, size, opencv(size, cv2.INTER_CUBIC))
    if size[0] <= WIDTH and size[1] <= HEIGHT:
        case("OpenCV", "area", False, size, opencv(size, cv2.INTER_AREA))

# Pillow clamps between its two passes as well; with room above and below, that changes nothing.
soft = (64 + rgb // 2).astype(np.uint8)
rounded = []
for size in [(11, 9), (40, 31)]:
    for name, resample in [("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)]:
        values = np.asarray(Image.fromarray(soft).resize(size, resample)).reshape(-1)
        rounded.append({"filter": name, "size": list(size), "values": [int(v) for v in values]})

print(json.dumps({"made-with": f"Pillow {Image.__version__}, OpenCV {cv2.__version__}",
                  "width": WIDTH, "height": HEIGHT, "rgb": [int(v) for v in rgb.reshape(-1)],
                  "cases": cases, "rounded": rounded}, separators=(",", ":")))
