# SPDX-License-Identifier: MPL-2.0
"""Trains `coding`: two layers that learn from codec ladders alone what is left of a frame; the backbone stands still.

    python -m iqatrain.coding --ladders ladders --features features-scales --start one-scale.float.onnx --out run

`--features` is what `iqatrain.two_scales ladders` wrote; of it the views at a short side of 768 are used. A step's
target is its label (`ladder_set`), and a margin loss keeps neighbouring steps in order.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import bundled, networks, trainer
from .ladder_set import Scale, open_ladders
from .networks.two_scales import FEATURES
from .scales import agreement
from .shallow import Standardised, add_recipe, descend, joined, out_of_order, recipe_of, spread


@dataclass
class Recipe:
    steps: int = 800
    lr: float = 1e-3
    weight_decay: float = 0.05
    ema: float = 0.99
    references: int = 12  # with all their steps, in each training step
    order: float = 6.0  # weight of the loss on the order of a reference's steps
    margin: float = 0.5  # of the difference of two labels
    noise: float = 0.8  # added to the standardised features
    hidden: int = 128
    seed: int = 1


def views(path: Path) -> np.ndarray:
    """[steps, views, 1920] of a ladder, those at a short side of 768."""
    found = np.load(path).astype(np.float32)
    return found[:, :, 1:].reshape(len(found), -1, FEATURES)


def learn(head: nn.Sequential, recipe: Recipe, ladders, scale: Scale, folder: Path) -> None:
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    features, labels = [views(one.kept_in(folder)) for one in ladders], [scale.labels(one) for one in ladders]
    neighbours = [one.neighbours() for one in ladders]
    whole = np.concatenate([one[:, ::2].reshape(-1, FEATURES) for one in features])
    learned = Standardised(head, whole.mean(0), whole.std(0))

    def loss_of():
        parts = []
        for i in random.choice(len(ladders), min(recipe.references, len(ladders)), replace=False):
            view = int(random.integers(features[i].shape[1]))
            parts.append((features[i][:, view], labels[i], neighbours[i]))
        x, targets, pairs = joined(parts)
        targets, found = torch.from_numpy(targets), learned(torch.from_numpy(x), recipe.noise)[:, 0]
        return spread(found, targets) + recipe.order * out_of_order(found, targets, pairs, recipe.margin)

    descend(head, loss_of, recipe.steps, recipe.lr, recipe.weight_decay, recipe.ema)
    learned.fold()


@torch.no_grad()
def scores(head: nn.Sequential, ladders, folder: Path) -> list[np.ndarray]:
    """Of each ladder's steps, the mean over the views that were kept."""
    every = [views(one.kept_in(folder)) for one in ladders]
    return [head(torch.from_numpy(one.reshape(-1, FEATURES))).reshape(one.shape[:2]).mean(1).numpy() for one in every]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ladders", type=Path, required=True)
    options.add_argument("--features", type=Path, required=True, help="what `iqatrain.two_scales ladders` wrote")
    options.add_argument("--start", type=Path, required=True, help="an exported metaiqa in float, for its backbone")
    options.add_argument("--out", type=Path, required=True)
    add_recipe(options, Recipe())
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    recipe = recipe_of(given, Recipe)
    ladders = open_ladders(given.ladders)
    scale = Scale(ladders)
    ladders = [one for one in ladders if one.kept_in(given.features).exists()]
    learned, last = ([one for one in ladders if one.held_out == held_out] for held_out in (False, True))
    print(json.dumps({"learned": len(learned), "held out": len(last), **asdict(recipe)}), flush=True)
    torch.manual_seed(recipe.seed)
    network = networks.build("coding", hidden=recipe.hidden)
    network.backbone.load_state_dict(bundled.read(given.start, "metaiqa").backbone.state_dict())
    network.eval()
    learn(network.head, recipe, learned, scale, given.features)
    found = agreement(last, scores(network.head, last, given.features), [scale.labels(one) for one in last])
    print(json.dumps(found), flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "measured.json").write_text(json.dumps({"recipe": asdict(recipe), **found}) + "\n")
    trainer.write_atomically({"ema": network.state_dict()}, given.out / "checkpoint.pt")


if __name__ == "__main__":
    main()
