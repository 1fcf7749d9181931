# SPDX-License-Identifier: MPL-2.0
"""A network that says what coding left of a frame, without its reference and without an opinion of what it shows.

It has no paper of its own: `metaiqa`'s backbone at a short side of 768, the statistics of its four stages, two layers.
"""

import torch
from torch import nn

from .metaiqa import MEAN, STD
from .two_scales import FEATURES, VIEW, Backbone, statistics

HIDDEN = 128


class Coding(nn.Module):
    """[n, 3, 224, 224] of a frame at a short side of 768, normalised -> [n, 1], 0 (nothing is left) to 1 (all)."""

    name, crop, crops, stride, short_side, mean, std = "coding", VIEW, 5, None, 768, MEAN, STD

    def __init__(self, dropout=0.3, hidden=HIDDEN):
        super().__init__()
        self.backbone = Backbone()
        self.head = nn.Sequential(
            nn.Linear(FEATURES, hidden), nn.PReLU(), nn.Dropout(dropout), nn.Linear(hidden, 1), nn.Sigmoid()
        )

    def forward(self, x) -> torch.Tensor:
        return self.head(statistics(self.backbone(x)))
