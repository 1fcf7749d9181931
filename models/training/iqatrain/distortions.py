# SPDX-License-Identifier: MPL-2.0
"""Made distortions: each takes a square region of a picture and a strength from 0 (invisible) to 1 (worst)."""

import io
from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageFilter


def blur(crop, strength, random):
    """Gaussian, sigma up to 9 pixels: what is soft in a small frame is enlarged with it."""
    sigma = 0.4 + 8.6 * strength**2
    return np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(sigma)))


def rescale(crop, strength, random):
    """Shrunk up to seven times and enlarged again."""
    height, width = crop.shape[:2]
    factor = 1 + 6 * strength**1.5
    small = Image.fromarray(crop).resize((round(width / factor), round(height / factor)), Image.BILINEAR)
    back = Image.BICUBIC if random.random() < 0.5 else Image.BILINEAR
    return np.asarray(small.resize((width, height), back))


def noise(crop, strength, random):
    """White Gaussian noise, standard deviation up to 40 of 255."""
    grain = random.normal(0, 40 * strength, crop.shape)
    return np.clip(np.rint(crop + grain), 0, 255).astype(np.uint8)


def jpeg(crop, strength, random):
    """JPEG, quality 90 down to 5."""
    file = io.BytesIO()
    Image.fromarray(crop).save(file, "JPEG", quality=5 + round(85 * (1 - strength) ** 1.5))
    return np.asarray(Image.open(file).convert("RGB"))


def h264(frames, strength):
    """The last of a few frames, encoded one after the other at quantiser 20 to 51."""
    height, width = frames[0].shape[:2]
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = 25, Fraction(1, 25)
    encoder.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "qp": str(20 + round(31 * strength)),
        "threads": "1",
    }
    decoder = av.CodecContext.create("h264", "r")
    decoder.options = {"threads": "1"}
    shown = []
    for i, frame in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24").reformat(format="yuv420p")
        frame.pts = i
        for packet in encoder.encode(frame):
            shown += decoder.decode(packet)
    for packet in encoder.encode():
        shown += decoder.decode(packet)
    shown += decoder.decode()
    return shown[-1].to_ndarray(format="rgb24")


# Name and share. Coding weighs most: it is what a video has.
KINDS = {"h264": 0.30, "blur": 0.32, "jpeg": 0.15, "rescale": 0.18, "noise": 0.05}


def resized(crop, size):
    return np.asarray(Image.fromarray(crop).resize((size, size), Image.BICUBIC if size > len(crop) else Image.BOX))


def degraded_pair(picture, top, left, size, random):
    """The same crop mildly and strongly degraded in one way, and the two strengths.

    Coded crops are sometimes enlarged before coding and shrunk afterwards, because a large frame is shrunk after its
    coding, before the network sees it.
    """
    kind = random.choice(list(KINDS), p=list(KINDS.values()))
    mild = random.uniform(0.15, 0.5)
    strong = min(1.0, mild + random.uniform(0.25, 0.5))
    crop = picture[top : top + size, left : left + size]
    scale = random.choice([1.0, 1.5, 2.0]) if kind in ("h264", "jpeg") else 1.0
    large = int(size * scale)
    if kind == "h264":
        # A pan over the picture that ends on the crop, so that most of what is seen was predicted.
        step = random.integers(-4, 5, 2)
        last = np.array([top, left])
        limit = np.array(picture.shape[:2]) - size
        places = [np.clip(last - step * k, 0, limit) for k in (2, 1, 0)]
        frames = [resized(picture[y : y + size, x : x + size], large) for y, x in places]
        pair = [h264(frames, strength) for strength in (mild, strong)]
    else:
        function = {"blur": blur, "jpeg": jpeg, "rescale": rescale, "noise": noise}[kind]
        source = resized(crop, large) if scale != 1 else crop
        seed = random.integers(2**32)
        pair = [function(source, strength, np.random.default_rng(seed)) for strength in (mild, strong)]
    if scale != 1:
        pair = [resized(one, size) for one in pair]
    return pair, (mild, strong)
