# SPDX-License-Identifier: MPL-2.0
"""Synthetic pictures that join a run without reference, for the networks' second outputs: MT-IRN's map, BPCLIP's
attributes.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import kadid, labels, synthetic, trainer
from .ssim import ssim_map


class SyntheticBatches:
    """Batches of synthetic pictures, and the loss of a network's second output on them.

    A batch: distorted [n, 3, crop, crop] uint8, their references likewise, attribute targets [n, 6] and weights [n, 6].
    One picture in eight is an untouched reference; the others are of `types`, or of all that the folder has.
    """

    def __init__(
        self, network, folder: Path, tables: Path | None, count: int, seed: int, held_out: bool = False, types=None
    ):
        self.pictures = synthetic.open_synthetic(folder, some_types=tables is None)
        self.types = types or self.pictures.types
        if not set(self.types) <= set(self.pictures.types):
            raise ValueError(f"{folder} has types {self.pictures.types}, and not all of {self.types}")
        self.count, self.seed, self.crop = count, seed, network.crop
        self.numbers = self.pictures.part(held_out)
        self.labels = labels.label(tables, self.pictures) if tables else None

    def batch(self, step: int):
        random = np.random.default_rng([self.seed, 11, step])
        side, types = self.pictures.pixels.shape[2], self.types
        pairs, targets, weights = [], [], []
        for _ in range(self.count):
            n = int(random.choice(self.numbers))
            kind = types[int(random.integers(len(types)))] if random.random() > 1 / 8 else 0
            level = int(random.integers(1, kadid.LEVELS + 1))
            top, left = random.integers(0, side - self.crop + 1, 2)
            window = np.s_[top : top + self.crop, left : left + self.crop]
            reference = self.pictures.reference(n)[window]
            distorted = self.pictures.picture(n, kind, level)[window] if kind else reference
            step_x = -1 if random.random() < 0.5 else 1
            pairs.append((distorted[:, ::step_x], reference[:, ::step_x]))
            if self.labels:
                target, weight = labels.attribute_targets(kind, self.labels.score(n, kind, level) if kind else 1.0)
                targets.append(target)
                weights.append(weight)
        stacked = [torch.from_numpy(np.stack(side_)).permute(0, 3, 1, 2) for side_ in zip(*pairs)]
        return *stacked, torch.tensor(np.array(targets)), torch.tensor(np.array(weights))

    def loss(self, network, batch, device: str, bf16: bool) -> torch.Tensor:
        """L1 of the SSIM map, or the weighted squared error of the attributes."""
        distorted, reference = (one.to(device).float() / 255 for one in batch[:2])
        if network.name == "mt-irn":
            with trainer.autocast(device, bf16):
                predicted = network.restoration(distorted)[1]
            return (predicted.float() - ssim_map(distorted, reference)).abs().mean()
        with trainer.autocast(device, bf16):
            attributes = network(distorted)[1]
        targets, weights = (one.to(device) for one in batch[2:])
        return (F.mse_loss(attributes.float(), targets, reduction="none") * weights).sum() / weights.sum()
