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


class Pooled(nn.Module):
    """[n, 3, h, w] R'G'B' 0 to 1, h and w divisible by 32 -> score [n, 1], about 0 (worst) to 1 (best).

    The linear layer starts as the ridge regression on the frozen features (`probe`), and everything is tuned from
    there: a probe first and then fine-tuning keeps more of what the backbone knows about pictures unlike those it is
    tuned on (Kumar et al., ICLR 2022).
    """

    name, crop, crops, stride, mean, std = "pooled", 224, 5, None, (0.0,) * 3, (1.0,) * 3

    def __init__(self, frozen_stages=0, learned_norms=False):
        super().__init__()
        self.backbone = ResNet50(frozen_stages, learned_norms)
        self.register_buffer("centre", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.head = nn.Linear(FEATURES, 1)

    def forward(self, x):
        # The root keeps a step of the optimiser, which moves all weights alike, from moving the score by thousands of
        # them.
        standard = (pooled(self.backbone(x)[1:]) - self.centre) / (self.spread * FEATURES**0.5)
        return self.head(standard)

    @torch.no_grad()
    def probe(self, ridge) -> None:
        """Takes a `features.Ridge` on FEATURES features."""
        self.centre.copy_(torch.from_numpy(ridge.mean))
        self.spread.copy_(torch.from_numpy(ridge.scale))
        self.head.weight.copy_(torch.from_numpy(ridge.weights * FEATURES**0.5)[None])
        self.head.bias.fill_(ridge.offset)

    def parameter_groups(self, lr, head_factor):
        return [
            {"params": [p for p in self.backbone.parameters() if p.requires_grad], "peak": lr},
            {"params": list(self.head.parameters()), "peak": lr * head_factor},
        ]
