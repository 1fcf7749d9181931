# SPDX-License-Identifier: MPL-2.0
"""At what scale of a large frame coding is seen best: frozen features of ladders under a ridge regression.

    python -m iqatrain.scales --ladders ladders --features features --model ../metaiqa/model.float.onnx

Takes what `iqatrain.ladder_features` has written so far. For each view alone and together, and for some of the stages,
a regression learns the labels of all references but one and scores that one, for each in turn; first comes the bundled
network as it is. Printed is how these scores agree with the labels: over all; of the coded steps on 2160 lines, and of
those that were coded at 500 lines or more; within a reference, in the mean; and how many neighbouring steps are in
order.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import torch

from . import bundled
from .features import Ridge
from .ladder_features import CHANNELS, STAGES, VIEWS
from .ladder_set import Ladder, Scale, in_order, open_ladders
from .measures import srocc

FINE = 500  # lines: what is coded at as many is fine
MEANS = np.concatenate([np.repeat([True, False], n) for n in CHANNELS])  # of each feature, whether it is a mean
PARTS = {
    "all stages": np.full(len(STAGES), True),
    "stages 1 to 3": STAGES < 3,
    "means of stage 4": (STAGES == 3) & MEANS,
}


def left_out(features: list[np.ndarray], labels: list[np.ndarray], strength: float) -> list[np.ndarray]:
    """The scores of each reference's steps by a regression of the others."""
    scores = []
    for n in range(len(features)):
        others = [i for i in range(len(features)) if i != n]
        fit = Ridge(
            np.concatenate([features[i] for i in others]), np.concatenate([labels[i] for i in others]), strength
        )
        scores.append(fit(features[n]))
    return scores


def agreement(ladders: list[Ladder], scores: list[np.ndarray], labels: list[np.ndarray]) -> dict:
    steps = [(ladder, step) for ladder in ladders for step in ladder.steps]
    large = np.array(
        [ladder.display == 2160 and (step.coder != "" or step.ladder == "reference") for ladder, step in steps]
    )
    fine = large & np.array([not step.coder or step.height >= FINE for _, step in steps])
    found, wanted = np.concatenate(scores), np.concatenate(labels)
    order = [hit for ladder, one in zip(ladders, scores) for hits in in_order(one, ladder).values() for hit in hits]
    within = [srocc(one, label) for one, label in zip(scores, labels)]
    said = {
        "srocc": srocc(found, wanted),
        "2160": srocc(found[large], wanted[large]),
        "2160, fine": srocc(found[fine], wanted[fine]),
    }
    return {
        name: round(float(value), 3)
        for name, value in (said | {"within": np.mean(within), "in order": np.mean(order)}).items()
    }


def as_it_is(model: Path, features: list[np.ndarray]) -> list[np.ndarray]:
    """What the bundled network's own head makes of the coarse views."""
    head, chosen = bundled.read(model, "metaiqa").head, PARTS["means of stage 4"]
    with torch.no_grad():
        return [
            head(torch.from_numpy(one[:, VIEWS.index("coarse")][:, chosen])).sigmoid()[:, 0].numpy() for one in features
        ]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ladders", type=Path, required=True)
    options.add_argument("--features", type=Path, required=True)
    options.add_argument("--model", type=Path, required=True, help="the bundled network in float")
    options.add_argument("--lines", type=int, default=1080, help="frames of fewer lines are left out")
    options.add_argument("--strength", type=float, default=1.0, help="of the regression")
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    every = open_ladders(given.ladders)
    scale = Scale(every)
    ladders = [one for one in every if one.display >= given.lines and one.kept_in(given.features).exists()]
    labels, features = (
        [scale.labels(one) for one in ladders],
        [np.load(one.kept_in(given.features))[:, 0] for one in ladders],
    )
    print(json.dumps({"references": [one.path.stem for one in ladders], "steps": sum(map(len, labels))}), flush=True)
    print(json.dumps({"the bundled network": agreement(ladders, as_it_is(given.model, features), labels)}), flush=True)
    for count, (part, chosen) in itertools.product((1, 2, 3), PARTS.items()):
        for views in itertools.combinations(range(len(VIEWS)), count):
            x = [np.concatenate([one[:, view][:, chosen] for view in views], 1) for one in features]
            said = agreement(ladders, left_out(x, labels, given.strength), labels)
            print(json.dumps({"views": [VIEWS[view] for view in views], "of": part, **said}), flush=True)


if __name__ == "__main__":
    main()
