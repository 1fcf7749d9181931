# SPDX-License-Identifier: MPL-2.0
"""LIVE In the Wild Challenge (Ghadiyaram, Bovik, 2016): 1,162 pictures with opinion scores, and the papers' splits.

This set is the examination: nothing that is shipped learns from it, and `record_look` logs every look at it.
"""

import json
import time
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from ..data import Files, scaled

TRAINING_PICTURES = 7  # the study's own warm-up pictures, first in its tables
SPLITS = 10  # seeds 0 to 9


class Decoded(Files):
    """Files that are all decoded at once and kept (LIVE Challenge: 0.9 GB), as they are or scaled to a short side."""

    def __init__(self, files: Files, short_side: int = 0):
        super().__init__(files.paths, files.mos, files.names)
        self.pixels = {path: scaled(files.picture(i), short_side) for i, path in enumerate(files.paths)}

    def picture(self, i) -> np.ndarray:
        return self.pixels[self.paths[i]]

    def take(self, indices) -> "Decoded":
        part = object.__new__(Decoded)
        Files.__init__(part, [self.paths[i] for i in indices], self.mos[indices], [self.names[i] for i in indices])
        part.pixels = self.pixels
        return part


def open_live(folder: Path) -> Files:
    """`folder` is ChallengeDB_release, with Data and Images."""
    names = [str(one[0][0]) for one in loadmat(folder / "Data" / "AllImages_release.mat")["AllImages_release"]]
    mos = loadmat(folder / "Data" / "AllMOS_release.mat")["AllMOS_release"].ravel()
    if len(names) != len(mos):
        raise ValueError(f"{folder}: {len(names)} pictures, {len(mos)} scores")
    names, mos = names[TRAINING_PICTURES:], mos[TRAINING_PICTURES:]
    return Files([folder / "Images" / name for name in names], (mos / 100).astype(np.float32), names)


def split(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(training 80 %, test 20 %): indices, sorted; the same for everyone who uses this seed."""
    order = np.random.default_rng([2016, seed]).permutation(count)
    border = round(0.8 * count)
    return np.sort(order[:border]), np.sort(order[border:])


def read_lines(path: Path) -> list[dict]:
    """A file of results, one JSON object a line; none if there is no such file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def record_look(results: Path, **what) -> None:
    """Appends a look at a test set, with its time."""
    results.parent.mkdir(parents=True, exist_ok=True)
    with open(results, "a") as file:
        file.write(json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **what}) + "\n")
