# SPDX-License-Identifier: MPL-2.0
"""The training loop that every run shares: device, schedule, averaged weights, checkpoints, a log.

What a step sees follows from the seed and the step's number alone, so that a run that was stopped and started again
(with the same command) ends as one that was not.
"""

import json
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn


@dataclass
class Schedule:
    """What every recipe has."""

    steps: int = 1500
    rate: float = 1e-4  # the peak learning rate of what was trained before
    head_factor: float = 10.0  # times that for what starts from nothing
    weight_decay: float = 1e-4
    warmup: int = 60
    average: float = 0.998  # decay of the averaged weights
    seed: int = 1
    crop: int = 0  # 0: the network's own
    bf16: bool = True


def rate_at(step: int, schedule: Schedule) -> float:
    """The share of the peak learning rate: a linear rise, then half a cosine."""
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    done = (step - schedule.warmup) / max(1, schedule.steps - schedule.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done))) + 1e-3


def best_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def autocast(device: str, enabled: bool):
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=enabled)


def write_atomically(state: dict, path: Path) -> None:
    """A reader, or a run that is cut off here, finds the old file or the new one."""
    unfinished = path.with_suffix(".partial")
    torch.save(state, unfinished)
    unfinished.rename(path)


class Loop:
    """The state that a checkpoint holds: network, its averaged copy, optimiser, step."""

    def __init__(self, network: nn.Module, recipe: Schedule, device: str = "cpu"):
        self.recipe, self.step, self.device = recipe, 0, device
        recipe.crop = recipe.crop or network.crop
        self.network = network.to(device=device, memory_format=torch.channels_last)
        self.averaged = {name: value.detach().clone() for name, value in network.state_dict().items()}
        groups = [group for group in network.parameter_groups(recipe.rate, recipe.head_factor) if group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.weight_decay)

    def save(self, path: Path) -> None:
        write_atomically(
            {
                "recipe": vars(self.recipe),
                "step": self.step,
                "network": self.network.state_dict(),
                "averaged": self.averaged,
                "optimizer": self.optimizer.state_dict(),
            },
            path,
        )

    def load(self, path: Path) -> None:
        saved = torch.load(path, weights_only=True, map_location=self.device)
        self.step = saved["step"]
        self.network.load_state_dict(saved["network"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.averaged = saved["averaged"]

    def update(self, loss_of: Callable) -> list[float]:
        """One step on `loss_of(network)`, which gives a list: what is minimised, then what is only logged."""
        recipe = self.recipe
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * rate_at(self.step, recipe)
        parts = loss_of(self.network)
        self.optimizer.zero_grad(set_to_none=True)
        parts[0].backward()
        self.optimizer.step()
        decay = min(recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                if value.is_floating_point():
                    self.averaged[name].lerp_(value, 1 - decay)
        self.step += 1
        return [float(part.detach()) for part in parts]


def run(
    loop: Loop,
    batch_of: Callable,
    advance: Callable,
    out: Path,
    validate: Callable | None = None,
    validate_every: int = 0,
    stop_at: int | None = None,
    every: int = 25,
    save_seconds: float = 120.0,
    workers: int = 1,
) -> None:
    """Runs to the recipe's last step, or to `stop_at`; checkpoint and log go to `out`.

    `batch_of(step)` makes a step's batch, ahead of time and in `workers` threads; `advance(batch)` takes the step and
    gives its losses; `validate(last)` gives what is to be logged after each `validate_every` steps and the last one.
    """
    out.mkdir(parents=True, exist_ok=True)
    last = min(loop.recipe.steps, stop_at or loop.recipe.steps)
    started = saved = time.time()
    kept, ahead = [], 2 + workers
    with ThreadPoolExecutor(workers) as pool, open(out / "log.jsonl", "a") as log:

        def note(**what):
            log.write(json.dumps(what) + "\n")
            log.flush()
            print(json.dumps(what), flush=True)

        ready = [pool.submit(batch_of, s) for s in range(loop.step, min(loop.step + ahead, last))]
        while loop.step < last:
            batch = ready.pop(0).result()
            if loop.step + ahead < last:
                ready.append(pool.submit(batch_of, loop.step + ahead))
            kept.append(advance(batch))
            step = loop.step
            if step % every == 0 or step == last:
                means = [round(float(x), 4) for x in np.mean(kept, 0)]
                note(step=step, seconds=round(time.time() - started, 1), losses=means)
                kept = []
            if step == last or time.time() - saved > save_seconds:
                loop.save(out / "checkpoint.pt")
                saved = time.time()
            if validate and ((validate_every and step % validate_every == 0) or step == loop.recipe.steps):
                note(step=step, **validate(step == loop.recipe.steps))
