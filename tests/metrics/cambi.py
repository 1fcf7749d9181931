#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes cambi.json: what libvmaf says of slopes in steps, with noise in every second square of 64 pixels.

    env/bin/python tests/metrics/cambi.py > tests/metrics/cambi.json

with the environment of reference.py. cambi.rs draws the same pictures.
"""

import json
import os
import subprocess
import tempfile

import numpy as np

from reference import FFMPEG, at

# Bits, width, height, the slope to the right and down in 64ths of a sample, the height of a step, and of the noise.
CASES = [
    (8, 320, 240, 9, 5, 1, 0),
    (8, 320, 240, 9, 5, 3, 0),
    (8, 320, 240, 9, 5, 1, 1),
    (8, 333, 217, 20, 0, 2, 2),
    (8, 216, 22, 6, 6, 1, 0),
    (8, 24, 216, 6, 6, 1, 0),
    (8, 1920, 1080, 2, 3, 1, 0),
    (10, 320, 240, 30, 20, 1, 0),
    (10, 320, 240, 30, 20, 4, 0),
    (10, 517, 301, 30, 20, 4, 1),
    (10, 1280, 720, 11, 7, 2, 0),
    (12, 320, 240, 120, 80, 16, 0),
]


def luma(depth, width, height, right, down, step, noise):
    y, x = np.mgrid[:height, :width]
    value = (20 << (depth - 8)) + ((x * right + y * down) >> 6) // step * step
    grain = at(x, y, 77) % (2 * noise + 1) - noise
    value = value + np.where((x // 64 + y // 64) % 2 == 1, grain, 0)
    return np.clip(value, 0, (1 << depth) - 1).astype(np.uint8 if depth == 8 else np.dtype("<u2"))


def cambi(case):
    depth, width, height = case[:3]
    plane = luma(*case)
    chroma = np.full(2 * ((width + 1) // 2) * ((height + 1) // 2), 1 << (depth - 1), plane.dtype)
    layout = "yuv420p" if depth == 8 else f"yuv420p{depth}le"
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "a"), "wb") as out:
            out.write(plane.tobytes() + chroma.tobytes())
        raw = ["-f", "rawvideo", "-pix_fmt", layout, "-s", f"{width}x{height}", "-i", "a"]
        graph = "split[a][b];[a][b]libvmaf=feature=name=cambi:log_fmt=json:log_path=log.json"
        subprocess.run([FFMPEG, "-v", "error", *raw, "-lavfi", graph, "-f", "null", "-"], check=True, cwd=folder)
        with open(os.path.join(folder, "log.json")) as log:
            return json.load(log)["frames"][0]["metrics"]["cambi"]


def main():
    lines = ",\n".join("  " + json.dumps({"case": case, "cambi": cambi(case)}) for case in CASES)
    print(f"[\n{lines}\n]")


if __name__ == "__main__":
    main()
