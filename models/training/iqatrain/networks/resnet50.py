# SPDX-License-Identifier: MPL-2.0
"""ResNet-50 without its classifier, in its original form, with batch norm's statistics held fixed."""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .resnet18 import FoldedConv

# What Keras' ResNet-50 expects: 0 to 255, R G B minus these.
MEAN_255 = (123.68, 116.779, 103.939)
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks and inner width of conv2_x to conv5_x
CHANNELS = (64, 256, 512, 1024, 2048)  # of the five levels
KERAS_EPSILON = 1e-3


class Bottleneck(nn.Module):
    """1x1 (with the stride), 3x3, 1x1 beside a shortcut: [n, in, h, w] -> [n, 4 width, h / stride, w / stride]."""

    def __init__(self, inputs, width, stride, project):
        super().__init__()
        self.conv1 = FoldedConv(inputs, width, 1, stride)
        self.conv2 = FoldedConv(width, width, 3)
        self.conv3 = FoldedConv(width, 4 * width, 1)
        self.shortcut = FoldedConv(inputs, 4 * width, 1, stride) if project else nn.Identity()

    def forward(self, x):
        y = F.relu(self.conv1(x))
        y = F.relu(self.conv2(y))
        return F.relu(self.conv3(y) + self.shortcut(x))


class ResNet50(nn.Module):
    """[n, 3, h, w] full-range R'G'B' 0 to 1 -> five levels, h and w divisible by 32:

    stem [n, 64, h/2, w/2], conv2_10 [n, 256, h/4, w/4], conv3_12 [n, 512, h/8, w/8], conv4_18 [n, 1024, h/16, w/16],
    conv5_9 [n, 2048, h/32, w/32].

    `learned_norms` false keeps batch norm's scales and shifts as they are. With `frozen_stages` s, the stem and the
    first s of the four stages stay as they were.
    """

    def __init__(self, frozen_stages=0, learned_norms=True):
        super().__init__()
        self.stem = FoldedConv(3, 64, 7, 2)
        inputs, stages = 64, []
        for number, (blocks, width) in enumerate(STAGES):
            stage = [Bottleneck(inputs, width, 2 if number else 1, project=True)]
            stage += [Bottleneck(4 * width, width, 1, project=False) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(*stage))
            inputs = 4 * width
        self.stages = nn.ModuleList(stages)
        self.register_buffer("mean_255", torch.tensor(MEAN_255).view(3, 1, 1), persistent=False)
        # Until weights are loaded: keeps the sums of blocks and the wide input within the range of a sigmoid's slope.
        self.stem.variance.fill_(255.0**2)
        for stage in self.stages:
            for block in stage:
                nn.init.constant_(block.conv3.scale, 0.2)
        if not learned_norms:
            for module in self.modules():
                if isinstance(module, FoldedConv):
                    module.scale.requires_grad_(False)
                    module.shift.requires_grad_(False)
        if frozen_stages:
            for part in (self.stem, *self.stages[:frozen_stages]):
                part.requires_grad_(False)

    def lower(self, x):
        """The first four levels."""
        levels = [F.relu(self.stem(x * 255 - self.mean_255))]
        x = F.max_pool2d(levels[0], 3, 2, 1)
        for stage in self.stages[:3]:
            x = stage(x)
            levels.append(x)
        return levels

    def forward(self, x):
        levels = self.lower(x)
        return [*levels, self.stages[3](levels[3])]

    def load_keras(self, weights: dict) -> None:
        """Takes the arrays of Keras' ResNet-50 (`read_tfjs`): BGR input, kernels [h, w, in, out], norms with epsilon
        1e-3.
        """
        pairs = [(self.stem, "conv1", "bn_conv1")]
        for number, stage in enumerate(self.stages):
            for block, letter in zip(stage, "abcdef"):
                name = f"{number + 2}{letter}_branch"
                parts = [(block.conv1, "2a"), (block.conv2, "2b"), (block.conv3, "2c")]
                if isinstance(block.shortcut, FoldedConv):
                    parts.append((block.shortcut, "1"))
                pairs += [(module, f"res{name}{part}", f"bn{name}{part}") for module, part in parts]
        with torch.no_grad():
            for module, conv, norm in pairs:
                kernel = torch.from_numpy(weights[f"{conv}/kernel"].transpose(3, 2, 0, 1).copy())
                module.weight.copy_(kernel.flip(1) if module is self.stem else kernel)
                module.scale.copy_(torch.from_numpy(weights[f"{norm}/gamma"].copy()))
                module.shift.copy_(torch.from_numpy(weights[f"{norm}/beta"].copy()))
                # The convolution's bias moves the mean; the larger epsilon goes into the variance (FoldedConv adds
                # 1e-5).
                module.mean.copy_(torch.from_numpy(weights[f"{norm}/moving_mean"] - weights[f"{conv}/bias"]))
                module.variance.copy_(torch.from_numpy(weights[f"{norm}/moving_variance"] + (KERAS_EPSILON - 1e-5)))

    def load(self, path: Path) -> None:
        """ImageNet weights, from a folder with a tfjs model; or the ResNet-50 in a checkpoint of a whole network."""
        if path.is_dir():
            self.load_keras(read_tfjs(path))
            return
        state, prefix = torch.load(path, weights_only=True, map_location="cpu")["ema"], "backbone."
        self.load_state_dict(
            {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        )


def read_tfjs(folder: Path) -> dict:
    """The arrays of a TensorFlow.js layers model, by name: `model.json` and the float32 shards that it lists."""
    arrays = {}
    for group in json.loads((Path(folder) / "model.json").read_text())["weightsManifest"]:
        data = b"".join((Path(folder) / path).read_bytes() for path in group["paths"])
        start = 0
        for weight in group["weights"]:
            if weight["dtype"] != "float32" or "quantization" in weight:
                raise ValueError(f"{folder}: {weight['name']} is {weight['dtype']}, only plain float32 is read")
            count = int(np.prod(weight["shape"]))
            arrays[weight["name"]] = np.frombuffer(data, "<f4", count, start).reshape(weight["shape"])
            start += 4 * count
        if start != len(data):
            raise ValueError(f"{folder}: the shards have {len(data)} bytes, their list says {start}")
    return arrays
