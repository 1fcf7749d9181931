# SPDX-License-Identifier: MPL-2.0
"""Ten pictures, made from a seed, and a worse copy of each."""

from pathlib import Path

import numpy as np
from PIL import Image

# Width and height: lying and standing, odd ones, one below 224 pixels, one of 2160 lines.
SIZES = [
    *((640, 427), (427, 640), (512, 384), (384, 512), (333, 481), (481, 333)),
    *((224, 224), (200, 150), (720, 405), (3840, 2160)),
]
# In its place for networks that see every pixel.
NARROW = (272, 2160)


def octaves(width: int, height: int, draw: np.random.Generator) -> np.ndarray:
    """Noise at all scales, as coarse as pictures are: [height, width, 3] from 0 to 1."""
    total = np.zeros((height, width, 3), np.float32)
    cells, weight = 2, 1.0
    while cells <= max(width, height) // 2:
        rows, columns = max(2, cells * height // max(width, height)), max(2, cells * width // max(width, height))
        for channel in range(3):
            coarse = Image.fromarray(draw.standard_normal((rows, columns), np.float32))
            total[..., channel] += weight * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
        cells, weight = cells * 2, weight * 0.6
    total = total * 0.7 + total.mean(2, keepdims=True) * 0.6
    return 1 / (1 + np.exp(-total))


def picture(width: int, height: int, draw: np.random.Generator) -> np.ndarray:
    """[height, width, 3] uint8: noise with some flat shapes that have sharp edges."""
    found = octaves(width, height, draw)
    y, x = np.mgrid[:height, :width]
    for _ in range(6):
        left, top = draw.integers(0, width), draw.integers(0, height)
        radius = draw.integers(min(width, height) // 16 + 1, min(width, height) // 4 + 2)
        square = draw.random() < 0.5
        far = np.maximum(abs(x - left), abs(y - top)) if square else np.hypot(x - left, y - top)
        found = np.where((far < radius)[..., None], 0.3 * found + 0.7 * draw.random(3, np.float32), found)
    return np.round(found * 255).astype(np.uint8)


def worse(pixels: np.ndarray, step: int, draw: np.random.Generator) -> np.ndarray:
    """Blurred by shrinking, made noisy, or set to few levels; the more, the greater `step`, from 0."""
    height, width = pixels.shape[:2]
    kind, strength = step % 3, 1 + step // 3
    if kind == 0:
        less = (width // (1 + strength), height // (1 + strength))
        small = Image.fromarray(pixels).resize(less, Image.Resampling.BOX)
        return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
    if kind == 1:
        noisy = pixels + draw.normal(0, 8 * strength, pixels.shape)
    else:
        noisy = (pixels // (16 * strength) + 0.5) * 16 * strength
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def shrunk(pixels: np.ndarray, divisor: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width // divisor, height // divisor), Image.Resampling.BOX))


def make(folder: Path, whole: bool, shortest: int = 1, smaller: bool = False, seed: int = 0) -> list[tuple[Path, Path]]:
    """Writes them as PNG; (distorted, reference) each. A side below `shortest` becomes that.

    `smaller`: of three references, one has half the sides of the other picture, and one a third.
    """
    sizes = [*SIZES[:-1], NARROW] if whole else SIZES
    pairs = []
    for number, (width, height) in enumerate(sizes):
        width, height = max(width, shortest), max(height, shortest)
        draw = np.random.default_rng([seed, number])
        reference = picture(width, height, draw)
        distorted = worse(reference, number, draw)
        if smaller:
            reference = shrunk(reference, 1 + number % 3)
        pair = [folder / f"{number}-{width}x{height}-{one}.png" for one in ("distorted", "reference")]
        for path, pixels in zip(pair, (distorted, reference)):
            Image.fromarray(pixels).save(path, compress_level=1)
        pairs.append(tuple(pair))
    return pairs
