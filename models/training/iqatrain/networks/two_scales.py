# SPDX-License-Identifier: MPL-2.0
"""MetaIQA's network, looking at each crop twice: as it did before, shrunk, and at the middle of it as it is."""

import torch
import torch.nn.functional as F
from torch import nn

from .metaiqa import MEAN, STD, MetaIqa
from .resnet18 import ResNet18

VIEW = 224  # pixels a side of what the backbone sees
CHANNELS = (64, 128, 256, 512)
FEATURES = 2 * sum(CHANNELS)  # of a view
HIDDEN = 128


def statistics(stages) -> torch.Tensor:
    """The stages' outputs [n, c, h, w] -> [n, FEATURES]: each channel's mean and standard deviation, stage by stage."""
    parts = []
    for one in stages:
        mean = one.mean((2, 3))
        parts += [mean, ((one * one).mean((2, 3)) - mean * mean).clamp(min=0).add(1e-8).sqrt()]
    return torch.cat(parts, 1)


class Backbone(ResNet18):
    """[n, 3, h, w] -> the outputs of the four stages."""

    def forward(self, x):
        return self.stages(x)


class TwoScales(nn.Module):
    """[n, 3, 448, 448] of a frame at a short side of 768, normalised -> [n, 1], 0 (worst) to 1 (best).

    The crop shrunk to 224 and its middle 224 as they are, one batch -> ResNet-18 -> statistics of its stages
    [n, 2 * 1920] -> 128 PReLU, dropout -> 1; added to it, what MetaIQA's own head says of the shrunk one; sigmoid
    """

    name, crop, crops, stride, short_side, mean, std = "metaiqa", 2 * VIEW, 5, None, 768, MEAN, STD

    def __init__(self, dropout=0.3, hidden=HIDDEN):
        super().__init__()
        self.backbone = Backbone()
        self.head = MetaIqa().head
        wide, dropped = nn.Linear(2 * FEATURES, hidden), nn.Dropout(dropout)
        self.further = nn.Sequential(wide, nn.PReLU(), dropped, nn.Linear(hidden, 1))

    def features(self, x) -> torch.Tensor:
        """[n, 2 * FEATURES]: the shrunk view's, then the middle's."""
        edge = (x.shape[3] - VIEW) // 2
        both = torch.cat([F.avg_pool2d(x, 2), x[:, :, edge : edge + VIEW, edge : edge + VIEW]])
        found = statistics(self.backbone(both))
        return found.reshape(2, -1, FEATURES).permute(1, 0, 2).reshape(-1, 2 * FEATURES)

    def score(self, features) -> torch.Tensor:
        """[n, 1] of what `features` gives, which may have been kept."""
        # The means of the shrunk view's fourth stage are what the head of one scale learned from.
        last = features[:, FEATURES - 2 * CHANNELS[-1] : FEATURES - CHANNELS[-1]]
        return torch.sigmoid(self.head(last) + self.further(features))

    def forward(self, x):
        return self.score(self.features(x))
