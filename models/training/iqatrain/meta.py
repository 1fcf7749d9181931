# SPDX-License-Identifier: MPL-2.0
"""MetaIQA's prior: meta-training over distortions (Algorithm 1), and the baseline of its Table 4.

    python -m iqatrain.meta --synthetic synthetic --tables tables.npz --backbone AllLegs_combined.pt --out prior
    python -m iqatrain.meta --baseline --synthetic synthetic --tables tables.npz --backbone AllLegs_combined.pt \\
        --out baseline

A task is one of KADID-10k's 25 distortion types. An iteration takes k of them; in each, S Adam steps on batches of its
support set and S more on its query set (other references), from the same parameters; then
theta <- theta - beta * mean(theta - theta_i), first order. The paper prints beta = 1e-2, with which an iteration moves
almost nothing; its released code takes the full mean. Here beta falls from 1 to 0 along half a cosine.

The baseline sees as many crops of the same pictures, mixed over types, with plain Adam.
"""

import argparse
import json
import math
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import datasets, finetune, kadid, labels, synthetic, trainer
from .measures import srocc
from .trainer import Recipe, Trainer


@dataclass
class MetaRecipe(Recipe):
    """`steps` are iterations: each sees tasks * 2 * inner * batch crops. `lr` is the inner learning rate alpha."""

    steps: int = 300
    lr: float = 1e-4
    head_factor: float = 1.0
    weight_decay: float = 1e-5
    warmup: int = 0
    ema: float = 0.0  # the parameters themselves
    tasks: int = 5  # k
    inner: int = 6  # S
    batch: int = 16
    crop: int = 224
    beta: float = 1.0


class Tasks:
    """Labelled crops of synthetic pictures, by type; every other training reference is support, the others query."""

    def __init__(self, pictures: synthetic.Synthetic, tables: Path, crop: int, held_out: bool = False):
        self.pictures, self.crop = pictures, crop
        self.labels = labels.label(tables, pictures)
        numbers = pictures.part(held_out)
        self.support, self.query = numbers[::2], numbers[1::2]
        if not len(self.query):
            raise ValueError("at least two finished references are needed for a support and a query set")

    def batch(self, kind: int, numbers, count: int, random: np.random.Generator):
        """[count, 3, crop, crop] uint8 and [count] labels; kind 0: of any type."""
        side, crop = self.pictures.pixels.shape[2], self.crop
        crops, targets = [], []
        for _ in range(count):
            n, level = int(random.choice(numbers)), int(random.integers(1, kadid.LEVELS + 1))
            one = kind or int(random.integers(1, kadid.TYPES + 1))
            top, left = random.integers(0, side - crop + 1, 2)
            picture = self.pictures.picture(n, one, level)[top : top + crop, left : left + crop]
            crops.append(picture[:, :: random.choice((-1, 1))])
            targets.append(self.labels.score(n, one, level))
        return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2), torch.tensor(targets)

    def iteration(self, recipe: MetaRecipe, step: int):
        """For each of k types: S support batches, then S query batches."""
        random = np.random.default_rng([recipe.seed, 13, step])
        kinds = random.choice(kadid.TYPES, recipe.tasks, replace=False) + 1
        sets = [self.support] * recipe.inner + [self.query] * recipe.inner
        return [(int(kind), [self.batch(kind, numbers, recipe.batch, random) for numbers in sets]) for kind in kinds]

    def mixed(self, recipe: MetaRecipe, step: int):
        random = np.random.default_rng([recipe.seed, 17, step])
        return self.batch(0, np.concatenate((self.support, self.query)), recipe.batch, random)


def squared_error(network, batch, device: str, bf16: bool) -> torch.Tensor:
    crops, targets = batch
    with trainer.autocast(device, bf16):
        scores = finetune.scores_of(network(finetune.inputs(network, crops, device)))
    return ((scores - targets.to(device)) ** 2).mean()


class MetaTrainer(Trainer):
    """The outer loop; a checkpoint holds theta, and the iteration's number decides everything else."""

    def adapt(self, batches) -> list[float]:
        """S Adam steps on the batches, in place; the loss of each, before its step."""
        recipe = self.recipe
        learned = [p for p in self.network.parameters() if p.requires_grad]
        adam = torch.optim.Adam(learned, lr=recipe.lr, betas=(0.9, 0.99), weight_decay=recipe.weight_decay)
        found = []
        for batch in batches:
            loss = squared_error(self.network, batch, self.device, recipe.bf16)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            found.append(float(loss.detach()))
        return found

    def training_step(self, tasks) -> list[float]:
        """One iteration; the mean losses on support and query sets, first and last step of each, as a root."""
        recipe = self.recipe
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)
        self.network.train()
        learned = [p for p in self.network.parameters() if p.requires_grad]
        theta = [p.detach().clone() for p in learned]
        moved = [torch.zeros_like(p) for p in learned]
        courses = []
        for _, batches in tasks:
            with torch.no_grad():
                for p, start in zip(learned, theta):
                    p.copy_(start)
            # Moments start from zero for the support set and again for the query set, as Eq. 4 and Eq. 7.
            course = self.adapt(batches[: recipe.inner]) + self.adapt(batches[recipe.inner :])
            courses.append([course[0], course[recipe.inner - 1], course[recipe.inner], course[-1]])
            with torch.no_grad():
                for total, p, start in zip(moved, learned, theta):
                    total += (p - start) / len(tasks)
        beta = recipe.beta * 0.5 * (1 + math.cos(math.pi * self.step / recipe.steps))
        with torch.no_grad():
            for p, start, change in zip(learned, theta, moved):
                p.copy_(start + beta * change)
        self.ema.update(self.network, self.step)
        self.step += 1
        return [float(x) for x in np.sqrt(np.mean(courses, 0))]


class Baseline(Trainer):
    """Plain Adam on crops of all types mixed."""

    def training_step(self, batch) -> list[float]:
        return self.update(lambda network: [squared_error(network, batch, self.device, self.recipe.bf16)])


@torch.no_grad()
def on_held_out(network: nn.Module, tasks: Tasks, bf16: bool, device: str, references: int = 8) -> dict:
    """SROCC with the labels on held-out references, centre crops: over all, and the mean over types."""
    network.eval()
    numbers = np.concatenate((tasks.support, tasks.query))[:references]
    start = (tasks.pictures.pixels.shape[2] - tasks.crop) // 2
    window = np.s_[start : start + tasks.crop, start : start + tasks.crop]
    scores, wanted, kinds = [], [], []
    for n in numbers:
        for kind in range(1, kadid.TYPES + 1):
            views = np.stack([tasks.pictures.picture(n, kind, level)[window] for level in range(1, kadid.LEVELS + 1)])
            with trainer.autocast(device, bf16):
                found = finetune.scores_of(
                    network(finetune.inputs(network, torch.from_numpy(views).permute(0, 3, 1, 2), device))
                )
            scores += found.tolist()
            wanted += [tasks.labels.score(n, kind, level) for level in range(1, kadid.LEVELS + 1)]
            kinds += [kind] * kadid.LEVELS
    scores, wanted, kinds = map(np.array, (scores, wanted, kinds))
    each = [srocc(scores[kinds == kind], wanted[kinds == kind]) for kind in range(1, kadid.TYPES + 1)]
    return {"pictures": len(scores), "srocc": srocc(scores, wanted), "srocc by type, mean": float(np.mean(each))}


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--baseline", action="store_true", help="plain Adam on as many crops of the same pictures")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--stop-at", type=int)
    finetune.add_network_options(options)
    finetune.add_recipe_options(options, MetaRecipe())
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.network = "metaiqa"
    recipe = finetune.recipe_of(given, MetaRecipe)
    network = finetune.build(given)
    tasks = Tasks(synthetic.open_synthetic(given.synthetic), given.tables, recipe.crop)
    if given.baseline:
        recipe.steps *= recipe.tasks * 2 * recipe.inner
        recipe.warmup = 0
        training, batch = Baseline(network, recipe, given.device), tasks.mixed
    else:
        training, batch = MetaTrainer(network, recipe, given.device), tasks.iteration
    training.resume(given.out)
    started = time.time()
    batches = datasets.step_loader(partial(batch, recipe), given.workers)
    training.fit(batches, given.out, stop_at=given.stop_at, log_every=60 if given.baseline else 1)
    if training.step == recipe.steps:
        held_out = Tasks(tasks.pictures, given.tables, network.crop, held_out=True)
        found = on_held_out(training.network, held_out, recipe.bf16, given.device)
        line = {"step": training.step, "seconds": round(time.time() - started), **found}
        print(json.dumps(line), flush=True)
        with open(given.out / "log.jsonl", "a") as log:
            log.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
