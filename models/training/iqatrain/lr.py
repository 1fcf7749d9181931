# SPDX-License-Identifier: MPL-2.0
"""The learning-rate schedule of every run."""

import math

FLOOR = 1e-3  # share of the peak that is left at the end


def warmup_cosine(step: int, steps: int, warmup: int) -> float:
    """The share of the peak learning rate at `step`: a linear rise over `warmup` steps, then half a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done))) + FLOOR
