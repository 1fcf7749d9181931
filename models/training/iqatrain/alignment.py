# SPDX-License-Identifier: MPL-2.0
"""Brings the opinions of BIQ2021's subsets to one scale before anything is learned from them.

Each subset was rated beside pictures of its own kind, and its opinions have a level of their own: a network that is to
meet both learns to tell the subsets apart, which says nothing of pictures from elsewhere. So one number for each subset
is taken from its opinions. It is found as Voran's iterated nested least squares finds it (NTIA TM-03-397, 2002), a
common fit on all sets and a correction of each, here in one step: a ridge regression of frozen features within the
subsets (both sides less their subset's mean), and of each subset the mean of what that leaves. Slopes stay as they are:
with each subset's opinions divided by their spread too, nothing was gained.

`leave_out/README.md` has what this brings, and how much of the offset is best taken.
"""

import argparse
from pathlib import Path

import numpy as np

from .data import Pictures, Subset, subsets
from .features import Ridge

STRENGTH = 3.0  # of the ridge regression; from 1 to 10 an offset moves by 0.03 at most


def add_options(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--alignment",
        type=float,
        default=0.0,
        help="how much of the offset of each subset of BIQ2021, 0 to 1, is taken from its opinions; needs --features",
    )


def offsets(
    features: np.ndarray, opinions: np.ndarray, subset: np.ndarray, strength: float = STRENGTH
) -> dict[str, float]:
    """For each subset, by how much its opinions are above the scale that all have in common; the mean over all pictures
    is 0.

    features [n, f], opinions [n], subset [n] names.
    """
    names, which = np.unique(subset, return_inverse=True)
    counts = np.bincount(which)
    level = np.stack([features[which == i].mean(0) for i in range(len(names))])
    mean = np.bincount(which, opinions) / counts
    within = Ridge(features - level[which], opinions - mean[which], strength)
    left = opinions - within(features)
    above = np.bincount(which, left) / counts - left.mean()
    return dict(zip(names.tolist(), above.tolist()))


def align(pictures: Subset, features: Path | None, share: float = 1.0, strength: float = STRENGTH) -> Subset:
    """The same pictures with opinions less that `share` of their subset's offset.

    `features`: of the whole set that `pictures` are of, as iqatrain.features wrote them; not needed for a share of 0.
    """
    if share == 0:
        return pictures
    if features is None:
        raise ValueError("opinions are aligned with frozen features: give --features, as iqatrain.features wrote them")
    subset = subsets(pictures.names)
    found = offsets(np.load(features, mmap_mode="r")[pictures.indices], pictures.mos, subset, strength)
    print(
        "opinions are above the common scale by",
        {name: round(value, 3) for name, value in found.items()},
        f"of which {share:.0%} are taken",
        flush=True,
    )
    whole = pictures.whole
    mos = whole.mos.copy()
    mos[pictures.indices] -= share * np.array([found[name] for name in subset], mos.dtype)
    return Pictures(whole.pixels, mos, whole.names).take(pictures.indices)
