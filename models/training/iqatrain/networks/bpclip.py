# SPDX-License-Identifier: MPL-2.0
"""The networks of BPCLIP (Song et al.), without and with a reference: ResNet-50, attention between levels, adjectives.

Where the paper leaves something open, what is done here:
* The five levels are the stem at half size and the four stages; D is `WIDTH`; attention has one head, as Eq. 3.
* Eq. 4 reads G_i and G_(i+1) themselves, so there are four x_i, each the mean of its 144 weighted tokens put through an
  MLP.
* The bottleneck of the gate (phi) is 1x1 to 64, 3x3, 3x3 to one mask for all channels. Without a reference, W_f goes
  straight to D channels.
* The text side is a sentence encoder's embeddings of forty adjectives (`iqatrain.text`), constants: no CLIP encoder was
  found in what this project can reach.
* The attributes, one for each dimension of adjectives: the mean cosine with those that praise minus the mean with those
  that blame, averaged over the four levels, times a learned scale, through a sigmoid.
"""

import torch
import torch.nn.functional as F
from torch import nn

from ..text import DIMENSIONS, adjectives, embeddings
from .resnet50 import CHANNELS, ResNet50

WIDTH = 208
TOKENS = 12  # a side


class Gate(nn.Module):
    """Eq. 1 and 2, pooling and reduction: a level's maps -> tokens [n, 144, WIDTH].

    `inputs` channels are looked at by the mask, `values` channels are masked.
    """

    def __init__(self, inputs, values, tokens=TOKENS):
        super().__init__()
        self.tokens = tokens
        self.mask = nn.Sequential(
            nn.Conv2d(inputs, 64, 1),
            nn.GELU(),
            nn.Conv2d(64, 64, 3, 1, 1),
            nn.GELU(),
            nn.Conv2d(64, 1, 3, 1, 1),
            nn.Sigmoid(),
        )
        self.values = nn.Conv2d(values, WIDTH, 1)
        self.reduce = nn.Linear(WIDTH, WIDTH)

    def forward(self, seen, masked):
        # Masking, W_f (or the reduction) and pooling are linear in the maps: the order that costs least.
        gated = self.mask(seen) * masked
        window = int(gated.shape[-1]) // self.tokens
        pooled = F.avg_pool2d(gated, window) if window > 1 else gated
        return self.reduce(self.values(pooled).flatten(2).transpose(1, 2))


class Attention(nn.Module):
    """Eq. 3 and the sum of Eq. 4 or 5: queries [n, 144, WIDTH], others [n, 144, WIDTH] -> [n, 144, WIDTH]."""

    def __init__(self):
        super().__init__()
        self.norm_q, self.norm_k = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))

    def forward(self, queries, others):
        q, o = self.norm_q(queries), self.norm_k(others)
        weights = torch.softmax(self.q(q) @ self.k(o).transpose(1, 2) / WIDTH**0.5, -1)
        return weights @ self.v(o) + queries


def mlp(inputs, outputs, *last):
    return nn.Sequential(nn.Linear(inputs, WIDTH), nn.GELU(), nn.Linear(WIDTH, outputs), *last)


class BpClip(nn.Module):
    """Without a reference: [n, 3, 384, 384] R'G'B' 0 to 1. With: two such, the distorted and the reference.

    -> (score [n, 1], about 0 (worst) to 1 (best); attributes [n, 6], 0 (bad) to 1 (good), in the order of
    text.DIMENSIONS)
    """

    mean, std = (0.0,) * 3, (1.0,) * 3

    def __init__(self, reference: bool, dropout=0.1, frozen_stages=0, learned_norms=False, tokens=TOKENS):
        super().__init__()
        self.crop = 32 * tokens  # fewer tokens are for tests
        self.reference, self.name = reference, "bpclip-fr" if reference else "bpclip-nr"
        # Without a reference: the whole frame, in as few crops as cover it. With: five crops at the frame's own scale.
        self.stride = None if reference else self.crop - 64
        self.crops = 5
        self.backbone = ResNet50(frozen_stages, learned_norms)
        self.gates = nn.ModuleList([Gate(c, 3 * c if reference else c, tokens) for c in CHANNELS])
        self.position = nn.Parameter(0.02 * torch.randn(1, tokens**2, WIDTH))
        self.cross = nn.ModuleList([Attention() for _ in range(4)])
        self.own = nn.ModuleList([Attention() for _ in range(4)])
        self.inform = nn.ModuleList([mlp(WIDTH, WIDTH) for _ in range(4)])
        self.weigh = nn.ModuleList([mlp(WIDTH, WIDTH, nn.Sigmoid()) for _ in range(4)])
        words = embeddings()
        self.to_text = nn.ModuleList([mlp(WIDTH, words.shape[1]) for _ in range(4)])
        self.register_buffer("words", F.normalize(torch.from_numpy(words), dim=1), persistent=False)
        self.register_buffer("contrast", contrasts(), persistent=False)
        self.head = nn.Sequential(nn.Linear(4 * len(words), 128), nn.GELU(), nn.Dropout(dropout), nn.Linear(128, 1))
        nn.init.constant_(self.head[-1].bias, 0.5)
        self.attribute_scale = nn.Parameter(torch.full((6,), 10.0))
        self.attribute_shift = nn.Parameter(torch.zeros(6))
        self.attributes = tuple(DIMENSIONS)

    def keep_attributes(self, names):
        """Only these leave the network from now on, in this order; with none of them, the score leaves it alone."""
        chosen = [self.attributes.index(name) for name in names]
        self.contrast = self.contrast[:, chosen]
        self.attribute_scale = nn.Parameter(self.attribute_scale.detach()[chosen])
        self.attribute_shift = nn.Parameter(self.attribute_shift.detach()[chosen])
        self.attributes = tuple(names)

    def tokens(self, distorted, reference):
        levels = self.backbone(distorted)
        if not self.reference:
            return self.tokens_of(levels)
        found = []
        for gate, d, r in zip(self.gates, levels, self.backbone(reference)):
            if len(r) < len(d):  # in training: pictures that share a reference follow each other
                r = r.repeat_interleave(len(d) // len(r), 0)
            difference = (d - r).abs()
            found.append(gate(difference, torch.cat((d, r, difference), 1)))
        return found

    def tokens_of(self, levels):
        """Without a reference: of the backbone's five levels."""
        return [gate(f, f) for gate, f in zip(self.gates, levels)]

    def cosines(self, tokens):
        """[n, 40] for each of the four pairs of levels, of the five levels' tokens: the cosines with the adjectives."""
        g = [one + self.position for one in tokens]
        cosines = []
        for i in range(4):
            information = self.inform[i](self.cross[i](g[i], g[i + 1]))
            weighted = information * self.weigh[i](self.own[i](g[i], g[i]))
            cosines.append(F.normalize(self.to_text[i](weighted.mean(1)), dim=1) @ self.words.T)
        return cosines

    def forward(self, distorted, reference=None):
        cosines = self.cosines(self.tokens(distorted, reference))
        score = self.head(torch.cat(cosines, 1))
        if not self.attributes:
            return score
        attributes = torch.stack(cosines).mean(0) @ self.contrast
        return score, torch.sigmoid(self.attribute_scale * attributes + self.attribute_shift)

    def parameter_groups(self, lr, head_factor):
        """The backbone at `rate`, what starts from nothing at `head_factor` times it."""
        backbone = {id(p) for p in self.backbone.parameters()}
        return [
            {"params": [p for p in self.backbone.parameters() if p.requires_grad], "peak": lr},
            {"params": [p for p in self.parameters() if id(p) not in backbone], "peak": lr * head_factor},
        ]


def positions(code: torch.Tensor, count: int) -> torch.Tensor:
    """A position code [1, n, WIDTH] for `count` tokens, between which it is interpolated where it was learned for
    another number.
    """
    if code.shape[1] == count:
        return code
    old, new = (round(n**0.5) for n in (code.shape[1], count))
    plane = code.reshape(1, old, old, WIDTH).permute(0, 3, 1, 2)
    wanted = F.interpolate(plane, size=(new, new), mode="bilinear", align_corners=False)
    return wanted.permute(0, 2, 3, 1).reshape(1, count, WIDTH)


def contrasts() -> torch.Tensor:
    """[40, 6]: from the cosines to each dimension's mean of praise minus mean of blame."""
    table = adjectives()
    matrix = torch.zeros(len(table), 6)
    for row, (_, dimension, sign) in enumerate(table):
        same = sum(1 for _, d, s in table if (d, s) == (dimension, sign))
        matrix[row, dimension] = sign / same
    return matrix
