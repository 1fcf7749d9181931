# SPDX-License-Identifier: MPL-2.0
"""A small network that compares a picture with its reference: similarity of ResNet-18's stages, and of gradients.

It has no paper of its own. What it puts together:
* of each stage, over its channels, the mean similarity of means and of structure (as SSIM over the whole map: Ding et
  al., “Image Quality Assessment: Unifying Structure and Texture Similarity”, Eq. 4 and 5), and the mean energy of the
  difference;
* gradient magnitude similarity at three scales, its mean and its deviation (Xue et al., GMSD, Eq. 1 to 5), and how much
  gradient there is beside the reference's;
* chromaticity similarity, and the deviation of both together (Nafchi et al., MDSI, Eq. 7 to 10);
* the errors of luma and of the color differences.

All of these are 0 where both pictures are equal, and the layers that weigh them have no other input, so a picture
beside itself scores 1. The stages of the reference depend on nothing else: a ladder may compute them once
(`ResNet18Fr.look`, `ResNet18Fr.beside`).
"""

import torch
import torch.nn.functional as F
from torch import nn

from .metaiqa import MEAN, STD
from .resnet18 import ResNet18

FIXED = 19  # comparisons that no backbone is needed for, of which
GMSD, MDSI = 5, 10  # are those two measures
HIDDEN = 16
GRADIENT, CHROMATICITY = 170 / 255**2, 550 / 255**2  # the constants of GMSD and MDSI, for 0 to 1
WEAK = 1e-2  # what keeps a channel that says nothing from saying that all differs
# R'G'B' -> luma and MDSI's two opponent colors
LUMA = (0.2989, 0.5870, 0.1140)
OPPONENTS = ((0.30, 0.04, -0.35), (0.34, -0.60, 0.17))


def similarity(a, b, constant):
    return (2 * a * b + constant) / (a * a + b * b + constant)


def energies(x) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each channel of [n, c, h, w]: mean and mean square, [n, c] each."""
    return x.mean((2, 3)), (x * x).mean((2, 3))


def of_stage(x, y) -> torch.Tensor:
    """Stage maps [n, c, h, w] of both -> [n, 3], 0 where they are equal."""
    (a, aa), (b, bb), ab = energies(x), energies(y), (x * y).mean((2, 3))
    variances = (aa - a * a).clamp(min=0) + (bb - b * b).clamp(min=0)
    structure = (2 * (ab - a * b) + WEAK) / (variances + WEAK)
    error = (aa + bb - 2 * ab).clamp(min=0) / (aa + bb + WEAK)
    each = (1 - similarity(a, b, WEAK), 1 - structure, error)
    return torch.cat([one.mean(1, keepdim=True) for one in each], 1)


def deviation(x) -> torch.Tensor:
    """The standard deviation over places of [n, 1, h, w]: [n, 1]."""
    mean, square = energies(x)
    return (square - mean * mean).clamp(min=0).add(1e-8).sqrt() - 1e-4


class Fixed(nn.Module):
    """R'G'B' 0 to 1, [n, 3, h, w] of both -> [n, FIXED], 0 where they are equal."""

    def __init__(self):
        super().__init__()
        prewitt = torch.tensor([[1.0, 0, -1], [1, 0, -1], [1, 0, -1]]) / 3
        self.register_buffer("edges", torch.stack((prewitt, prewitt.T))[:, None], persistent=False)
        mixed = torch.tensor((LUMA, *OPPONENTS))[:, :, None, None]
        self.register_buffer("mixed", mixed, persistent=False)

    def gradient(self, luma):
        """[n, 1, h, w] -> the magnitude, [n, 1, h - 2, w - 2]."""
        both = F.conv2d(luma, self.edges)
        return (both * both).sum(1, keepdim=True).add(1e-10).sqrt()

    def forward(self, x, y):
        found = []
        both = [F.conv2d(one, self.mixed) for one in (x, y)]
        for scale in range(3):
            if scale:
                both = [F.avg_pool2d(one, 2) for one in both]
            a, b = (self.gradient(one[:, :1]) for one in both)
            alike = similarity(a, b, GRADIENT)
            ratio = torch.log((a.mean((2, 3)) + 1e-3) / (b.mean((2, 3)) + 1e-3))
            found += [1 - alike.mean((2, 3)), deviation(alike), F.relu(ratio), F.relu(-ratio)]
            if scale == 1:
                (h, m), (k, n) = ((one[:, 1:2, 1:-1, 1:-1], one[:, 2:3, 1:-1, 1:-1]) for one in both)
                top, bottom = 2 * (h * k + m * n), h * h + k * k + m * m + n * n
                colors = (top + CHROMATICITY) / (bottom + CHROMATICITY)
                fourth = (0.6 * alike + 0.4 * colors).clamp(min=1e-4).sqrt().sqrt()
                spread = (fourth - fourth.mean((2, 3), keepdim=True)).abs().mean((2, 3))
                error = ((both[0] - both[1]) ** 2).mean((2, 3))
                lightness = (both[0][:, :1] - both[1][:, :1]).mean((2, 3)).abs()
                found += [1 - colors.mean((2, 3)), deviation(colors), spread, torch.log1p(1e4 * error), lightness]
        return torch.cat(found, 1)


class Backbone(ResNet18):
    """[n, 3, h, w] -> the outputs of the first `used` stages."""

    def __init__(self, used):
        super().__init__()
        self.blocks = self.blocks[: 2 * used]

    def forward(self, x):
        return self.stages(x)


def inputs(used: int) -> int:
    """How many comparisons there are with so many stages."""
    return FIXED + 3 * used


class ResNet18Fr(nn.Module):
    """[n, 3, h, w] of a picture and of its reference, normalised -> [n, 1], up to 1 (equal); worst about 0."""

    name, crop, crops, stride, mean, std = "resnet18-fr", 256, 5, None, MEAN, STD

    def __init__(self, hidden=HIDDEN, used=4):
        super().__init__()
        self.backbone, self.fixed = Backbone(used), Fixed()
        self.inputs = inputs(used)
        self.register_buffer("unit", torch.ones(self.inputs))  # of each comparison
        self.wide, self.curve = nn.Linear(self.inputs, hidden), nn.GELU()
        self.narrow = nn.Linear(hidden, 1, bias=False)
        self.register_buffer("spread", torch.tensor(STD)[:, None, None], persistent=False)
        self.register_buffer("middle", torch.tensor(MEAN)[:, None, None], persistent=False)

    def look(self, x) -> tuple:
        """What is compared of a picture: [n, 3, h, w] 0 to 1, and the stages' maps."""
        return x * self.spread + self.middle, self.backbone(x)

    def beside(self, seen, reference) -> torch.Tensor:
        """[n, inputs] of what `look` gave of a picture and of its reference."""
        (x, maps), (y, others) = seen, reference
        return torch.cat([self.fixed(x, y), *map(of_stage, maps, others)], 1)

    def score(self, compared, noise: float = 0.0) -> torch.Tensor:
        """[n, 1] of what `beside` gives, which may have been kept; `noise` while it learns."""
        x = torch.log1p((compared / self.unit).clamp(min=0))
        x = x + noise * torch.randn_like(x) if noise else x
        return 1 - self.narrow(self.curve(self.wide(x)) - self.curve(self.wide.bias))

    def forward(self, distorted, reference):
        return self.score(self.beside(self.look(distorted), self.look(reference)))
