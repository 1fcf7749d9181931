# SPDX-License-Identifier: MPL-2.0
"""Coded copies of the synthetic pictures' references: H.264, H.265, AV1, rescaling and JPEG by three encoders in fine
steps, five levels each.

    python -m iqatrain.coded --synthetic synthetic

adds `coded.npy` [n, 40, side, side, 3] uint8, `coded_measures.npy` [n, 40, 6] and `coded_done.npy` [n] to the folder.
Nobody scored these distortions in KADID-10k, whose JPEG begins at quality 43: `labels` maps their measures onto the
cells of JPEG and JPEG 2000. A stopped run goes on where it was.
"""

import argparse
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image

from . import fidelity
from .jpeg import ENCODERS

os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 tells of errors only

LEVELS = 5
# Encoder, decoder, options for a quantiser q; the five q.
CODERS = {
    "h264": ("libx264", "h264", lambda q: {"preset": "medium", "qp": str(q), "threads": "1"}, (24, 30, 36, 42, 48)),
    "h265": (
        "libx265",
        "hevc",
        lambda q: {"preset": "medium", "x265-params": f"qp={q}:pools=none:log-level=none"},
        (24, 30, 36, 42, 48),
    ),
    "av1": (
        "libsvtav1",
        "libdav1d",
        lambda q: {"preset": "8", "qp": str(q), "svtav1-params": "rc=0:lp=1"},
        (28, 40, 48, 56, 63),
    ),
}
FACTORS = (1.4, 2.0, 2.8, 4.0, 6.0)
# Encoder, chroma, qualities that people use; in the order of the levels.
FINE = {
    "jpeg-444": ("libjpeg-turbo", "444", (95, 85, 75, 65, 55)),
    "jpeg-420": ("libjpeg-turbo", "420", (90, 80, 70, 60, 50)),
    "mozjpeg-420": ("mozjpeg", "420", (90, 80, 70, 60, 50)),
    "jpegli-420": ("jpegli", "420", (95, 85, 75, 65, 55)),
}
NAMES = (*CODERS, "rescale", *FINE)


def encoded(picture: np.ndarray, coder: str, quantiser: int) -> np.ndarray:
    """The picture as an intra frame, 4:2:0, and back; [h, w, 3] uint8, even sides."""
    encoder_name, decoder_name, options, _ = CODERS[coder]
    encoder = av.CodecContext.create(encoder_name, "w")
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt, encoder.framerate, encoder.time_base = "yuv420p", 25, Fraction(1, 25)
    encoder.options = options(quantiser)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24").reformat(format="yuv420p")
    frame.pts = 0
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    packets = [*encoder.encode(frame), *encoder.encode()]
    # As root, SVT-AV1 leaves the calling thread in real time, where it starves whatever else runs.
    os.sched_setscheduler(0, policy, parameters)
    decoder = av.CodecContext.create(decoder_name, "r")
    if encoder.extradata:
        decoder.extradata = encoder.extradata
    frames = [shown for packet in packets for shown in decoder.decode(packet)] + decoder.decode()
    if len(frames) != 1:
        raise RuntimeError(f"{encoder_name} gave {len(frames)} frames for one")
    return frames[0].to_ndarray(format="rgb24")


def rescaled(picture: np.ndarray, factor: float) -> np.ndarray:
    """Shrunk by `factor` and enlarged again, bicubic."""
    height, width = picture.shape[:2]
    small = Image.fromarray(picture).resize((round(width / factor), round(height / factor)), Image.Resampling.BICUBIC)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def versions(reference: np.ndarray) -> np.ndarray:
    """[40, h, w, 3]: the coders of NAMES, levels 1 (mild) to 5 of each."""
    made = [encoded(reference, coder, q) for coder in CODERS for q in CODERS[coder][3]]
    made += [rescaled(reference, factor) for factor in FACTORS]
    return np.stack(
        made
        + [
            ENCODERS[encoder](reference, quality, chroma)
            for encoder, chroma, qualities in FINE.values()
            for quality in qualities
        ]
    )


def make(folder: Path, with_measures: bool = True) -> None:
    """Codes every finished reference that is not coded yet."""
    torch.set_num_threads(1)
    pixels, done = np.load(folder / "pixels.npy", mmap_mode="r"), np.load(folder / "done.npy")
    count, side = len(NAMES) * LEVELS, pixels.shape[2]
    shapes = {
        "coded": ((count, side, side, 3), np.uint8),
        "coded_measures": ((count, len(fidelity.MEASURES)), np.float32),
        "coded_done": ((), np.uint8),
    }
    arrays = {}
    for name, (shape, dtype) in shapes.items():
        path = folder / f"{name}.npy"
        if path.exists():
            arrays[name] = np.load(path, mmap_mode="r+")
            if arrays[name].shape != (len(done), *shape):
                raise ValueError(f"{path} was made for other coders or references: remove {folder}/coded*.npy")
        else:
            arrays[name] = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=(len(done), *shape))
    for n in np.flatnonzero(done & (arrays["coded_done"] == 0)):
        arrays["coded"][n] = versions(pixels[n, 0])
        if with_measures:
            arrays["coded_measures"][n] = [fidelity.measures(pixels[n, 0], one) for one in arrays["coded"][n]]
        arrays["coded_done"][n] = 1
        for array in arrays.values():
            array.flush()
        print("coded", n, flush=True)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--synthetic", type=Path, required=True, help="what iqatrain.synthetic made")
    return options


def main(arguments: list[str] | None = None):
    make(parser().parse_args(arguments).synthetic)


if __name__ == "__main__":
    main()
