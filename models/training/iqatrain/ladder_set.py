# SPDX-License-Identifier: MPL-2.0
"""What `iqatrain.ladders` made, opened: labels, held-out references, order.

A label is what a copy keeps of its reference's quality, 0 to 1: the mean of VMAF, SSIM and VIF, the latter two brought
to VMAF's scale by the ranks of the coded steps of the training references (`Scale`). VMAF alone says the same, 0, of
all that is coded at few lines, SSIM and VIF alone punish noise that people hardly see.
"""

import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .ladders import Step

BEST = 97.4  # VMAF of equal pictures without motion
MEASURES = ("vmaf", "ssim", "vif")
UNORDERED = ("loose", "reference")


def held_out(name: str) -> bool:
    """Whether the reference of that name is kept for choices: a fifth, by its name alone."""
    return zlib.crc32(name.encode()) % 5 == 0


@dataclass
class Ladder:
    """One reference and its steps, the reference first."""

    path: Path
    reference: str
    display: int
    scale: float  # of the stored pixels
    steps: list[Step]

    @cached_property
    def pixels(self) -> np.ndarray:
        """[steps, h, w, 3] uint8, a memory map."""
        return np.load(self.path.with_suffix(".npy"), mmap_mode="r")

    @property
    def held_out(self) -> bool:
        return held_out(self.path.stem.rsplit("-", 1)[0])

    def chains(self) -> list[list[int]]:
        """The steps of each ladder, mild to strong, after the reference."""
        names = dict.fromkeys(step.ladder for step in self.steps if step.ladder not in UNORDERED)
        return [[0, *(i for i, step in enumerate(self.steps) if step.ladder == name)] for name in names]

    def neighbours(self) -> list[tuple[int, int]]:
        """Neighbouring steps of all chains, the milder one first."""
        return [pair for chain in self.chains() for pair in zip(chain, chain[1:])]

    def kept_in(self, folder: Path) -> Path:
        """Where features of its steps are kept."""
        return folder / f"ladder-{self.path.stem}.npy"


def open_ladders(folder: Path) -> list[Ladder]:
    found = []
    for path in sorted(folder.glob("*.json")):
        said = json.loads(path.read_text())
        found.append(
            Ladder(path, said["reference"], said["display"], said["scale"], [Step(**step) for step in said["steps"]])
        )
    if not found:
        raise ValueError(f"{folder} has no ladders: make them with iqatrain.ladders")
    return found


class Scale:
    """SSIM and VIF on VMAF's scale: what has the same rank among the coded steps of the training references.

    Where VMAF is 0 its ranks say nothing: below `LOW` each measure goes on in a straight line to the least of its own.
    """

    LOW = 20.0

    def __init__(self, ladders: list[Ladder]):
        steps = [step for one in ladders if not one.held_out for step in one.steps if step.coder]
        vmaf = np.sort([step.vmaf for step in steps])
        straight = np.maximum(vmaf, self.LOW * np.arange(1, len(vmaf) + 1) / (1 + np.searchsorted(vmaf, self.LOW)))
        target = np.where(vmaf < self.LOW, np.minimum(straight, self.LOW), vmaf)
        self.knots = {}
        for name in ("ssim", "vif"):
            values = np.sort([getattr(step, name) for step in steps])
            chosen = np.linspace(0, len(values) - 1, 64).astype(int)
            self.knots[name] = np.r_[values[chosen], 1.0], np.r_[target[chosen], BEST]

    def label(self, step: Step) -> float:
        found = [step.vmaf, *(np.interp(getattr(step, name), *self.knots[name]) for name in self.knots)]
        return float(np.clip(np.mean(found) / BEST, 0, 1))

    def labels(self, ladder: Ladder) -> np.ndarray:
        return np.array([self.label(step) for step in ladder.steps])


def in_order(scores: np.ndarray, ladder: Ladder) -> dict[str, list[bool]]:
    """By ladder: for each two neighbours, whether the stronger one does not score higher."""
    return {
        ladder.steps[chain[-1]].ladder: [bool(scores[b] <= scores[a]) for a, b in zip(chain, chain[1:])]
        for chain in ladder.chains()
    }
