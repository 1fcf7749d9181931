# SPDX-License-Identifier: MPL-2.0
"""Datasets and loaders for training.

`ScoredCrops` is a `Dataset` of crops of pictures with opinion scores, `StepSampler` the batch sampler that says which
ones a step sees, `collate` stacks them. Batches whose parts belong together (tasks, pairs that share a reference) are
made whole: `Steps` is a `Dataset` whose items are the batches. Everything that is random follows from the seed and the
step's number, and not from the number of workers, so `DataLoader`s can begin at any step.
"""

import multiprocessing
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from . import data, distortions


class Draw(NamedTuple):
    """A key of `ScoredCrops`: picture `index` at place `slot` of the batch of `step`."""

    step: int
    slot: int
    index: int


class Sample(NamedTuple):
    """One picture's part of a batch."""

    crop: np.ndarray  # [crop, crop, 3] uint8
    target: float  # its opinion score
    copies: list  # none, or two degraded copies of the crop, mild and strong
    strengths: tuple  # theirs


def shares_of(pictures, subsets: str) -> np.ndarray | None:
    """[n] how likely each picture is to be drawn, the sum is 1; none if each comes once."""
    if subsets == "drawn":
        return None
    if subsets != "equal":
        raise ValueError(f"subsets are drawn or equal, not {subsets}")
    _, subset, sizes = np.unique(data.subsets(pictures.names), return_inverse=True, return_counts=True)
    return 1 / (sizes[subset] * len(sizes))


def order_of(pictures, recipe, epoch: int) -> np.ndarray:
    """Each picture once; or as many draws, with each subset equally likely."""
    random, count = np.random.default_rng([recipe.seed, epoch]), len(pictures)
    shares = shares_of(pictures, recipe.subsets)
    return random.permutation(count) if shares is None else random.choice(count, count, p=shares)


class StepSampler(Sampler[list[Draw]]):
    """A batch sampler: the keys of steps `first` to `stop` - 1, each epoch in an order of its own."""

    def __init__(self, pictures, recipe, first: int = 0, stop: int | None = None):
        if len(pictures) < recipe.batch:
            raise ValueError(
                f"{len(pictures)} pictures do not fill a batch of {recipe.batch}: give --batch {len(pictures)}"
            )
        self.pictures, self.recipe = pictures, recipe
        self.first, self.stop = first, recipe.steps if stop is None else stop

    def __len__(self) -> int:
        return self.stop - self.first

    def draws(self, step: int) -> list[Draw]:
        epoch, place = divmod(step, len(self.pictures) // self.recipe.batch)
        start = place * self.recipe.batch
        chosen = order_of(self.pictures, self.recipe, epoch)[start : start + self.recipe.batch]
        return [Draw(step, slot, int(index)) for slot, index in enumerate(chosen)]

    def __iter__(self) -> Iterator[list[Draw]]:
        return map(self.draws, range(self.first, self.stop))


class ScoredCrops(Dataset):
    """A random crop, flipped or not, of each drawn picture; the first few of a batch with two degraded copies."""

    def __init__(self, pictures, recipe):
        self.pictures, self.recipe = pictures, recipe

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, draw: Draw) -> Sample:
        recipe = self.recipe
        random = np.random.default_rng([recipe.seed, 7, draw.step, draw.slot])
        size = recipe.early_crop if draw.step < recipe.early_share * recipe.steps else recipe.crop
        picture = self.pictures.picture(draw.index)
        if min(picture.shape[:2]) < size:
            name = self.pictures.names[draw.index]
            raise ValueError(
                f"{name} is {picture.shape[1]}x{picture.shape[0]}, smaller than a crop of {size}: scale it up"
            )
        top = int(random.integers(picture.shape[0] - size + 1))
        left = int(random.integers(picture.shape[1] - size + 1))
        step_x = -1 if random.random() < 0.5 else 1
        crop = picture[top : top + size, left : left + size]
        copies, strengths = [], ()
        if draw.slot < recipe.degraded:
            copies, strengths = distortions.degraded_pair(picture, top, left, size, random)
        target = float(self.pictures.mos[draw.index])
        return Sample(crop[:, ::step_x], target, [one[:, ::step_x] for one in copies], tuple(strengths))


def collate(samples: list[Sample]):
    """The batch of some samples.

    crops     [batch + 2 * degraded, 3, crop, crop] uint8: the pictures, then each degraded pair (mild, strong)
    targets   [batch] float32
    strengths [degraded, 2] float32
    """
    crops = [one.crop for one in samples] + [copy for one in samples for copy in one.copies]
    strengths = [one.strengths for one in samples if one.strengths]
    return (
        torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2),
        torch.tensor([one.target for one in samples], dtype=torch.float32),
        torch.tensor(strengths, dtype=torch.float32).reshape(-1, 2),
    )


def batch_of(pictures, recipe, step: int):
    """What the loader gives at one step."""
    dataset = ScoredCrops(pictures, recipe)
    return collate([dataset[draw] for draw in StepSampler(pictures, recipe).draws(step)])


class Steps(Dataset):
    """Batches that are made whole: item `step` is `batch_of(step)`."""

    def __init__(self, batch_of: Callable, steps: int):
        self.batch_of, self.steps = batch_of, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int):
        return self.batch_of(step)


def _context(workers: int):
    # A spawned worker would be sent a copy of the decoded pictures; a forked one shares the memory map.
    return "fork" if workers and "fork" in multiprocessing.get_all_start_methods() else None


def _load_scored(pictures, recipe, workers: int, first: int, stop: int) -> DataLoader:
    return DataLoader(
        ScoredCrops(pictures, recipe),
        batch_sampler=StepSampler(pictures, recipe, first, stop),
        collate_fn=collate,
        num_workers=workers,
        multiprocessing_context=_context(workers),
    )


def scored_loader(pictures, recipe, workers: int = 0) -> Callable[[int, int], DataLoader]:
    """(first, stop) -> the loader of the batches of those steps, for `Trainer.fit`."""
    return partial(_load_scored, pictures, recipe, workers)


def _load_steps(batch_of: Callable, workers: int, first: int, stop: int) -> DataLoader:
    return DataLoader(
        Steps(batch_of, stop),
        batch_size=None,
        sampler=range(first, stop),
        num_workers=workers,
        multiprocessing_context=_context(workers),
    )


def step_loader(batch_of: Callable, workers: int = 0) -> Callable[[int, int], DataLoader]:
    """The same of batches that `batch_of(step)` makes whole."""
    return partial(_load_steps, batch_of, workers)


def together(*loaders: Callable) -> Callable[[int, int], Iterator[tuple]]:
    """The same of batches that go with each other step by step."""
    return lambda first, stop: zip(*(loader(first, stop) for loader in loaders), strict=True)
