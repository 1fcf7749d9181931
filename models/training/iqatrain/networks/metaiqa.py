# SPDX-License-Identifier: MPL-2.0
"""The network of MetaIQA (Zhu et al., CVPR 2020): a ResNet-18 and two fully connected layers."""

import torch
from torch import nn

from .resnet18 import ResNet18

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class MetaIqa(nn.Module):
    """[n, 3, 224, 224], normalised with MEAN and STD -> [n, 1], 0 (worst) to 1 (best).

    ResNet-18 [n, 512, 7, 7] -> average [n, 512] -> 512 PReLU, dropout -> 1 -> sigmoid
    """

    name, crop, crops, stride, mean, std = "metaiqa", 224, 5, None, MEAN, STD

    def __init__(self, dropout=0.5, frozen_blocks=0):
        super().__init__()
        self.backbone = ResNet18(frozen_blocks)
        self.head = nn.Sequential(nn.Linear(512, 512), nn.PReLU(), nn.Dropout(dropout), nn.Linear(512, 1))

    def forward(self, x):
        features = self.backbone(x).mean((2, 3))
        return torch.sigmoid(self.head(features))

    def parameter_groups(self, lr, head_factor):
        """The head starts from nothing and learns faster than the backbone."""
        return [
            {"params": [p for p in self.backbone.parameters() if p.requires_grad], "peak": lr},
            {"params": list(self.head.parameters()), "peak": lr * head_factor},
        ]
