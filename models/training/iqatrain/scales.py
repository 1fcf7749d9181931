# SPDX-License-Identifier: MPL-2.0
"""At what scale of a large frame coding is seen best: frozen features of ladders under a ridge regression.

    python -m iqatrain.scales --ladders ladders --model ../metaiqa/model.float.onnx --out scales

Features of a step at a scale: mean and standard deviation of the four stages of the bundled backbone, averaged over crops of 224 of the frame scaled to
that short side. The regression learns the labels of the training references; printed is, for scales alone and together and for some of the
stages, how its scores of the held-out references agree with theirs.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import torch

from . import bundled, run
from .features import Ridge
from .ladder_set import Ladder, Scale, in_order, open_ladders
from .measures import srocc
from .networks.pooled import pooled

SIDES, STEPS, CROPS = (384, 576, 768, 1080), 14, ((0.5, 0.5), (0.2, 0.8))
STAGES = np.repeat(np.arange(4), [2 * n for n in (64, 128, 256, 512)])  # of each of `pooled`'s features


@torch.no_grad()
def features(network, ladder: Ladder, chosen: list[int]) -> np.ndarray:
    """[steps, sides, features] float32."""
    found = []
    for step in chosen:
        views = [ladder.view(step, side, network.crop, at) for side in SIDES for at in CROPS]
        x = run.inputs(network, torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2))
        found.append(pooled(network.backbone.stages(x)).numpy().reshape(len(SIDES), len(CROPS), -1).mean(1))
    return np.stack(found)


def chosen_steps(ladder: Ladder, number: int) -> list[int]:
    """The reference and some of the steps: whole ladders first."""
    chains = ladder.chains()
    return sorted({step for k in (number, number + 2) for step in chains[k % len(chains)]} | {len(ladder.steps) - 1 - i for i in range(4)})[:STEPS]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ladders", type=Path, required=True)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--strength", type=float, default=1.0)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    network, every = bundled.read(given.model, "metaiqa").to(memory_format=torch.channels_last), []
    for number, ladder in enumerate(one for one in open_ladders(given.ladders) if one.display >= 1080):
        kept = given.out / f"{ladder.path.stem}.npz"
        if not kept.exists():
            chosen = chosen_steps(ladder, number)
            np.savez(kept, chosen=chosen, features=features(network, ladder, chosen))
            print(ladder.path.stem, flush=True)
        every.append((ladder, dict(np.load(kept))))
    scale = Scale([ladder for ladder, _ in every])
    report(every, scale, given.strength)


def report(every, scale: Scale, strength: float) -> None:
    labels = [scale.labels(ladder)[kept["chosen"]] for ladder, kept in every]
    last = np.array([ladder.held_out for ladder, _ in every])
    truth = np.concatenate([one for one, out in zip(labels, last) if out])
    fine = np.concatenate([is_fine(ladder, kept["chosen"]) for (ladder, kept), out in zip(every, last) if out])
    combinations = [(side,) for side in range(len(SIDES))] + list(itertools.combinations(range(len(SIDES)), 2))
    for sides, stages in itertools.product(combinations, ((0, 1, 2, 3), (0, 1), (2,), (3,))):
        x = [np.concatenate([kept["features"][:, side][:, np.isin(STAGES, stages)] for side in sides], 1) for _, kept in every]
        learned = [i for i in range(len(x)) if not last[i]]
        fit = Ridge(np.concatenate([x[i] for i in learned]), np.concatenate([labels[i] for i in learned]), strength)
        scores = [fit(x[i]) for i in range(len(x)) if last[i]]
        pooled_scores = np.concatenate(scores)
        print(json.dumps({
            "short side": [SIDES[side] for side in sides], "stages": stages, "references": [len(learned), int(last.sum())], "pictures": len(truth),
            "srocc": round(srocc(pooled_scores, truth), 4), "fine": round(srocc(pooled_scores[fine], truth[fine]), 4), "of fine": int(fine.sum()),
            "within a reference": round(float(np.mean([srocc(s, l) for s, l, out in zip(scores, (l for l, out in zip(labels, last) if out), itertools.repeat(1))])), 4),
        }), flush=True)


def is_fine(ladder: Ladder, chosen) -> np.ndarray:
    """Steps that were coded at 500 lines or more, or not at all."""
    return np.array([not ladder.steps[i].coder or ladder.steps[i].height >= 500 for i in chosen])


if __name__ == "__main__":
    main()
