# SPDX-License-Identifier: MPL-2.0
"""KADID-10k's 25 distortion types at 5 levels (Lin, Hosu, Saupe, QoMEX 2019), from their published parameters.

    distort(picture, kind, level, random) -> picture        uint8 RGB [h, w, 3], kind 1 to 25, level 1 (mild) to 5

The set's pictures are 512x384, and sizes in pixels (radii, shifts, patches) mean that scale. What differs from the
set's own programs, because those are not to be had here: denoising is a sliding DCT threshold instead of DnCNN, the
palette of 6 is a median cut, quantisation (22) is uniform, and only 18, 22 and 25 are stretched to full range
afterwards (theirs stretch every picture, which changes nothing else if black and white occur in it).
"""

import io
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import fft, interpolate, ndimage

from . import colour

LEVELS = 5


def curve(x, points):
    """A not-a-knot cubic spline through (0, 0), `points` and (1, 1), applied to `x` and clipped."""
    at, to = zip((0, 0), *points, (1, 1))
    return np.clip(interpolate.CubicSpline(at, to)(x), 0, 1)


def stretched(x):
    low, high = x.min(), x.max()
    return (x - low) / (high - low) if high > low else x


def filtered(x, kernel):
    return np.stack([ndimage.convolve(x[..., c], kernel, mode="nearest") for c in range(x.shape[-1])], -1)


def gaussian(x, sigma):
    """Over rows and columns, of [h, w] or [h, w, c]."""
    sigmas = (sigma, sigma) + (0,) * (x.ndim - 2)
    return ndimage.gaussian_filter(x, sigmas, mode="nearest", truncate=2.0)


def disk(radius):
    """A disk's share of each pixel, by 9x9 samples a pixel."""
    reach = math.ceil(radius)
    fine = (np.arange(9 * (2 * reach + 1)) + 0.5) / 9 - reach - 0.5
    inside = (fine[:, None] ** 2 + fine**2 <= radius**2).astype(np.float32)
    kernel = inside.reshape(2 * reach + 1, 9, 2 * reach + 1, 9).mean((1, 3))
    return kernel / kernel.sum()


def line(length, angle):
    """A segment of `length` pixels through the centre, antialiased."""
    reach = math.ceil(length / 2) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = x * math.cos(angle) + y * math.sin(angle)
    across = np.abs(-x * math.sin(angle) + y * math.cos(angle))
    beyond = np.maximum(np.abs(along) - (length - 1) / 2, 0)
    kernel = np.maximum(1 - np.hypot(across, beyond), 0).astype(np.float32)
    return kernel / kernel.sum()


def coded(x, form, **options):
    file = io.BytesIO()
    Image.fromarray(to_bytes(x)).save(file, form, **options)
    return np.asarray(Image.open(file).convert("RGB"), np.float32) / 255


def to_bytes(x):
    return np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)


# One function a type: x float32 [h, w, 3] in 0 to 1, p the level's parameter, r a numpy Generator.


def gaussian_blur(x, p, r):
    return gaussian(x, p)


def lens_blur(x, p, r):
    return filtered(x, disk(p))


def motion_blur(x, p, r):
    return filtered(x, line(p, r.uniform(0, math.pi)))


def colour_diffusion(x, p, r):
    lab = colour.rgb_to_lab(x)
    lab[..., 1:] = gaussian(lab[..., 1:], 1.5 * p + 2) * p
    return colour.lab_to_rgb(lab)


def colour_shift(x, p, r):
    """Green moves by `p` pixels in some direction where there are edges."""
    grey = colour.luma(x)
    edges = gaussian(np.hypot(*np.gradient(grey)), 4)
    edges = stretched(np.clip(edges, *np.percentile(edges, (1, 99))))
    direction = r.random(2)
    dy, dx = np.rint(direction / np.hypot(*direction) * p).astype(int)
    padded = np.pad(x[..., 1], ((dy, 0), (dx, 0)), mode="edge")
    moved = padded[: x.shape[0], : x.shape[1]]
    y = x.copy()
    y[..., 1] += (moved - y[..., 1]) * edges
    return y


def colour_quantisation(x, p, r):
    picture = Image.fromarray(to_bytes(x))
    palette = picture.quantize(p, Image.Quantize.MEDIANCUT)
    return (
        np.asarray(picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB"), np.float32)
        / 255
    )


def saturation_hsv(x, p, r):
    return colour.scale_hsv_saturation(x, p)


def saturation_lab(x, p, r):
    lab = colour.rgb_to_lab(x)
    lab[..., 1:] *= p
    return colour.lab_to_rgb(lab)


def jpeg2000(x, p, r):
    return coded(x, "JPEG2000", quality_mode="rates", quality_layers=[p], irreversible=True)


def jpeg(x, p, r):
    return coded(x, "JPEG", quality=p)


def white_noise(x, p, r):
    return x + r.normal(0, math.sqrt(p), x.shape)


def colour_noise(x, p, r):
    return colour.ycc_to_rgb(colour.rgb_to_ycc(x) + r.normal(0, math.sqrt(p), x.shape).astype(np.float32))


def impulse_noise(x, p, r):
    share = r.random(x.shape)
    return np.where(share < p / 2, 0.0, np.where(share < p, 1.0, x))


def multiplicative_noise(x, p, r):
    half = math.sqrt(3 * p)
    return x * (1 + r.uniform(-half, half, x.shape))


def denoising(x, p, r):
    """White noise of variance `p`, then 8x8 DCTs at every second place, coefficients under 2.7 sigma dropped."""
    sigma = math.sqrt(p)
    noisy = np.clip(x + r.normal(0, sigma, x.shape), 0, 1).astype(np.float32)
    h, w = noisy.shape[:2]
    padded = np.pad(noisy, ((8, 8 + -h % 8), (8, 8 + -w % 8), (0, 0)), mode="reflect")
    total, count = np.zeros_like(padded), np.zeros(padded.shape[:2] + (1,), np.float32)
    for top in range(0, 8, 2):
        for left in range(0, 8, 2):
            part = padded[top : top + h + -h % 8 + 8, left : left + w + -w % 8 + 8]
            blocks = part.reshape(part.shape[0] // 8, 8, part.shape[1] // 8, 8, 3)
            spectrum = fft.dctn(blocks, axes=(1, 3), norm="ortho")
            keep = np.abs(spectrum) >= 2.7 * sigma
            keep[:, 0, :, 0] = True
            clean = fft.idctn(spectrum * keep, axes=(1, 3), norm="ortho").reshape(part.shape)
            total[top : top + part.shape[0], left : left + part.shape[1]] += clean
            count[top : top + part.shape[0], left : left + part.shape[1]] += 1
    return (total / np.maximum(count, 1))[8 : 8 + h, 8 : 8 + w]


def brighten(x, p, r):
    lab = colour.rgb_to_lab(x)
    lab[..., 0] = 100 * curve(lab[..., 0] / 100, [(0.5, 0.5 + p / 2)])
    return (2 * curve(x, [(0.5, 0.5 + p / 2)]) + colour.lab_to_rgb(lab)) / 3


def darken(x, p, r):
    return curve(x, [(0.5, 0.5 - p / 2)])


def mean_shift(x, p, r):
    return stretched(np.clip(x + p, 0, 1))


def jitter(x, p, r):
    """Five times, every pixel is taken from a place `p` pixels (standard deviation) away."""
    h, w = x.shape[:2]
    y = torch.from_numpy(np.ascontiguousarray(x, np.float32)).permute(2, 0, 1)[None]
    grid = np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1).astype(np.float32)
    for _ in range(5):
        moved = grid - r.normal(0, p, grid.shape).astype(np.float32)
        place = torch.from_numpy(2 * moved / np.array([w - 1, h - 1], np.float32) - 1)[None]
        y = F.grid_sample(y, place, "bilinear", "border", align_corners=True)
    return y[0].permute(1, 2, 0).numpy()


def moved_patches(x, p, r):
    """`p` patches of 16x16 move by up to 8 pixels."""
    y = x.copy()
    for _ in range(p):
        top, left = (int(r.integers(16, side - 32 + 1)) for side in x.shape[:2])
        dy, dx = r.integers(-8, 9, 2)
        y[top + dy : top + dy + 16, left + dx : left + dx + 16] = y[top : top + 16, left : left + 16].copy()
    return y


def pixelate(x, p, r):
    share = 0.95 - p**0.6
    h, w = x.shape[:2]
    rows, columns = (np.arange(n) * int(n * share) // n * n // int(n * share) for n in (h, w))
    return x[rows][:, columns]


def quantisation(x, p, r):
    return np.minimum(np.floor(x * p), p - 1) / (p - 1)


def colour_blocks(x, p, r):
    y = x.copy()
    for _ in range(p):
        top, left = (int(r.integers(0, side - 32 + 1)) for side in x.shape[:2])
        y[top : top + 32, left : left + 32] = r.random(3)
    return y


def sharpen(x, p, r):
    lab = colour.rgb_to_lab(x)
    lab[..., 0] += p * (lab[..., 0] - gaussian(lab[..., 0], 3))
    return colour.lab_to_rgb(lab)


def contrast(x, p, r):
    return stretched(curve(x, [(0.3, 0.25 - p / 4), (0.5, 0.5), (0.7, 0.75 + p / 4)]))


# Type 1 first, as in the set: name, function, the five levels' parameters.
KINDS = [
    ("gaussian-blur", gaussian_blur, (0.1, 0.5, 1, 2, 5)),
    ("lens-blur", lens_blur, (1, 2, 4, 6, 8)),
    ("motion-blur", motion_blur, (1, 2, 4, 6, 10)),
    ("colour-diffusion", colour_diffusion, (1, 3, 6, 8, 12)),
    ("colour-shift", colour_shift, (1, 3, 6, 8, 12)),
    ("colour-quantisation", colour_quantisation, (64, 48, 32, 16, 8)),
    ("saturation-hsv", saturation_hsv, (0.4, 0.2, 0.1, 0, -0.4)),
    ("saturation-lab", saturation_lab, (1, 2, 3, 6, 9)),
    ("jpeg2000", jpeg2000, (16, 32, 45, 120, 400)),
    ("jpeg", jpeg, (43, 36, 24, 7, 4)),
    ("white-noise", white_noise, (0.001, 0.002, 0.003, 0.005, 0.01)),
    ("colour-noise", colour_noise, (0.0001, 0.0005, 0.001, 0.002, 0.003)),
    ("impulse-noise", impulse_noise, (0.001, 0.005, 0.01, 0.02, 0.03)),
    ("multiplicative-noise", multiplicative_noise, (0.001, 0.005, 0.01, 0.02, 0.05)),
    ("denoising", denoising, (0.01, 0.03, 0.05, 0.1, 0.15)),
    ("brighten", brighten, (0.1, 0.2, 0.4, 0.7, 1.1)),
    ("darken", darken, (0.05, 0.1, 0.2, 0.4, 0.8)),
    ("mean-shift", mean_shift, (0.15, 0.08, 0, -0.08, -0.15)),
    ("jitter", jitter, (0.05, 0.1, 0.2, 0.5, 1)),
    ("moved-patches", moved_patches, (20, 40, 60, 80, 100)),
    ("pixelate", pixelate, (0.01, 0.05, 0.1, 0.2, 0.5)),
    ("quantisation", quantisation, (20, 16, 13, 10, 7)),
    ("colour-blocks", colour_blocks, (2, 4, 6, 8, 10)),
    ("sharpen", sharpen, (1, 2, 3, 6, 12)),
    ("contrast", contrast, (0.3, 0.15, 0, -0.4, -0.6)),
]
TYPES = len(KINDS)
NAMES = [name for name, _, _ in KINDS]


def distort(picture: np.ndarray, kind: int, level: int, random: np.random.Generator) -> np.ndarray:
    """The picture under distortion `kind` (1 to 25) at `level` (1 to 5); uint8 RGB [h, w, 3], at least 48 a side."""
    _, function, parameters = KINDS[kind - 1]
    return to_bytes(function(picture.astype(np.float32) / 255, parameters[level - 1], random))
