"""How well scores agree with opinions."""

import numpy as np
from scipy import stats


def srocc(scores, opinions) -> float:
    """Spearman's rank correlation."""
    return float(stats.spearmanr(scores, opinions).statistic)


def plcc(scores, opinions) -> float:
    """Pearson's correlation of the scores as they are, without a fitted curve."""
    return float(np.corrcoef(scores, opinions)[0, 1])
