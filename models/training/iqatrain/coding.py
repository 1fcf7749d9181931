# SPDX-License-Identifier: MPL-2.0
"""Trains `coding`: two layers that learn from codec ladders alone what is left of a frame; the backbone stands still.

    python -m iqatrain.coding --ladders ladders --features features-scales --start one-scale.float.onnx --out run

`--features` is what `iqatrain.two_scales ladders` wrote; of it the views at a short side of 768 are used. A step's
target is its label (`ladder_set`), and a margin loss keeps neighbouring steps in order.
"""

import argparse
import copy
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
from .two_scales import out_of_order, spread


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


def views(folder: Path, name: str) -> np.ndarray:
    """[steps, views, 1920] of a ladder, those at a short side of 768."""
    found = np.load(folder / f"ladder-{name}.npy").astype(np.float32)
    return found[:, :, 1:].reshape(len(found), -1, FEATURES)


def learn(head: nn.Sequential, recipe: Recipe, ladders, scale: Scale, folder: Path) -> None:
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    features, labels = [views(folder, one.path.stem) for one in ladders], [scale.labels(one) for one in ladders]
    chains = [[pair for chain in one.chains() for pair in zip(chain, chain[1:])] for one in ladders]
    whole = np.concatenate([one[:, ::2].reshape(-1, FEATURES) for one in features])
    mean, scale_of = torch.from_numpy(whole.mean(0)), torch.from_numpy(whole.std(0) + 1e-3)
    averaged = copy.deepcopy(head)
    optimizer = torch.optim.AdamW(head.parameters(), recipe.lr, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.lr, recipe.steps, pct_start=0.1)
    head.train()
    for step in range(recipe.steps):
        x, targets, pairs, first = [], [], [], 0
        for i in random.choice(len(ladders), min(recipe.references, len(ladders)), replace=False):
            x.append(features[i][:, int(random.integers(features[i].shape[1]))])
            targets.append(np.float32(labels[i]))
            pairs += [(first + a, first + b) for a, b in chains[i]]
            first += len(labels[i])
        x, targets = (torch.from_numpy(np.concatenate(one)) for one in (x, targets))
        x = (x - mean) / scale_of
        found = head(x + recipe.noise * torch.randn_like(x))[:, 0]
        loss = spread(found, targets) + recipe.order * out_of_order(found, targets, np.array(pairs), recipe.margin)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        decay = min(recipe.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, now in zip(averaged.parameters(), head.parameters()):
                kept.lerp_(now, 1 - decay)
    head.load_state_dict(averaged.state_dict())
    with torch.no_grad():  # from here the layers take features as they are
        head[0].weight /= scale_of
        head[0].bias -= head[0].weight @ mean
    head.eval()


@torch.no_grad()
def scores(head: nn.Sequential, ladders, folder: Path) -> list[np.ndarray]:
    """Of each ladder's steps, the mean over the views that were kept."""
    every = [views(folder, one.path.stem) for one in ladders]
    return [head(torch.from_numpy(one.reshape(-1, FEATURES))).reshape(one.shape[:2]).mean(1).numpy() for one in every]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ladders", type=Path, required=True)
    options.add_argument("--features", type=Path, required=True, help="what `iqatrain.two_scales ladders` wrote")
    options.add_argument("--start", type=Path, required=True, help="an exported metaiqa in float, for its backbone")
    options.add_argument("--out", type=Path, required=True)
    for name, default in asdict(Recipe()).items():
        options.add_argument("--" + name.replace("_", "-"), dest=f"recipe_{name}", type=type(default), default=default)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    recipe = Recipe(**{name: getattr(given, f"recipe_{name}") for name in asdict(Recipe())})
    ladders = open_ladders(given.ladders)
    scale = Scale(ladders)
    ladders = [one for one in ladders if (given.features / f"ladder-{one.path.stem}.npy").exists()]
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
