# SPDX-License-Identifier: MPL-2.0
"""Sampling is PyTorch's, torchvision's and pyiqa's, at sizes other than the one that was traced."""

import io
import math

import numpy as np
import onnxruntime
import pytest
import torch
import torchvision.transforms.functional as TF
from torch.nn import functional as F

from iqa_export import sampling
from iqa_export.write import trace

# Height and width; the first is the traced one.
SIZES = [(300, 401), (401, 300), (97, 150), (224, 224), (225, 640), (331, 500), (64, 333)]


class Wrapped(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def picture(height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height * 10_000 + width))


def agrees(ours, theirs, tolerance=2e-6):
    """In ONNX Runtime, traced at one size and run at all."""
    traced = io.BytesIO()
    trace(Wrapped(ours), [picture(*SIZES[0])], ["x"], ["y"], traced)
    session = onnxruntime.InferenceSession(traced.getvalue(), providers=["CPUExecutionProvider"])
    for size in SIZES:
        x = picture(*size)
        expected = theirs(x)
        got = session.run(None, {"x": x.numpy()})[0]
        assert got.shape == tuple(expected.shape), size
        assert np.abs(got - expected.numpy()).max() <= tolerance, size


def test_centre():
    """The sizes leave 0 to 3 pixels of every four beside the crop, of which halves are rounded to even."""
    agrees(lambda x: sampling.centre(x, 61), lambda x: TF.center_crop(x, 61), 0)
    agrees(lambda x: sampling.centre(x, 64), lambda x: TF.center_crop(x, 64), 0)


def test_shrunk_and_cropped():
    agrees(
        lambda x: sampling.centre_of_resized(x, 113, 99, "bicubic"),
        lambda x: TF.center_crop(TF.resize(x, 113, TF.InterpolationMode.BICUBIC, antialias=True), 99),
    )


def test_nearest():
    agrees(
        lambda x: sampling.centre_of_resized(x, 113, 99, "nearest"),
        lambda x: TF.center_crop(TF.resize(x, 113, TF.InterpolationMode.NEAREST), 99),
        0,
    )


@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(57, 91), (700, 350)])
def test_resize_without_antialiasing(kind, size):
    height, width = map(torch.tensor, size)
    # PyTorch works the places out from float32, too, but in another order: a hundred-thousandth of a pixel.
    agrees(lambda x: sampling.resize(x, height, width, kind), lambda x: F.interpolate(x, size, mode=kind), 2e-4)


def grid(x, size, count):
    """pyiqa's crops, said once more in Python's whole numbers."""
    if min(x.shape[2:]) <= size:
        x = F.interpolate(x, scale_factor=(size + 1) / min(x.shape[2:]), mode="bilinear")
    steps = [(one - size) // int(math.sqrt(count)) for one in x.shape[2:]]
    along = range(math.ceil(math.sqrt(count)))
    corners = [(i * steps[0], j * steps[1]) for i in along for j in along]
    return torch.cat([x[..., top : top + size, left : left + size] for top, left in corners[:count]])


@pytest.mark.parametrize("count", [1, 2, 20, 25, 50])
def test_uniform_crops(count):
    agrees(lambda x: sampling.uniform_crops([x], 96, count), lambda x: grid(x, 96, count), 2e-4)
    agrees(lambda x: sampling.uniform_crops(x, 224, count), lambda x: grid(x, 224, count), 2e-4)


def test_windows():
    def ours(x):
        rows, columns, all_ = sampling.sliding(x, 64, 27)
        place = torch.arange(all_)
        tops = torch.div(place, columns, rounding_mode="floor")
        return sampling.windows(x, tops * 27, (place - tops * columns) * 27, 64)

    def theirs(x):
        return F.unfold(x, 64, stride=27).transpose(1, 2).reshape(-1, 3, 64, 64)

    agrees(ours, theirs, 0)


def test_adaptive_pooling():
    def halves(x):
        return [(one + 6) // 7 for one in x.shape[2:]]

    agrees(
        lambda x: sampling.adaptive_avg_pool2d(x, [(sampling.side(x, axis) + 6) // 7 for axis in (2, 3)]),
        lambda x: F.adaptive_avg_pool2d(x, halves(x)),
    )
