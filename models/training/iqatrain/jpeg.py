# SPDX-License-Identifier: MPL-2.0
"""JPEG by three encoders, as mucped23 names its methods: libjpeg-turbo by Pillow, mozjpeg by libvips, jpegli by
pyjpegli.

Only the pixels matter here, so Huffman tables and scans are left as they are.
"""

import io
import re

import numpy as np
from PIL import Image

METHOD = re.compile(r"(libjpeg-turbo|mozjpeg|jpegli)-q(\d+)-yuv(420|422|444)")


def decoded(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def libjpeg_turbo(picture: np.ndarray, quality: int, chroma: str) -> np.ndarray:
    """`chroma` is 444, 422 or 420, here and below; [h, w, 3] uint8."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling=":".join(chroma))
    return decoded(file.getvalue())


def mozjpeg(picture: np.ndarray, quality: int, chroma: str) -> np.ndarray | None:
    """As mozjpeg's own cjpeg does it: its quantisation table 3, trellis, deringing. libvips has no 4:2:2: none then."""
    if chroma == "422":
        return None
    import pyvips

    options = {
        "trellis_quant": True,
        "overshoot_deringing": True,
        "optimize_scans": True,
        "interlace": True,
        "quant_table": 3,
    }
    image = pyvips.Image.new_from_array(np.ascontiguousarray(picture))
    return decoded(image.jpegsave_buffer(Q=quality, subsample_mode="on" if chroma == "420" else "off", **options))


def jpegli(picture: np.ndarray, quality: int, chroma: str) -> np.ndarray | None:
    """pyjpegli encodes 4:2:0 alone: none for the others."""
    if chroma != "420":
        return None
    import pyjpegli

    height, width = picture.shape[:2]
    return decoded(pyjpegli.encode(np.ascontiguousarray(picture), width, height, quality=quality))


ENCODERS = {"libjpeg-turbo": libjpeg_turbo, "mozjpeg": mozjpeg, "jpegli": jpegli}


def encoder_of(method: str) -> str:
    return METHOD.fullmatch(method)[1]


def by_method(picture: np.ndarray, method: str) -> np.ndarray | None:
    """The picture through `method`, such as jpegli-q80-yuv420; none where its encoder cannot be had here with that
    chroma.
    """
    encoder, quality, chroma = METHOD.fullmatch(method).groups()
    return ENCODERS[encoder](picture, int(quality), chroma)
