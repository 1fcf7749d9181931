# SPDX-License-Identifier: MPL-2.0
"""How well scores agree with opinions."""

import numpy as np
from scipy import stats

from .data import subsets


def srocc(scores, opinions) -> float:
    """Spearman's rank correlation."""
    return float(stats.spearmanr(scores, opinions).statistic)


def plcc(scores, opinions) -> float:
    """Pearson's correlation of the scores as they are, without a fitted curve."""
    return float(np.corrcoef(scores, opinions)[0, 1])


def by_subset(scores: np.ndarray, pictures) -> dict[str, dict]:
    """For "all" of the pictures, then for each subset of BIQ2021 that they are of: how many, srocc and plcc."""
    subset = subsets(pictures.names)
    chosen = {"all": np.full(len(subset), True)} | {str(name): subset == name for name in np.unique(subset)}
    return {
        name: {
            "pictures": int(one.sum()),
            "srocc": srocc(scores[one], pictures.mos[one]),
            "plcc": plcc(scores[one], pictures.mos[one]),
        }
        for name, one in chosen.items()
    }
