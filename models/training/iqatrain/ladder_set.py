# SPDX-License-Identifier: MPL-2.0
"""What `iqatrain.ladders` made, opened: crops at the scale that a network looks at, labels, held-out references, order.

A label is what a copy keeps of its reference's quality, 0 to 1: the mean of VMAF, SSIM and VIF, the latter two brought to VMAF's scale by the
ranks of the coded steps of the training references (`Scale`). VMAF alone says the same, 0, of all that is coded at few lines, SSIM and VIF
alone punish noise that people hardly see.
"""

import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from .ladders import STORED, Step

BEST = 97.4  # VMAF of equal pictures without motion
MEASURES = ("vmaf", "ssim", "vif")
UNORDERED = ("loose", "reference")


def held_out(name: str) -> bool:
    """Whether the reference with that file name is kept for choices: a fifth, by its name alone."""
    return zlib.crc32(name.encode()) % 5 == 0


@dataclass
class Ladder:
    """One reference and its steps, the reference first."""

    path: Path
    reference: str
    display: int
    steps: list[Step]

    @cached_property
    def pixels(self) -> np.ndarray:
        """[steps, h, w, 3] uint8, a memory map."""
        return np.load(self.path.with_suffix(".npy"), mmap_mode="r")

    @property
    def held_out(self) -> bool:
        return held_out(Path(self.reference).name if not self.reference.startswith("wallpapers") else self.reference)

    def factor(self, short_side: int) -> float:
        """By how much a stored picture is scaled where the frame that it is of has that short side."""
        return short_side / min(self.display, STORED)

    def view(self, step: int, short_side: int, size: int, at: tuple[float, float]) -> np.ndarray:
        """[size, size, 3], a crop of the frame scaled to `short_side`; `at`: where, 0 to 1 down and across."""
        height, width = self.pixels.shape[1:3]
        side = min(size / self.factor(short_side), height, width)
        top, left = at[0] * (height - side), at[1] * (width - side)
        y, x = int(top), int(left)
        part = Image.fromarray(np.asarray(self.pixels[step, y : int(np.ceil(top + side)) + 1, x : int(np.ceil(left + side)) + 1]))
        box = (left - x, top - y, left - x + side, top - y + side)
        return np.asarray(part.resize((size, size), Image.Resampling.BILINEAR, box=box))

    def chains(self) -> list[list[int]]:
        """The steps of each ladder, mild to strong, after the reference."""
        names = dict.fromkeys(step.ladder for step in self.steps if step.ladder not in UNORDERED)
        return [[0, *(i for i, step in enumerate(self.steps) if step.ladder == name)] for name in names]


def open_ladders(folder: Path) -> list[Ladder]:
    found = []
    for path in sorted(folder.glob("*.json")):
        said = json.loads(path.read_text())
        found.append(Ladder(path, said["reference"], said["display"], [Step(**step) for step in said["steps"]]))
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


def in_order(scores: np.ndarray, ladder: Ladder) -> list[bool]:
    """For each two neighbours of each ladder, whether the stronger one does not score higher."""
    return [bool(scores[b] <= scores[a]) for chain in ladder.chains() for a, b in zip(chain, chain[1:])]
