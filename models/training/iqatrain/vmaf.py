# SPDX-License-Identifier: MPL-2.0
"""VMAF of a pair of pictures, by the libvmaf in the ffmpeg of PyPI's `imageio-ffmpeg` (model vmaf_v0.6.1)."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np


def vmaf(reference: np.ndarray, distorted: np.ndarray) -> float:
    """0 to 100; [h, w, 3] uint8 RGB, compared as one frame of 4:2:0 each, hence without motion: equal pictures have
    97.4.
    """
    import imageio_ffmpeg

    height, width = reference.shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error"]
        for name, picture in (("distorted", distorted), ("reference", reference)):
            (Path(folder) / name).write_bytes(np.ascontiguousarray(picture).tobytes())
            command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", name]
        graph = "[0]format=yuv420p[d];[1]format=yuv420p[r];[d][r]libvmaf=log_fmt=json:log_path=log.json"
        subprocess.run([*command, "-lavfi", graph, "-f", "null", "-"], cwd=folder, check=True)
        log = json.loads((Path(folder) / "log.json").read_text())
    return float(log["frames"][0]["metrics"]["vmaf"])
