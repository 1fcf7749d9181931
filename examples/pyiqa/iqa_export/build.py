# SPDX-License-Identifier: MPL-2.0
"""pyiqa's metric object, with weights."""

from pathlib import Path

import torch

from . import pictures, weights
from .metrics import METRICS

# What the statistics of drawn batch norms are taken over: width and height.
SEEN = ((448, 320), (320, 448))


def build(name: str, files: list[Path], seed: int | None, crops: int | None = None):
    """`pyiqa.create_metric(name)`, ready to score.

    With neither files nor seed pyiqa gets its own weights, from its cache or by download.
    """
    import pyiqa

    options = {METRICS[name].crops: crops} if crops else {}
    if not files and seed is None:
        with torch.no_grad():
            return pyiqa.create_metric(name, device=torch.device("cpu"), **options)
    given = weights.Given(files, seeded=seed is not None)
    # LIQE's 495 texts take 20 GB where gradients are kept.
    with weights.replaced(given), torch.no_grad():
        torch.manual_seed(seed or 0)
        metric = pyiqa.create_metric(name, device=torch.device("cpu"), **options)
    weights.finish(metric.net, given)
    if seed is not None and not files:
        weights.enliven(metric.net, seed, [seen(name, size, seed) for size in SEEN])
    return metric


def seen(name: str, size: tuple[int, int], seed: int) -> tuple[torch.Tensor, ...]:
    """A made picture [1, 3, height, width], and its reference where the metric takes one."""
    draw = pictures.np.random.default_rng([seed, *size])
    reference = pictures.picture(*size, draw)
    both = [pictures.worse(reference, 1, draw), reference]
    return tuple(
        torch.from_numpy(one.copy()).permute(2, 0, 1)[None].float() / 255 for one in both[: len(METRICS[name].inputs)]
    )
