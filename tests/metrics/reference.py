#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes reference.json: what ffmpeg, libvmaf and scikit-image say of the pictures that pictures.rs draws.

    python3 -m venv env
    env/bin/pip install numpy==2.4.6 scikit-image==0.26.0 imageio-ffmpeg==0.8.1
    env/bin/python tests/metrics/reference.py > tests/metrics/reference.json

The pictures are drawn with whole numbers only, here and in pictures.rs alike; their SHA-256 is stored with the values,
so that a difference between the two programs shows as such.
"""

import hashlib
import json
import os
import re
import subprocess
import tempfile

import imageio_ffmpeg
import numpy as np

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
PIXEL_FORMATS = {
    ("yuv420", 8): "yuv420p", ("yuv420", 10): "yuv420p10le", ("yuv420", 12): "yuv420p12le",
    ("yuv422", 8): "yuv422p", ("yuv444", 8): "yuv444p", ("yuv444", 10): "yuv444p10le",
    ("yuv444", 12): "yuv444p12le", ("yuv444", 16): "yuv444p16le",
}
SUBSAMPLING = {"yuv420": (1, 1), "yuv422": (1, 0), "yuv444": (0, 0)}


def case(layout, depth, width, height, **more):
    default = dict(contrast=60000, noise=4, blur=True, gain=64, bias=0)
    return dict(layout=layout, depth=depth, width=width, height=height) | default | more


CASES = [
    case("yuv420", 8, 352, 288),
    case("yuv420", 8, 352, 288, noise=40, blur=False),
    case("yuv420", 8, 177, 181, noise=12),
    case("yuv422", 8, 640, 360, gain=56, bias=9),
    case("yuv444", 8, 176, 176, noise=0),
    case("yuv420", 8, 175, 300, noise=20),
    case("yuv420", 8, 11, 11),
    case("yuv420", 8, 26, 11, noise=9),
    case("yuv420", 8, 10, 10),
    case("yuv420", 8, 1, 1, noise=9),
    # Hardly any contrast: C2 rules, and moments are small differences of large numbers.
    case("yuv420", 8, 320, 200, contrast=900, noise=1, blur=False),
    case("yuv420", 8, 320, 200, contrast=0, noise=0, bias=3),
    case("yuv420", 10, 333, 251, noise=16),
    case("yuv444", 10, 180, 190, noise=9, gain=60),
    case("yuv420", 12, 322, 242, noise=300, blur=False),
    case("yuv444", 12, 200, 180, contrast=400, noise=6),
    case("yuv444", 16, 256, 192, noise=900),
    case("yuv444", 16, 256, 192, contrast=300, noise=60, blur=False),
    case("yuv444", 16, 240, 180, contrast=40, noise=2, gain=63, bias=1000),
    # What float_ssim shrinks by 2 and by 3, sides of odd lengths among them.
    case("yuv420", 10, 640, 401, noise=20),
    case("yuv420", 10, 769, 643, noise=30, blur=False),
    case("yuv420", 8, 771, 641, noise=8),
    case("yuv420", 8, 1282, 722, noise=6),
    case("yuv420", 8, 1920, 1080, noise=25, gain=60, bias=4),
    case("yuv420", 10, 1283, 721, noise=60, gain=61),
    case("yuv420", 12, 1280, 720, noise=100),
]


def mixed(x):
    """Wellons' lowbias32."""
    x = x.astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def at(x, y, seed):
    """A number below 2^16 for a place."""
    return (mixed(mixed(x.astype(np.uint32) + np.uint32(seed)) + y.astype(np.uint32)) & np.uint32(0xFFFF)).astype(np.int64)


def texture(width, height, seed):
    """Bilinear noise at four scales, below 2^16."""
    y, x = np.mgrid[:height, :width]
    total = np.zeros((height, width), np.int64)
    for octave, (bits, weight) in enumerate([(6, 8), (4, 4), (2, 3), (0, 1)]):
        side, key = 1 << bits, seed * 16 + octave
        left, top, fx, fy = x >> bits, y >> bits, x & (side - 1), y & (side - 1)
        value = (at(left, top, key) * (side - fx) + at(left + 1, top, key) * fx) * (side - fy)
        value += (at(left, top + 1, key) * (side - fx) + at(left + 1, top + 1, key) * fx) * fy
        total += (value >> (2 * bits)) * weight
    return total >> 4


def planes(c):
    sx, sy = SUBSAMPLING[c["layout"]]
    top = (1 << c["depth"]) - 1
    reference, distorted = [], []
    for plane in range(3):
        width, height = c["width"], c["height"]
        if plane:
            width, height = (width + sx) >> sx, (height + sy) >> sy
        value = 32768 + ((texture(width, height, plane + 1) - 32768) * c["contrast"] >> 16)
        a = value >> (16 - c["depth"])
        b = a
        if c["blur"]:
            row = np.pad(a, ((0, 0), (1, 1)), "edge")
            row = row[:, :-2] + 2 * row[:, 1:-1] + row[:, 2:]
            column = np.pad(row, ((1, 1), (0, 0)), "edge")
            b = (column[:-2] + 2 * column[1:-1] + column[2:] + 8) >> 4
        y, x = np.mgrid[:height, :width]
        noise = at(x, y, 1000 + plane) % (2 * c["noise"] + 1) - c["noise"]
        b = np.clip((b * c["gain"] >> 6) + c["bias"] + noise, 0, top)
        kind = np.uint8 if c["depth"] == 8 else np.dtype("<u2")
        reference.append(a.astype(kind))
        distorted.append(b.astype(kind))
    return reference, distorted


def measure(c, reference, distorted):
    # vmaf.py draws the same pictures without it.
    from skimage.metrics import structural_similarity

    with tempfile.TemporaryDirectory() as folder:
        names = []
        for name, picture in (("a", reference), ("b", distorted)):
            names.append(os.path.join(folder, name))
            with open(names[-1], "wb") as out:
                for plane in picture:
                    out.write(plane.tobytes())
        raw = ["-f", "rawvideo", "-pix_fmt", PIXEL_FORMATS[c["layout"], c["depth"]], "-s", f"{c['width']}x{c['height']}"]
        # The first input of psnr and libvmaf is the distorted one.
        both = [FFMPEG, "-v", "error", *raw, "-i", names[1], *raw, "-i", names[0], "-lavfi"]
        run = lambda graph: subprocess.run([*both, graph, "-f", "null", "-"], check=True, capture_output=True, cwd=folder)
        run("psnr,metadata=print:file=psnr.txt")
        text = open(os.path.join(folder, "psnr.txt")).read()
        found = lambda key: float(re.search(rf"lavfi\.psnr\.{key}=(\S+)", text)[1])
        planes = dict(psnr_y="psnr.y", psnr_cb="psnr.u", psnr_cr="psnr.v", psnr="psnr_avg")
        values = {name: min(100.0, found(key)) for name, key in planes.items()} | dict(ssim=None, ms_ssim=None)
        least = min(c["width"], c["height"])
        if least >= 11:
            a, b = (p[0].astype(np.float64) for p in (reference, distorted))
            values["ssim"] = structural_similarity(
                a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=(1 << c["depth"]) - 1
            )
        values["float_ssim"] = None
        # libvmaf, whose default model runs along, is not made for smaller pictures.
        for name, feature, smallest in (("ms_ssim", "float_ms_ssim", 176), ("float_ssim", "float_ssim", 32)):
            if least >= smallest:
                run(f"libvmaf=feature=name={feature}:log_fmt=json:log_path=vmaf.json")
                frame = json.load(open(os.path.join(folder, "vmaf.json")))["frames"][0]
                values[name] = frame["metrics"][feature]
        # Least squares in units of 8-bit samples.
        a, b = (p[0].astype(np.float64).ravel() / (1 << c["depth"] - 8) for p in (reference, distorted))
        values["fit"] = None
        if np.ptp(a) > 0:
            gain = np.sum((a - a.mean()) * (b - b.mean())) / np.sum((a - a.mean()) ** 2)
            values["fit"] = [gain, b.mean() - gain * a.mean()]
    return values


def main():
    out = []
    for c in CASES:
        reference, distorted = planes(c)
        sums = [hashlib.sha256(b"".join(p.tobytes() for p in picture)).hexdigest() for picture in (reference, distorted)]
        out.append(c | dict(sha256=sums) | measure(c, reference, distorted))
    lines = ",\n".join("  " + json.dumps(one) for one in out)
    print(f"[\n{lines}\n]")


if __name__ == "__main__":
    main()
