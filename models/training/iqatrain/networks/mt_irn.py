# SPDX-License-Identifier: MPL-2.0
"""The network of MT-IRN (Chen, Fu, Yu, Chu): a U-Net that restores the picture, and a ResNet-50 that compares.

Where the paper leaves something open, what is done here:
* F1, F2, F3 are the outputs of D2, D1 and E6: by size they are what goes with conv2_10, conv3_12 and conv4_18.
* Eq. 2 as printed multiplies the attention maps with F_R and F_C; its text multiplies them with the maps that they are
  made of, the convolved ones. The text is followed, after a sigmoid.
* Each branch of the multi-scale convolution has `WIDTH` channels.
* D5's output is added to the input: it learns what is to be changed. The transposed convolutions have output padding 1
  where the stride is 2; the activations are ReLU. Each convolution of the U-Net but D5 and D6 is batch-normalised,
  without which the SSIM map was not learned in the number of steps that can be afforded here; in the whole, the norms'
  statistics stand still.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .resnet50 import CHANNELS, ResNet50

WIDTH = 64
DIFFERENCE = 96
HIDDEN = 256
RESTORED = (64, 128, 256)  # channels of F1 to F3


@dataclass(frozen=True)
class Parts:
    """What of the network there is; without fusion, the maps' averages are put side by side."""

    restoration: bool = True
    difference: bool = True
    fusion: bool = True
    printed: bool = False  # Eq. 2


# Table 7, from its baseline on.
PARTS = {
    "baseline": Parts(False, False, False),
    "restoration": Parts(True, False, False),
    "difference": Parts(True, True, False),
    "whole": Parts(),
    "printed": Parts(printed=True),
}


class Normed(nn.Module):
    """A convolution, transposed or not, and its batch norm; one convolution in the exported network."""

    def __init__(self, conv):
        super().__init__()
        self.conv, self.norm = conv, nn.BatchNorm2d(conv.out_channels)

    def folded(self):
        """The single convolution, for inference."""
        return fuse_conv_bn_eval(self.conv, self.norm, transpose=isinstance(self.conv, nn.ConvTranspose2d))

    @torch.no_grad()
    def unfold(self, weight, bias):
        """Takes what `folded` gave, into a new module: its norm, which changes nothing yet, then stays so."""
        self.conv.weight.copy_(weight)
        self.conv.bias.copy_(bias)
        self.norm.running_var.fill_(1 - self.norm.eps)

    def forward(self, x):
        return self.norm(self.conv(x))


class Residual(nn.Module):
    """Figure 3: two 3x3 convolutions, the first with the stride: [n, in, h, w] -> [n, out, h / stride, w / stride]."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = Normed(nn.Conv2d(inputs, outputs, 3, stride, 1))
        self.conv2 = Normed(nn.Conv2d(outputs, outputs, 3, 1, 1))
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if stride != 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.conv2(F.relu(self.conv1(x))) + self.shortcut(x))


def up(inputs, outputs):
    return Normed(nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1))


class Restoration(nn.Module):
    """The multitask image restoration sub-network, Table 1. [n, 3, h, w] R'G'B' 0 to 1, h and w divisible by 16 ->

    reference [n, 3, h, w]: the pseudo-reference; ssim [n, 1, h, w]: the predicted SSIM map, up to 1;
    features: D2 [n, 64, h/4, w/4], D1 [n, 128, h/8, w/8], E6 [n, 256, h/16, w/16].
    """

    def __init__(self):
        super().__init__()
        self.e1 = Normed(nn.Conv2d(3, 16, 3, 1, 1))
        self.e2 = Residual(16, 16, 1)
        self.e3 = Residual(16, 32, 2)
        self.e4 = Residual(32, 64, 2)
        self.e5 = Residual(64, 128, 2)
        self.e6 = Residual(128, 256, 2)
        self.d1, self.d2, self.d3, self.d4 = up(256, 128), up(256, 64), up(128, 32), up(64, 16)
        self.d5 = nn.ConvTranspose2d(16, 3, 3, 1, 1)
        self.d6 = nn.ConvTranspose2d(16, 1, 3, 1, 1)
        for zero in self.d5.parameters():  # it starts as the identity
            nn.init.zeros_(zero)
        nn.init.ones_(self.d6.bias)

    def forward(self, x):
        e3 = self.e3(self.e2(F.relu(self.e1(x))))
        e4 = self.e4(e3)
        e5 = self.e5(e4)
        e6 = self.e6(e5)
        d1 = F.relu(self.d1(e6))
        d2 = F.relu(self.d2(torch.cat((d1, e5), 1)))
        d3 = F.relu(self.d3(torch.cat((d2, e4), 1)))
        d4 = F.relu(self.d4(torch.cat((d3, e3), 1)))
        return x + self.d5(d4), self.d6(d4), (d2, d1, e6)


def load_restoration(checkpoint: Path) -> Restoration:
    """The restoration network in a checkpoint of it alone, or of a whole MT-IRN."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")["ema"]
    network = Restoration()
    found = {name.removeprefix("restoration."): one for name, one in state.items() if name.startswith("restoration.")}
    if not found:
        raise ValueError(f"{checkpoint} has no restoration network: one of iqatrain.restoration or of mt-irn is needed")
    network.load_state_dict(found)
    return network.eval()


class MultiScale(nn.Module):
    """Eq. 1: 3x3, twice 3x3 and 1x1 side by side: [n, in, h, w] -> [n, 3 WIDTH, h, w]."""

    def __init__(self, inputs):
        super().__init__()
        self.three = nn.Conv2d(inputs, WIDTH, 3, 1, 1)
        self.five = nn.Sequential(nn.Conv2d(inputs, WIDTH, 3, 1, 1), nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 3, 1, 1))
        self.one = nn.Conv2d(inputs, WIDTH, 1)

    def forward(self, x):
        return F.relu(torch.cat((self.three(x), self.five(x), self.one(x)), 1))


class SpatialAttention(nn.Module):
    """Eq. 2: where to look, [n, 1, h, w], by a 5x5 convolution of the largest and the mean channel; the size stays."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 5, 1, 2)

    def forward(self, x):
        return torch.sigmoid(self.conv(torch.cat((x.amax(1, keepdim=True), x.mean(1, keepdim=True)), 1)))


class Fusion(nn.Module):
    """Restoration [n, r, h, w] and content [n, c, h, w] -> [n, out], the mean of the fused maps (Eq. 2 and 3); `out` is
    6 WIDTH, or r + c with Eq. 2 as `printed`, which weighs the maps that came in and not the convolved ones.
    """

    def __init__(self, restoration, content, printed=False):
        super().__init__()
        self.printed, self.out = printed, restoration + content if printed else 6 * WIDTH
        self.restoration = nn.Sequential(MultiScale(restoration), SpatialAttention())
        self.content = nn.Sequential(MultiScale(content), SpatialAttention())
        self.channels = nn.Linear(self.out, self.out)

    def attended(self, branch, x):
        convolved = branch[0](x)
        return (x if self.printed else convolved) * branch[1](convolved)

    def forward(self, restoration, content):
        # The channel weights are the same at every place, so the average can be taken before they are applied.
        both = self.attended(self.restoration, restoration), self.attended(self.content, content)
        fused = torch.cat([one.mean((2, 3)) for one in both], 1)
        return fused * torch.sigmoid(self.channels(fused))


class MtIrn(nn.Module):
    """[n, 3, 224, 224] R'G'B' 0 to 1 -> (score [n, 1], 0 (worst) to 1 (best), map [n, 1, 224, 224], the SSIM map).

    `parts` names one of PARTS: what of the network there is, for the ablation of Table 7. Without restoration the score
    leaves it alone.
    """

    name, crop, crops, stride, mean, std = "mt-irn", 224, 5, None, (0.0,) * 3, (1.0,) * 3

    def __init__(self, dropout=0.3, frozen_stages=0, learned_norms=True, parts="whole"):
        super().__init__()
        if parts not in PARTS:
            raise ValueError(f"parts are {parts!r}, and not one of {', '.join(PARTS)}")
        self.parts = PARTS[parts]
        self.restoration = Restoration() if self.parts.restoration else None
        self.backbone = ResNet50(frozen_stages, learned_norms)
        levels = list(zip(RESTORED, CHANNELS[1:4]))
        self.fusions = self.difference = None
        if self.parts.fusion:
            self.fusions = nn.ModuleList([Fusion(*one, printed=self.parts.printed) for one in levels])
            features = sum(one.out for one in self.fusions)
        else:
            features = sum(CHANNELS[1:4]) + (sum(RESTORED) if self.parts.restoration else 0)
        if self.parts.difference:
            self.difference = nn.Conv2d(2048, DIFFERENCE, 1)
            features += DIFFERENCE
        self.head = nn.Sequential(
            nn.Linear(2048 + features, HIDDEN), nn.PReLU(), nn.Dropout(dropout), nn.Linear(HIDDEN, 1)
        )

    def train(self, mode=True):
        super().train(mode)
        if self.restoration is not None:
            self.restoration.eval()
        return self

    def features(self, levels, restored, better):
        """What the head sees [n, features], of the backbone's five levels, the restoration's three feature maps, and
        the pseudo-reference's last level; the latter two None where the network has no such part.
        """
        top, content = levels[4], levels[1:4]
        found = [top.mean((2, 3))]
        if self.difference is not None:
            # A 1x1 convolution of the average is the average of the convolution.
            found.append(self.difference((top - better).mean((2, 3), keepdim=True)).flatten(1))
        if self.fusions is not None:
            found += [fusion(r, c) for fusion, r, c in zip(self.fusions, restored, content)]
        else:
            found += [one.mean((2, 3)) for one in (*content, *(restored or ()))]
        return torch.cat(found, 1)

    def score(self, *parts):
        return torch.sigmoid(self.head(self.features(*parts)))

    def forward(self, x):
        levels = self.backbone(x)
        if self.restoration is None:
            return self.score(levels, None, None)
        reference, ssim, restored = self.restoration(x)
        better = self.backbone(reference.clamp(0, 1))[4] if self.difference is not None else None
        return self.score(levels, restored, better), ssim

    def parameter_groups(self, lr, head_factor):
        """Backbone and U-Net at `rate`, what starts from nothing at `head_factor` times it."""
        slow = [self.backbone, self.restoration]
        fast = [self.fusions, self.difference, self.head]
        return [
            {
                "params": [p for part in some if part is not None for p in part.parameters() if p.requires_grad],
                "peak": peak,
            }
            for some, peak in ((slow, lr), (fast, lr * head_factor))
        ]
