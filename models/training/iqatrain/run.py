"""Trains a network.

    python -m iqatrain.run --cache cache --backbone AllLegs_combined.pt --out run
    python -m iqatrain.run --dry-run --out run

The batch, the learning rate and the dropout of a step follow from the seed and the step's number alone, so that a run
that was stopped and started again (with the same command) ends as one that was not.
"""

import argparse
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import data, distortions, networks
from .measures import plcc, srocc
from .networks.metaiqa import MEAN, STD

STATISTICS = Path(__file__).parent.parent / "resnet18_bn_stats.npz"


@dataclass
class Recipe:
    steps: int = 1500
    batch: int = 32  # pictures with opinion scores
    degraded: int = 4  # of these, how many are joined by two degraded copies
    rate: float = 1e-4  # the backbone's peak learning rate
    head_factor: float = 10.0
    weight_decay: float = 1e-4
    warmup: int = 60
    crop: int = data.CROP
    early_crop: int = 160  # cheaper crops, before `early_share` of the steps
    early_share: float = 0.4
    average: float = 0.998  # decay of the averaged weights
    ranking: float = 0.5  # weight of the ranking loss
    margin: float = 0.4  # of the picture's score, for a whole unit of strength
    seed: int = 1
    bf16: bool = True


def batch_of(pictures, recipe: Recipe, step: int):
    """The crops and targets of one step.

    crops     [batch + 2 * degraded, 3, crop, crop] uint8: the pictures, then each degraded pair (mild, strong)
    targets   [batch]
    strengths [degraded, 2]
    """
    per_epoch = len(pictures) // recipe.batch
    order = np.random.default_rng([recipe.seed, step // per_epoch]).permutation(len(pictures))
    start = step % per_epoch * recipe.batch
    chosen = order[start : start + recipe.batch]
    random = np.random.default_rng([recipe.seed, 7, step])
    size = recipe.early_crop if step < recipe.early_share * recipe.steps else recipe.crop
    crops, copies, strengths = [], [], []
    for i, index in enumerate(chosen):
        picture = pictures.picture(index)
        top = int(random.integers(picture.shape[0] - size + 1))
        left = int(random.integers(picture.shape[1] - size + 1))
        flip = random.random() < 0.5
        views = [picture[top : top + size, left : left + size]]
        if i < recipe.degraded:
            pair, strength = distortions.degraded_pair(picture, top, left, size, random)
            views += pair
            strengths.append(strength)
        views = [view[:, ::-1] if flip else view for view in views]
        crops.append(views[0])
        copies += views[1:]
    stacked = torch.from_numpy(np.stack(crops + copies)).permute(0, 3, 1, 2)
    targets = torch.from_numpy(pictures.mos[chosen].astype(np.float32))
    return stacked, targets, torch.tensor(strengths, dtype=torch.float32).reshape(-1, 2)


def normalised(crops):
    """[n, 3, h, w] uint8 -> float32, as the network wants it."""
    mean = torch.tensor(MEAN).view(3, 1, 1)
    std = torch.tensor(STD).view(3, 1, 1)
    x = (crops.float() / 255 - mean) / std
    return x.contiguous(memory_format=torch.channels_last)


def losses(scores, targets, strengths, variance, recipe: Recipe):
    """(all, error, correlation, ranking) of a batch laid out as `batch_of` says."""
    count = len(targets)
    error = ((scores[:count] - targets) ** 2).mean() / variance
    a, b = scores[:count] - scores[:count].mean(), targets - targets.mean()
    correlation = 1 - (a * b).sum() / (a.norm() * b.norm() + 1e-6)
    if len(strengths):
        pairs = scores[count:].view(-1, 2)
        original, target = scores[: len(strengths)], targets[: len(strengths)]
        room = recipe.margin * target
        mild = torch.relu(room * strengths[:, 0] - (original - pairs[:, 0]))
        strong = torch.relu(room * (strengths[:, 1] - strengths[:, 0]) - (pairs[:, 0] - pairs[:, 1]))
        ranking = (mild + strong).mean() / math.sqrt(variance)
    else:
        ranking = scores.new_zeros(())
    return error + correlation + recipe.ranking * ranking, error, correlation, ranking


def rate_at(step: int, recipe: Recipe) -> float:
    """The share of the peak learning rate: a linear rise, then half a cosine."""
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done))) + 1e-3


@torch.no_grad()
def predictions(network: nn.Module, pictures, crops: int, bf16: bool) -> np.ndarray:
    """A score for each picture: of the centre (crops = 1), or the mean of centre and corners (crops = 5)."""
    network.eval()
    scores = []
    for i in range(len(pictures)):
        views = data.five_crops(pictures.picture(i))[:crops]
        x = normalised(torch.from_numpy(views).permute(0, 3, 1, 2))
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            scores.append(float(network(x).float().mean()))
    return np.array(scores)


class Training:
    """The state that a checkpoint holds: network, its averaged copy, optimiser, step."""

    def __init__(self, network: nn.Module, recipe: Recipe):
        self.recipe, self.step = recipe, 0
        self.network = network.to(memory_format=torch.channels_last)
        self.averaged = {name: value.detach().clone() for name, value in network.state_dict().items()}
        groups = network.parameter_groups(recipe.rate, recipe.head_factor)
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.weight_decay)

    def save(self, path: Path):
        unfinished = path.with_suffix(".partial")
        torch.save(
            {
                "recipe": vars(self.recipe),
                "step": self.step,
                "network": self.network.state_dict(),
                "averaged": self.averaged,
                "optimizer": self.optimizer.state_dict(),
            },
            unfinished,
        )
        unfinished.rename(path)

    def load(self, path: Path):
        saved = torch.load(path, weights_only=True)
        self.step = saved["step"]
        self.network.load_state_dict(saved["network"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.averaged = saved["averaged"]

    def advance(self, batch, variance: float):
        """One step; the values of the losses."""
        recipe = self.recipe
        crops, targets, strengths = batch
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * rate_at(self.step, recipe)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bf16):
            scores = self.network(normalised(crops)).float().flatten()
        parts = losses(scores, targets, strengths, variance, recipe)
        self.optimizer.zero_grad(set_to_none=True)
        parts[0].backward()
        self.optimizer.step()
        decay = min(recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.averaged[name].lerp_(value, 1 - decay)
        self.step += 1
        return [part.item() for part in parts]


def train(training: Training, pictures, validation, out: Path, stop_at=None, every=25, save_every=50):
    """Runs to the recipe's last step, or to `stop_at`; checkpoints and a log go to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    recipe = training.recipe
    last = min(recipe.steps, stop_at or recipe.steps)
    variance = float(np.var(pictures.mos))
    per_epoch = len(pictures) // recipe.batch
    started, kept = time.time(), []
    with ThreadPoolExecutor(1) as ahead, open(out / "log.jsonl", "a") as log:

        def note(**what):
            log.write(json.dumps(what) + "\n")
            log.flush()
            print(json.dumps(what), flush=True)

        ready = [ahead.submit(batch_of, pictures, recipe, s) for s in range(training.step, min(training.step + 3, last))]
        while training.step < last:
            batch = ready.pop(0).result()
            if training.step + 3 < last:
                ready.append(ahead.submit(batch_of, pictures, recipe, training.step + 3))
            kept.append(training.advance(batch, variance))
            step = training.step
            if step % every == 0 or step == last:
                means = [round(float(x), 4) for x in np.mean(kept, 0)]
                note(step=step, seconds=round(time.time() - started, 1), losses=means)
                kept = []
            if step % save_every == 0 or step == last:
                training.save(out / "checkpoint.pt")
            if step % per_epoch == 0 or step == recipe.steps:
                crops = 5 if step == recipe.steps else 1
                scores = predictions(averaged_network(training), validation, crops, recipe.bf16)
                note(step=step, crops=crops, validation_srocc=srocc(scores, validation.mos), validation_plcc=plcc(scores, validation.mos))


def averaged_network(training: Training) -> nn.Module:
    network = networks.build("metaiqa")
    network.load_state_dict(training.averaged)
    return network.to(memory_format=torch.channels_last)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", default="metaiqa")
    options.add_argument("--cache", type=Path, help="what iqatrain.data made")
    options.add_argument("--backbone", type=Path, help="a ResNet-18 state dict with torchvision's names")
    options.add_argument("--out", type=Path, required=True, help="checkpoint and log; a checkpoint there is resumed")
    options.add_argument("--held-out", type=int, default=500, help="training pictures kept for validation")
    options.add_argument("--frozen-blocks", type=int, default=2, help="how many of the eight blocks, with the stem, stay as they were")
    options.add_argument("--dry-run", action="store_true", help="a few steps on made pictures, from random weights")
    for name, default in vars(Recipe()).items():
        if not isinstance(default, bool):
            options.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    options.add_argument("--fp32", action="store_true", help="no bfloat16")
    given = options.parse_args()
    recipe = Recipe(**{name: getattr(given, name) for name in vars(Recipe()) if name != "bf16"}, bf16=not given.fp32)
    torch.manual_seed(recipe.seed)
    network = networks.build(given.network, frozen_blocks=given.frozen_blocks)
    if given.dry_run:
        recipe.steps, recipe.batch, recipe.degraded, recipe.early_crop, recipe.warmup = 4, 4, 2, 128, 1
        pictures, validation = data.split(data.made_pictures(16), 8)
    else:
        pictures, validation = data.split(data.open_biq2021(given.cache, "train"), given.held_out)
        network.backbone.load_torchvision(torch.load(given.backbone, weights_only=True), STATISTICS)
    training = Training(network, recipe)
    if (given.out / "checkpoint.pt").exists():
        training.load(given.out / "checkpoint.pt")
        print(f"resumed at step {training.step}", flush=True)
    train(training, pictures, validation, given.out)


if __name__ == "__main__":
    main()
