# SPDX-License-Identifier: MPL-2.0
"""Frozen features of the backbones, and what a support vector or ridge regression makes of them: the floor to be above.

    python -m iqatrain.features --backbone resnet50 --weights ResNet50 --live ChallengeDB_release --out features
    python -m iqatrain.features --backbone resnet18 --weights AllLegs_combined.pt --cache cache512 --out features

    python -m iqatrain.features --backbone resnet50 --weights ResNet50 --live ChallengeDB_release --short-side 384 \
        --restoration multi/checkpoint.pt --out features

Features of a picture, as it is: mean and standard deviation over places of each channel of the four stages' outputs
([960 * 2] for ResNet-18, [3840 * 2] for ResNet-50). With --restoration (ResNet-50 alone; pictures are cut to multiples
of 16 pixels a side) those of MT-IRN's F1 to F3 follow [448 * 2], then the mean and the mean size of the difference
between conv5_9 of the picture and of its pseudo-reference [2048 * 2]. Interrupted, it goes on from the last 200
pictures.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import data
from .benchmarks import live
from .networks.metaiqa import MEAN, STD
from .networks.mt_irn import load_restoration
from .networks.pooled import mean_and_size, pooled
from .networks.resnet18 import STATISTICS, ResNet18
from .networks.resnet50 import ResNet50

BLOCK, BATCH = 200, 16  # pictures between savings; at once, if they are of one size


class Backbone(nn.Module):
    """uint8 [n, 3, h, w] -> [n, features]."""

    def __init__(self, name: str, weights: Path, restoration: Path | None = None):
        super().__init__()
        self.name = name
        if name == "resnet18":
            self.network = ResNet18()
            self.network.load_torchvision(torch.load(weights, weights_only=True), STATISTICS)
        else:
            self.network = ResNet50()
            self.network.load(weights)
        self.restoration = load_restoration(restoration) if restoration else None

    def stages(self, x):
        if self.name == "resnet50":
            return self.network(x.float().div(255).contiguous(memory_format=torch.channels_last))[1:]
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))
        return self.network.stages(((x.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last))

    @torch.no_grad()
    def forward(self, x):
        if self.restoration is None:
            return pooled(self.stages(x))
        x = x[..., : x.shape[2] // 16 * 16, : x.shape[3] // 16 * 16]
        levels = self.stages(x)
        reference, _, restored = self.restoration((x.float() / 255).contiguous(memory_format=torch.channels_last))
        difference = levels[-1] - self.stages(reference.clamp(0, 1) * 255)[-1]
        return torch.cat((pooled(levels), pooled(restored), mean_and_size(difference)), 1)


def extract(backbone: Backbone, pictures, out: Path, bf16: bool = False) -> np.ndarray:
    """[n, features] float32 of `pictures`, kept in `out` (.npy)."""
    if out.exists():
        return np.load(out)
    unfinished = out.with_suffix(".partial.npy")
    rows = list(np.load(unfinished)) if unfinished.exists() else []
    backbone.eval().to(memory_format=torch.channels_last)
    saved = len(rows)
    while len(rows) < len(pictures):
        following = (np.array(pictures.picture(i)) for i in range(len(rows), min(len(rows) + BATCH, len(pictures))))
        batch = [next(following)]
        batch += itertools.takewhile(lambda one: one.shape == batch[0].shape, following)
        x = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            rows += list(backbone(x).numpy())
        if len(rows) - saved >= BLOCK:
            out.parent.mkdir(parents=True, exist_ok=True)
            np.save(unfinished, np.stack(rows).astype(np.float32))
            saved = len(rows)
            print(f"{out.name}: {saved} of {len(pictures)}", flush=True)
    np.save(out, np.stack(rows).astype(np.float32))
    unfinished.unlink(missing_ok=True)
    return np.load(out)


class Ridge:
    """Ridge regression on standardised features; `strength` is the penalty per training picture, `shares` their weights
    if not equal.
    """

    def __init__(
        self, features: np.ndarray, targets: np.ndarray, strength: float = 1.0, shares: np.ndarray | None = None
    ):
        shares = np.ones(len(features)) if shares is None else shares * len(shares) / shares.sum()
        self.mean = np.average(features, 0, shares).astype(features.dtype)
        self.scale = np.sqrt(np.average((features - self.mean) ** 2, 0, shares)).astype(features.dtype) + 1e-6
        root = np.sqrt(shares).astype(features.dtype)
        x = (features - self.mean) / self.scale * root[:, None]
        self.offset = float(np.average(targets, weights=shares))
        y = (targets - self.offset).astype(np.float64) * root
        if len(x) < x.shape[1]:  # the dual, smaller then
            weights = np.linalg.solve(x @ x.T / x.shape[1] + strength * np.eye(len(x)), y)
            self.weights = x.T @ weights / x.shape[1]
        else:
            gram = x.T @ x / x.shape[1] + strength * np.eye(x.shape[1])
            self.weights = np.linalg.solve(gram, x.T @ y / x.shape[1])

    def __call__(self, features: np.ndarray) -> np.ndarray:
        return ((features - self.mean) / self.scale) @ self.weights + self.offset


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--backbone", choices=("resnet18", "resnet50"), required=True)
    options.add_argument(
        "--weights",
        type=Path,
        required=True,
        help="ImageNet's; or, for resnet50, a checkpoint of a network that has one",
    )
    options.add_argument("--cache", type=Path, help="BIQ2021, as iqatrain.data made it")
    options.add_argument("--parts", type=lambda text: text.split(","), default=["train", "test"], help="of BIQ2021")
    options.add_argument("--live", type=Path, help="ChallengeDB_release")
    options.add_argument(
        "--short-side", type=int, default=0, help="LIVE Challenge's pictures are scaled to it first; 0: as they are"
    )
    options.add_argument("--restoration", type=Path, help="resnet50: MT-IRN's, a checkpoint of iqatrain.restoration")
    options.add_argument("--bf16", action="store_true", help="bfloat16")
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    if given.restoration and given.backbone != "resnet50":
        raise ValueError("--restoration goes with --backbone resnet50, which the difference is taken by")
    backbone = Backbone(given.backbone, given.weights, given.restoration)
    sets = {}
    if given.live:
        sets["live"] = live.Decoded(live.open_live(given.live), given.short_side)
    if given.cache:
        for part in given.parts:
            whole = data.open_biq2021(given.cache, part)
            sets[f"biq2021-{part}"] = whole.take(np.arange(len(whole)))
    for name, pictures in sets.items():
        found = extract(backbone, pictures, given.out / f"{given.backbone}-{name}.npy", given.bf16)
        print(name, found.shape, flush=True)


if __name__ == "__main__":
    main()
