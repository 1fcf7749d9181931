# SPDX-License-Identifier: MPL-2.0
"""ResNet-18 without its classifier, with batch norm's statistics held fixed."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

STATISTICS = Path(__file__).parents[2] / "resnet18_bn_stats.npz"


class FoldedConv(nn.Module):
    """A convolution and the batch norm behind it, as one convolution.

    [n, in, h, w] -> [n, out, h / stride, w / stride]

    The norm's mean and variance stay what they were on photographs, its scale and shift are learned. So a picture's
    score depends on no other picture of its batch, the degraded copies among them, and no norm remains to be run.
    """

    def __init__(self, inputs, outputs, size, stride=1):
        super().__init__()
        self.stride, self.padding = stride, size // 2
        self.weight = nn.Parameter(torch.empty(outputs, inputs, size, size))
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        self.scale = nn.Parameter(torch.ones(outputs))
        self.shift = nn.Parameter(torch.zeros(outputs))
        self.register_buffer("mean", torch.zeros(outputs))
        self.register_buffer("variance", torch.ones(outputs))

    def folded(self):
        """The weight and bias of the single convolution."""
        factor = self.scale * torch.rsqrt(self.variance + 1e-5)
        return self.weight * factor[:, None, None, None], self.shift - self.mean * factor

    @torch.no_grad()
    def unfold(self, weight, bias):
        """Takes what `folded` gave; the norm's scale is 1 from here."""
        self.weight.copy_(weight)
        self.scale.fill_(1)
        self.shift.copy_(bias)
        self.mean.zero_()
        self.variance.fill_(1 - 1e-5)

    def forward(self, x):
        weight, bias = self.folded()
        return F.conv2d(x, weight, bias, self.stride, self.padding)


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut: [n, in, h, w] -> [n, out, h / stride, w / stride]."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = FoldedConv(inputs, outputs, 3, stride)
        self.conv2 = FoldedConv(outputs, outputs, 3)
        self.shortcut = FoldedConv(inputs, outputs, 1, stride) if stride != 1 else nn.Identity()

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        return F.relu(y + self.shortcut(x))


class ResNet18(nn.Module):
    """[n, 3, h, w], normalised as for ImageNet -> [n, 512, h / 32, w / 32].

    With `frozen_blocks` above 0, the stem and so many of the eight blocks stay as they were.
    """

    def __init__(self, frozen_blocks=0):
        super().__init__()
        self.stem = FoldedConv(3, 64, 7, 2)
        stages, inputs = [], 64
        for stage, outputs in enumerate((64, 128, 256, 512)):
            stages += [Block(inputs, outputs, 2 if stage else 1), Block(outputs, outputs, 1)]
            inputs = outputs
        self.blocks = nn.Sequential(*stages)
        if frozen_blocks:
            for part in (self.stem, *self.blocks[:frozen_blocks]):
                part.requires_grad_(False)

    def stages(self, x):
        """The outputs of the four stages: 64 channels at h / 4 to 512 at h / 32."""
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, 1)
        outputs = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i % 2:
                outputs.append(x)
        return outputs

    def forward(self, x):
        return self.stages(x)[-1]

    def load_torchvision(self, weights: dict, statistics: str) -> None:
        """Takes torchvision's names; batch norm's mean and variance come from the .npz file `statistics`."""
        measured = np.load(statistics)
        pairs = [(self.stem, "conv1", "bn1")]
        for i, block in enumerate(self.blocks):
            name = f"layer{i // 2 + 1}.{i % 2}"
            pairs += [(block.conv1, f"{name}.conv1", f"{name}.bn1"), (block.conv2, f"{name}.conv2", f"{name}.bn2")]
            if isinstance(block.shortcut, FoldedConv):
                pairs.append((block.shortcut, f"{name}.downsample.0", f"{name}.downsample.1"))
        with torch.no_grad():
            for module, conv, norm in pairs:
                module.weight.copy_(weights[f"{conv}.weight"])
                module.scale.copy_(weights[f"{norm}.weight"])
                module.shift.copy_(weights[f"{norm}.bias"])
                module.mean.copy_(torch.from_numpy(measured[f"{norm}.running_mean"]))
                module.variance.copy_(torch.from_numpy(measured[f"{norm}.running_var"]))
