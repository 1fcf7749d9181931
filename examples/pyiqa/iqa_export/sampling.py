# SPDX-License-Identifier: MPL-2.0
"""Resampling and cropping that stay right for every size of picture once they are traced.

A tracer records operations on tensors; a number that passes through Python's `int`, `round` or `if` is frozen at the
traced picture's size. Here sizes are tensors throughout. Each function is PyTorch's or torchvision's of the same name,
to float's rounding; the tests compare them at sizes other than the traced one.
"""

import torch
from torch import Tensor

# Keys' a: of Pillow and of PyTorch with antialiasing, and of PyTorch without.
CUBIC_ANTIALIASED, CUBIC = -0.5, -0.75


def side(x: Tensor, axis: int) -> Tensor:
    """The size along an axis as a traced whole number."""
    return torch.as_tensor(x.shape[axis], dtype=torch.int64)


def floor_times(whole: Tensor, factor: Tensor) -> Tensor:
    """⌊whole · factor⌋ in double precision, as PyTorch works out an output's size."""
    return torch.floor(whole.double() * factor).long()


def cubic(distance: Tensor, a: float) -> Tensor:
    """Keys' cubic kernel (IEEE Trans. ASSP 29(6), 1981, eq. 15 with free a)."""
    d = distance.abs()
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))


def antialiased(places: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """Weights [places, old] of a line that shrinks or grows from `old` to `new` samples, at output samples `places`.

    Pillow's bicubic: the kernel is widened by the factor that the line shrinks by, cut off at the ends, and its sum
    made 1.
    """
    scale = old.float() / new.float()
    stretch = torch.clamp(scale, min=1.0)
    support = stretch * 2.0
    centre = scale * (places.float() + 0.5)
    first = torch.clamp(torch.floor(centre - support + 0.5), min=0)
    last = torch.minimum(torch.floor(centre + support + 0.5), old.float())
    sample = torch.arange(old, dtype=torch.float32)[None]
    distance = (sample - centre[:, None] + 0.5) / stretch
    weights = cubic(distance, CUBIC_ANTIALIASED)
    inside = (sample >= first[:, None]) & (sample < last[:, None])
    weights = torch.where(inside, weights, torch.zeros_like(weights))
    return weights / weights.sum(1, keepdim=True)


def along_both(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The picture [1, c, h, w] through weights [rows, h] and [columns, w]."""
    return rows @ (x @ columns.transpose(0, 1))


def taps(x: Tensor, axis: int, centre: Tensor, kind: str) -> Tensor:
    """Samples of `x` between samples, at `centre`, without antialiasing; the border is repeated."""
    last = side(x, axis) - 1
    if kind == "bilinear":
        centre = torch.clamp(centre, min=0.0)
    low = torch.floor(centre)
    part = centre - low
    shape = [1] * x.dim()
    shape[axis] = -1
    if kind == "bilinear":
        weights = [(0, 1 - part), (1, part)]
    else:
        weights = [(step, cubic(part - step, CUBIC)) for step in (-1, 0, 1, 2)]
    total = None
    for step, weight in weights:
        place = torch.minimum(torch.clamp(low.long() + step, min=0), last)
        term = x.index_select(axis, place) * weight.reshape(shape)
        total = term if total is None else total + term
    return total


def resize(x: Tensor, height: Tensor, width: Tensor, kind: str) -> Tensor:
    """`interpolate(x, (height, width), mode=kind)`, without antialiasing."""
    for axis, new in ((2, height), (3, width)):
        scale = side(x, axis).float() / new.float()
        x = taps(x, axis, (torch.arange(new, dtype=torch.float32) + 0.5) * scale - 0.5, kind)
    return x


def short_side(x: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Height and width that torchvision's `resize(x, size)` gives: the long side is cut off, not rounded."""
    height, width = side(x, 2), side(x, 3)
    short = torch.minimum(height, width)
    return tuple(torch.div(size * one, short, rounding_mode="floor") for one in (height, width))


def centre_places(whole: Tensor, crop: int) -> Tensor:
    """Samples that torchvision's `center_crop` keeps; halves go to the even neighbour, as in Python's `round`."""
    return torch.arange(crop) + torch.round((whole - crop).float() / 2).long()


def centre(x: Tensor, crop: int) -> Tensor:
    """torchvision's `center_crop(x, crop)` of a picture that is not smaller."""
    for axis in (2, 3):
        x = x.index_select(axis, centre_places(side(x, axis), crop))
    return x


def centre_of_resized(x: Tensor, size: int, crop: int, kind: str) -> Tensor:
    """torchvision's `center_crop(resize(x, size), crop)`; only what the crop keeps is computed.

    kind: `bicubic` (antialiased) or `nearest`.
    """
    height, width = short_side(x, size)
    rows, columns = centre_places(height, crop), centre_places(width, crop)
    if kind == "nearest":
        for axis, places, new in ((2, rows, height), (3, columns, width)):
            old = side(x, axis)
            scale = old.float() / new.float()
            x = x.index_select(axis, torch.minimum(torch.floor(places.float() * scale).long(), old - 1))
        return x
    rows = antialiased(rows, side(x, 2), height)
    return along_both(x, rows, antialiased(columns, side(x, 3), width))


def uniform_crops(pictures, crop_size: int, crop_num: int):
    """pyiqa's `uniform_crop`: of a grid of ⌈√crop_num⌉ a side from the top left the first `crop_num`.

    ⌊√crop_num⌋ steps lead to the opposite border. A picture whose short side is `crop_size` or less is scaled up to
    `crop_size` + 1 first; only what the crops keep is computed. Takes a picture [1, c, h, w] or a list of them, and
    gives [crop_num, c, crop_size, crop_size] or, for more than one, a list.
    """
    listed = isinstance(pictures, (list, tuple))
    results = [crops_of_one(x, crop_size, crop_num) for x in (pictures if listed else [pictures])]
    return results if len(results) > 1 else results[0]


def crops_of_one(x: Tensor, size: int, count: int) -> Tensor:
    whole_steps, along = int(count**0.5), int(-(-(count**0.5) // 1))
    height, width = side(x, 2), side(x, 3)
    short = torch.minimum(height, width)
    factor = torch.where(short <= size, (size + 1) / short.double(), torch.ones((), dtype=torch.float64))
    back = (1 / factor).float()
    for axis, old in ((2, height), (3, width)):
        step = torch.div(floor_times(old, factor) - size, whole_steps, rounding_mode="floor")
        places = (torch.arange(along) * step)[:, None] + torch.arange(size)[None]
        x = taps(x, axis, (places.reshape(-1).float() + 0.5) * back - 0.5, "bilinear")
    channels = x.shape[1]
    x = x.reshape(channels, along, size, along, size).permute(1, 3, 0, 2, 4)
    return x.reshape(along * along, channels, size, size)[:count]


def windows(x: Tensor, tops: Tensor, lefts: Tensor, size: int) -> Tensor:
    """Squares [n, c, size, size] of one picture, at n places."""
    width = side(x, 3)
    inner = torch.arange(size)
    places = (tops[:, None, None] + inner[None, :, None]) * width + lefts[:, None, None] + inner[None, None, :]
    channels = x.shape[1]
    flat = x.reshape(channels, -1).index_select(1, places.reshape(-1))
    return flat.reshape(channels, -1, size, size).permute(1, 0, 2, 3)


def sliding(x: Tensor, size: int, stride: int) -> tuple[Tensor, Tensor, Tensor]:
    """How many windows there are along height and width, and in all: none where the picture is smaller."""
    rows, columns = (
        torch.clamp(torch.div(side(x, axis) - size, stride, rounding_mode="floor") + 1, min=0) for axis in (2, 3)
    )
    return rows, columns, rows * columns


def adaptive_mean(old: Tensor, new: Tensor) -> Tensor:
    """Weights [new, old] of `adaptive_avg_pool`: output i is the mean from ⌊i·old/new⌋ to ⌈(i+1)·old/new⌉."""
    place = torch.arange(new)[:, None]
    first = torch.div(place * old, new, rounding_mode="floor")
    last = torch.div((place + 1) * old + new - 1, new, rounding_mode="floor")
    sample = torch.arange(old)[None]
    inside = ((sample >= first) & (sample < last)).float()
    return inside / inside.sum(1, keepdim=True)


def adaptive_avg_pool2d(x: Tensor, size) -> Tensor:
    """PyTorch's, whose output size may be a traced number."""
    new = [torch.as_tensor(one, dtype=torch.int64) for one in size]
    return along_both(x, adaptive_mean(side(x, 2), new[0]), adaptive_mean(side(x, 3), new[1]))
