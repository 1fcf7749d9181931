# SPDX-License-Identifier: MPL-2.0
"""The trainer that every run shares: optimizer, learning rate, averaged weights, checkpoints, a log.

What a step sees follows from the seed and the step's number alone, so a run that was stopped and started again with
the same command ends as one that was not.
"""

import copy
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .ema import Ema
from .lr import warmup_cosine


@dataclass
class Recipe:
    """The hyperparameters that every run has."""

    steps: int = 1500
    lr: float = 1e-4  # the peak learning rate of pretrained layers
    head_factor: float = 10.0  # times that for layers that start from random weights
    weight_decay: float = 1e-4
    warmup: int = 60  # steps
    ema: float = 0.998  # decay of the averaged weights
    seed: int = 1
    crop: int = 0  # pixels a side; 0: the network's own
    bf16: bool = True  # bfloat16 autocast


def best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def autocast(device: str, enabled: bool):
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=enabled)


def write_atomically(state: dict, path: Path) -> None:
    """A reader, or a run that is cut off here, finds the old file or the new one."""
    unfinished = path.with_suffix(".partial")
    torch.save(state, unfinished)
    unfinished.rename(path)


class Trainer:
    """The state that a checkpoint holds: network, averaged weights, optimizer, step.

    A subclass has `training_step(batch)`, which calls `update` with its loss and returns the losses to be logged.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, device: str = "cpu"):
        self.recipe, self.step, self.device = recipe, 0, device
        recipe.crop = recipe.crop or network.crop
        self.network = network.to(device=device, memory_format=torch.channels_last)
        self.ema = Ema(network, recipe.ema)
        groups = [group for group in network.parameter_groups(recipe.lr, recipe.head_factor) if group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.lr, weight_decay=recipe.weight_decay)

    def training_step(self, batch) -> list[float]:
        raise NotImplementedError(f"{type(self).__name__} has no training_step")

    def save(self, path: Path) -> None:
        write_atomically(
            {
                "recipe": vars(self.recipe),
                "step": self.step,
                "network": self.network.state_dict(),
                "ema": self.ema.shadow,
                "optimizer": self.optimizer.state_dict(),
            },
            path,
        )

    def load(self, path: Path) -> None:
        saved = torch.load(path, weights_only=True, map_location=self.device)
        if "network" not in saved:
            raise ValueError(
                f"{path} has averaged weights alone and cannot be resumed: start another run from it (--start {path})"
            )
        self.step = saved["step"]
        self.network.load_state_dict(saved["network"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.ema.shadow = saved["ema"]

    def resume(self, out: Path) -> None:
        """Goes on from the checkpoint in `out`, if there is one."""
        if (out / "checkpoint.pt").exists():
            self.load(out / "checkpoint.pt")
            print(f"resumed {out / 'checkpoint.pt'} at step {self.step}", flush=True)

    def ema_network(self) -> nn.Module:
        """A copy of the network with the averaged weights."""
        network = copy.deepcopy(self.network)
        network.load_state_dict(self.ema.shadow)
        return network

    def update(self, loss_of: Callable) -> list[float]:
        """One step on `loss_of(network)`, which returns a list: what is minimised, then what is only logged."""
        recipe = self.recipe
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * warmup_cosine(self.step, recipe.steps, recipe.warmup)
        parts = loss_of(self.network)
        self.optimizer.zero_grad(set_to_none=True)
        parts[0].backward()
        self.optimizer.step()
        self.ema.update(self.network, self.step)
        self.step += 1
        return [float(part.detach()) for part in parts]

    def fit(
        self,
        batches: Callable[[int, int], Iterable],
        out: Path,
        validate: Callable[[bool], dict] | None = None,
        validate_every: int = 0,
        stop_at: int | None = None,
        log_every: int = 25,
        save_seconds: float = 120.0,
    ) -> None:
        """Trains to the recipe's last step, or to `stop_at`; checkpoint.pt and log.jsonl go to `out`.

        `batches(first, stop)` returns the batches of those steps (`iqatrain.datasets` makes loaders of that form);
        `validate(last)` returns what is logged after each `validate_every` steps and the last one.
        """
        out.mkdir(parents=True, exist_ok=True)
        last = min(self.recipe.steps, stop_at or self.recipe.steps)
        if self.step >= last:
            return
        started = saved = time.time()
        kept = []
        with open(out / "log.jsonl", "a") as log:

            def note(**what):
                log.write(json.dumps(what) + "\n")
                log.flush()
                print(json.dumps(what), flush=True)

            for batch in batches(self.step, last):
                kept.append(self.training_step(batch))
                step = self.step
                if step % log_every == 0 or step == last:
                    means = [round(float(x), 4) for x in np.mean(kept, 0)]
                    note(step=step, seconds=round(time.time() - started, 1), losses=means)
                    kept = []
                if step == last or time.time() - saved > save_seconds:
                    self.save(out / "checkpoint.pt")
                    saved = time.time()
                if validate and ((validate_every and step % validate_every == 0) or step == self.recipe.steps):
                    note(step=step, **validate(step == self.recipe.steps))
