# SPDX-License-Identifier: MPL-2.0
"""What trainings of a few layers over kept features share: batches of ladders, losses, the loop, the command line."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import asdict

import numpy as np
import torch
from torch import nn

from .ema import Ema


def joined(parts: Iterable[tuple[np.ndarray, np.ndarray, list]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(features, labels, pairs) of each ladder or set of cells -> the same of all of them, float32.

    Pairs [m, 2] are numbers of rows, of which the first is better.
    """
    features, labels, pairs, first = [], [], [], 0
    for one, label, order in parts:
        features.append(one)
        labels.append(label)
        pairs += [(first + a, first + b) for a, b in order]
        first += len(label)
    return np.concatenate(features).astype(np.float32), np.concatenate(labels).astype(np.float32), np.array(pairs)


def spread(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The error in units of the targets' variance, and 1 - PLCC."""
    a, b = scores - scores.mean(), targets - targets.mean()
    return ((scores - targets) ** 2).mean() / targets.var() + 1 - (a * b).sum() / (a.norm() * b.norm() + 1e-6)


def out_of_order(scores: torch.Tensor, targets: torch.Tensor, pairs: np.ndarray, margin: float) -> torch.Tensor:
    """How much closer the scores of pairs [m, 2], of which the first is better, are than `margin` times the distance
    of their targets, in units of the targets' deviation.
    """
    better, worse = pairs.T
    room = margin * torch.relu(targets[better] - targets[worse]) + 0.01
    return torch.relu(room - scores[better] + scores[worse]).mean() / targets.std()


class Standardised(nn.Module):
    """Layers over standardised features while they learn, the first of them linear."""

    def __init__(self, layers: nn.Sequential, mean: np.ndarray, deviation: np.ndarray):
        super().__init__()
        self.layers, self.mean, self.deviation = layers, torch.from_numpy(mean), torch.from_numpy(deviation + 1e-3)

    def forward(self, x, noise: float = 0.0):
        x = (x - self.mean) / self.deviation
        return self.layers(x + noise * torch.randn_like(x) if noise else x)

    @torch.no_grad()
    def fold(self) -> None:
        """From here the layers take features as they are."""
        first = self.layers[0]
        first.weight /= self.deviation
        first.bias -= first.weight @ self.mean


def descend(
    layers: nn.Module, loss_of: Callable[[], torch.Tensor], steps: int, lr: float, weight_decay: float, ema: float
) -> None:
    """Trains `layers` on what `loss_of` gives at each step, over one cycle; their averaged weights are left in them."""
    optimizer = torch.optim.AdamW(layers.parameters(), lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps, pct_start=0.1)
    averaged = Ema(layers, ema)
    layers.train()
    for step in range(steps):
        optimizer.zero_grad(set_to_none=True)
        loss_of().backward()
        optimizer.step()
        schedule.step()
        averaged.update(layers, step)
    layers.load_state_dict(averaged.shadow)
    layers.eval()


def add_recipe(options: argparse.ArgumentParser, defaults) -> None:
    """An option for each field of a recipe, a dataclass."""
    for name, default in asdict(defaults).items():
        options.add_argument("--" + name.replace("_", "-"), dest=f"recipe_{name}", type=type(default), default=default)


def recipe_of(given: argparse.Namespace, kind):
    return kind(**{name: getattr(given, f"recipe_{name}") for name in asdict(kind())})
