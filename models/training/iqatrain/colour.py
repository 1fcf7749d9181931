# SPDX-License-Identifier: MPL-2.0
"""Colour spaces on float arrays [h, w, 3] of full-range R'G'B', 0 to 1."""

import numpy as np

# IEC 61966-2-1 (sRGB), D65.
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _XYZ.sum(1)
_TO_XYZ, _FROM_XYZ = (
    (_XYZ / _WHITE[:, None]).astype(np.float32),
    np.linalg.inv(_XYZ / _WHITE[:, None]).astype(np.float32),
)
# ITU-R BT.601, full range.
_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_FROM_YCC = np.linalg.inv(_YCC).astype(np.float32)


def luma(rgb: np.ndarray) -> np.ndarray:
    """[h, w], 0.299 R' + 0.587 G' + 0.114 B'."""
    return rgb @ _YCC[0]


def rgb_to_ycc(rgb: np.ndarray) -> np.ndarray:
    """Y' 0 to 1, Cb and Cr around 0."""
    return rgb @ _YCC.T


def ycc_to_rgb(ycc: np.ndarray) -> np.ndarray:
    return ycc @ _FROM_YCC.T


def rgb_to_lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b*: L* 0 to 100."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)
    xyz = linear.astype(np.float32) @ _TO_XYZ.T
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """Clipped to 0 to 1."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
    linear = np.clip(xyz.astype(np.float32) @ _FROM_XYZ.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def scale_hsv_saturation(rgb: np.ndarray, factor: float) -> np.ndarray:
    """HSV saturation times `factor`: what is between the maximum and a channel shrinks by it."""
    value = rgb.max(-1, keepdims=True)
    return value - (value - rgb) * factor
