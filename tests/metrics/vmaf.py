#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes vmaf.json: what libvmaf says of the pictures of reference.py, in pairs that follow each other.

    env/bin/python tests/metrics/vmaf.py > tests/metrics/vmaf.json

with the environment of reference.py. A case's two pictures, A and B, make three frames of a reference, A B A, and three of a
distorted stream, B A B. Each line has the case's index, and the scores of the three frames by each model.
"""

import json
import os
import subprocess
import tempfile

from reference import CASES, FFMPEG, PIXEL_FORMATS, SUBSAMPLING, planes

MODELS = ["vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1"]
# libvmaf reads beside its bands where pictures are smaller.
LEAST = 33
# VMAF 1, and what its models scale chroma by before they look at it.
CHROMA_SCALES = {"3d0h": 1.0, "5d0h": 0.6, "1d5h_2160": 1.0, "3d0h_2160": 0.5}
# libvmaf reads beside its blocks where chroma is smaller, and takes no banding of pictures whose longer side is.
LEAST_CHROMA = 80
LEAST_BANDING = 216


def models(c):
    found = list(MODELS)
    size = c["width"], c["height"]
    chroma = min(side >> shift for side, shift in zip(size, SUBSAMPLING[c["layout"]]))
    # The values of 12 bits are those of a processor with AVX-512: with AVX2 libvmaf's are off by 0.03 where there is
    # much noise.
    if max(size) >= LEAST_BANDING and c["depth"] < 12:
        fit = [name for name, scale in CHROMA_SCALES.items() if int(chroma * scale + 0.5) >= LEAST_CHROMA]
        found += [f"vmaf_v1.0.16_{rate}{name}" for rate in ("", "hfr_") for name in fit]
    return found


def scores(c):
    pictures = [b"".join(plane.tobytes() for plane in picture) for picture in planes(c)]
    raw = ["-f", "rawvideo", "-pix_fmt", PIXEL_FORMATS[c["layout"], c["depth"]], "-s", f"{c['width']}x{c['height']}"]
    names = models(c)
    versions = "|".join(f"version={model}\\:name={model}" for model in names)
    with tempfile.TemporaryDirectory() as folder:
        for name, order in (("r", (0, 1, 0)), ("d", (1, 0, 1))):
            with open(os.path.join(folder, name), "wb") as out:
                out.writelines(pictures[picture] for picture in order)
        # The first input is the distorted one.
        graph = f"libvmaf=model='{versions}':log_fmt=json:log_path=log.json"
        command = [FFMPEG, "-v", "error", *raw, "-i", "d", *raw, "-i", "r", "-lavfi", graph, "-f", "null", "-"]
        subprocess.run(command, check=True, cwd=folder)
        with open(os.path.join(folder, "log.json")) as log:
            frames = json.load(log)["frames"]
    return {model: [frame["metrics"][model] for frame in frames] for model in names}


def main():
    chosen = [(n, c) for n, c in enumerate(CASES) if min(c["width"], c["height"]) >= LEAST and c["depth"] <= 12]
    lines = ",\n".join("  " + json.dumps({"case": n, "scores": scores(c)}) for n, c in chosen)
    print(f"[\n{lines}\n]")


if __name__ == "__main__":
    main()
