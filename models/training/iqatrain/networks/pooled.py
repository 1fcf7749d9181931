# SPDX-License-Identifier: MPL-2.0
"""ResNet-50 under one linear layer: MT-IRN and BPCLIP without a reference start from it, and must be above it."""

import torch
from torch import nn

from .resnet50 import CHANNELS, ResNet50

FEATURES = 2 * sum(CHANNELS[1:])


def pooled(levels) -> torch.Tensor:
    """The four stages' outputs [n, c, h, w] -> [n, FEATURES] float32: each channel's mean and standard deviation, stage
    by stage.
    """
    parts = []
    for one in levels:
        one = one.float()
        mean = one.mean((2, 3))
        spread = ((one - mean[:, :, None, None]) ** 2).mean((2, 3))
        parts += [mean, (spread + 1e-8).sqrt()]
    return torch.cat(parts, 1)


def mean_and_size(difference) -> torch.Tensor:
    """A difference of maps [n, c, h, w] -> [n, 2 c]: each channel's mean, and the mean of its absolute values."""
    return torch.cat((difference.mean((2, 3)), difference.abs().mean((2, 3))), 1)


class Probed(nn.Module):
    """A linear layer over standardised features, [n, features] -> [n, 1], for a network that starts as the ridge
    regression on its own features (`probe`) and is tuned from there: a probe first and then fine-tuning keeps more of
    what the backbone knows about pictures unlike those it is tuned on (Kumar et al., ICLR 2022).
    """

    def __init__(self, features: int):
        super().__init__()
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))
        self.head = nn.Linear(features, 1)

    def linear(self, features):
        # The root keeps a step of the optimiser, which moves all weights alike, from moving the score by thousands of
        # them.
        return self.head((features - self.centre) / (self.spread * len(self.centre) ** 0.5))

    @torch.no_grad()
    def probe(self, ridge) -> None:
        """Takes a `features.Ridge` on the features."""
        self.centre.copy_(torch.from_numpy(ridge.mean))
        self.spread.copy_(torch.from_numpy(ridge.scale))
        self.head.weight.copy_(torch.from_numpy(ridge.weights * len(self.centre) ** 0.5)[None])
        self.head.bias.fill_(ridge.offset)


class Pooled(Probed):
    """[n, 3, h, w] R'G'B' 0 to 1, h and w divisible by 32 -> score [n, 1], about 0 (worst) to 1 (best)."""

    name, crop, crops, stride, mean, std = "pooled", 224, 5, None, (0.0,) * 3, (1.0,) * 3

    def __init__(self, frozen_stages=0, learned_norms=False):
        super().__init__(FEATURES)
        self.backbone = ResNet50(frozen_stages, learned_norms)

    def forward(self, x):
        return self.linear(pooled(self.backbone(x)[1:]))

    def parameter_groups(self, lr, head_factor):
        return [
            {"params": [p for p in self.backbone.parameters() if p.requires_grad], "peak": lr},
            {"params": list(self.head.parameters()), "peak": lr * head_factor},
        ]
