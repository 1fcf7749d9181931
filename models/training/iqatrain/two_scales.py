# SPDX-License-Identifier: MPL-2.0
"""`metaiqa` that sees a crop at two scales, learned from codec ladders beside opinions, its backbone standing still.

    python -m iqatrain.two_scales ladders  --ladders ladders --model one-scale.onnx --out features-scales [--part 0/2]
    python -m iqatrain.two_scales opinions --biq2021 BIQ2021 --model one-scale.onnx --out features-scales [--part 0/2]
    python -m iqatrain.two_scales train    --ladders ladders --features features-scales \\
        --start one-scale.float.onnx --out run-scales

`one-scale.onnx` is the network that sees one scale, in 8-bit integers; what is kept are the statistics of its stages
(`networks.two_scales`), so what is added to it learns from activations that are rounded as they will be. A stopped
run goes on where it was.

The target of a ladder's step is what its label (`ladder_set`) leaves of its reference's level. At 1080 and 2160 lines
a reference's level is near one level for all, for the opinion of a transcode is not one of what it shows; pictures of
512 lines have the level that the network gave them before, as they look like the pictures with opinions, which are of
512 lines themselves.
"""

import argparse
import copy
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from . import alignment, bundled, data, networks, trainer
from .ladder_features import BLOCK, cut
from .ladder_set import Ladder, Scale, in_order, open_ladders
from .measures import plcc, srocc
from .networks.metaiqa import MEAN, STD
from .networks.two_scales import CHANNELS, FEATURES, VIEW, TwoScales
from .runtime import open_session
from .scales import agreement
from .shallow import Standardised, add_recipe, descend, joined, out_of_order, recipe_of, spread

SEEN, WHOLE = TwoScales.short_side, TwoScales.crop
HELD_OUT = 500  # pictures of BIQ2021's training part, as `data.split` holds them out
# Places of a reference's steps, and views of the middle's size that are cut from each, the middle one first.
LEARNED = {2160: (1, 3), 1080: (1, 2), 512: (1, 1)}


class Stages:
    """The one-scale network's backbone in ONNX Runtime: [n, 3, 224, 224] -> features [n, 1920]."""

    def __init__(self, path: Path, threads: int = 1):
        model = onnx.load(path)
        known = {output for node in model.graph.node for output in node.output}
        kept = {one.name: one for one in model.graph.initializer}
        self.names, self.scales = [], []
        for stage in range(4):
            name = f"/backbone/blocks.{2 * stage + 1}/Relu_1_output_0"
            rounded = f"{name}_QuantizeLinear_Output"
            integer = rounded in known
            self.names.append(rounded if integer else name)
            self.scales.append(float(numpy_helper.to_array(kept[f"{name}_scale"]).item()) if integer else None)
            kind = onnx.TensorProto.UINT8 if integer else onnx.TensorProto.FLOAT
            model.graph.output.append(onnx.helper.make_tensor_value_info(self.names[-1], kind, None))
        self.session = open_session(model.SerializeToString(), threads)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        parts = []
        for one, scale in zip(self.session.run(self.names, {"input": x}), self.scales):
            flat = one.reshape(*one.shape[:2], -1).astype(np.float32)
            mean, square = flat.mean(2), np.einsum("ncp,ncp->nc", flat, flat) / flat.shape[2]
            factor = 1.0 if scale is None else scale
            parts += [factor * mean, np.sqrt(factor**2 * np.maximum(square - mean * mean, 0) + 1e-8)]
        return np.concatenate(parts, 1).astype(np.float32)


def normalised(crops: np.ndarray) -> np.ndarray:
    """[n, h, w, 3] uint8 -> [n, 3, h, w] float32."""
    x = (crops.astype(np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def seen(stages: Stages, crops: list[np.ndarray], corners: list[list[tuple[int, int]]]) -> np.ndarray:
    """Crops [448, 448, 3] and places of views in each -> [n, 1 + views, 1920]: the shrunk view's features first."""
    views = []
    for crop, places in zip(crops, corners):
        x = normalised(crop[None])[0]
        views.append(x.reshape(3, VIEW, 2, VIEW, 2).mean((2, 4)))
        views += [x[:, top : top + VIEW, left : left + VIEW] for top, left in places]
    found = [stages(np.stack(views[first : first + 8])) for first in range(0, len(views), 8)]
    return np.concatenate(found).reshape(len(crops), -1, FEATURES)


MIDDLE = ((WHOLE - VIEW) // 2,) * 2


def of_ladders(given, stages: Stages) -> None:
    part, parts = map(int, given.part.split("/"))
    for ladder in sorted(open_ladders(given.ladders), key=lambda one: -one.display):
        kept = ladder.kept_in(given.out)
        name = ladder.path.stem
        number = zlib.crc32(name.encode())
        if number % parts != part or kept.exists():
            continue
        random = np.random.default_rng([41, number])
        places, views = LEARNED[ladder.display]
        if ladder.held_out:
            views, at = 1, [(0.5, 0.0), (0.5, 1.0)] if ladder.display == 1080 else [(0.5, 0.5)]
        else:
            at = [(0.5, 0.5), *map(tuple, random.random((places - 1, 2)))]
        corners = [[MIDDLE, *map(tuple, random.integers(0, WHOLE - VIEW + 1, (views - 1, 2)))] for _ in at]
        factor, found = SEEN / (ladder.display * ladder.scale), []
        for pixels in ladder.pixels:
            picture, side = np.asarray(pixels), WHOLE / factor
            room = [most - side for most in picture.shape[:2]]
            centres = [(side / 2 + down * room[0], side / 2 + across * room[1]) for down, across in at]
            found.append(seen(stages, [cut(picture, factor, WHOLE, centre) for centre in centres], corners))
        np.save(kept, np.stack(found).astype(np.float16))  # [steps, places, 1 + views, 1920]
        print(kept.name, flush=True)


def opinion_rows(source: Path) -> list[tuple[str, float]]:
    return data.read_table(source / "Train (Images and MOS).csv")


def held_out_rows(count: int) -> np.ndarray:
    """Which of BIQ2021's training part are held out, as `data.split` says."""
    return np.sort(np.random.default_rng(2021).permutation(count)[:HELD_OUT])


def of_opinions(given, stages: Stages) -> None:
    part, parts = map(int, given.part.split("/"))
    rows = opinion_rows(given.biq2021)
    files = {path.name.lower(): path for path in (given.biq2021 / "Images").iterdir()}
    last = held_out_rows(len(rows))
    learned = np.random.default_rng(5).permutation(np.setdiff1d(np.arange(len(rows)), last))
    for name, chosen in {"held-out": last, "learned": learned}.items():
        for first in range(0, len(chosen), BLOCK):
            kept = given.out / f"opinions-{name}-{first:05}.npz"
            if first // BLOCK % parts != part or kept.exists():
                continue
            random, block, found = np.random.default_rng([43, first]), chosen[first : first + BLOCK], []
            for n in block:
                picture = data.scaled(data.read_picture(files[rows[n][0].lower()]), SEEN)
                room = [most - WHOLE for most in picture.shape[:2]]
                drawn = [tuple(int(random.integers(one + 1)) for one in room)]
                at = data.places(*room, 5) if name == "held-out" else drawn
                found.append(seen(stages, [picture[y : y + WHOLE, x : x + WHOLE] for y, x in at], [[MIDDLE]] * len(at)))
            names, mos = [rows[n][0] for n in block], np.float32([rows[n][1] for n in block])
            np.savez(kept, rows=block, names=names, mos=mos, features=np.stack(found).astype(np.float16))
            print(kept.name, flush=True)


@dataclass
class Recipe:
    steps: int = 600
    lr: float = 1e-3
    weight_decay: float = 0.05
    ema: float = 0.99
    opinions: int = 256  # pictures with opinions, and
    references: int = 10  # references with all their steps, in each training step
    human: float = 0.0  # weight of the loss on opinions, with which held-out ones were met less well
    weight: float = 1.0  # weight of the ladders' losses
    order: float = 3.0  # weight of the loss on the order of a reference's steps
    margin: float = 0.5  # of the difference of two targets
    top: float = 0.8  # level of references of 1080 and 2160 lines
    own: float = 0.0  # how much of a reference's own level they keep
    low: float = 0.05  # target of what has nothing left
    keep: float = 30.0  # weight of the square of what is added, as a logit, to pictures with opinions
    noise: float = 0.3  # added to the standardised features
    alignment: float = 0.75
    hidden: int = 128
    seed: int = 1


@dataclass
class Opinions:
    """features [n, places, 2 * 1920], mos [n], subset [n]."""

    features: np.ndarray
    mos: np.ndarray
    subset: np.ndarray

    def take(self, chosen: np.ndarray) -> "Opinions":
        return Opinions(self.features[chosen], self.mos[chosen], self.subset[chosen])


def open_opinions(folder: Path, name: str) -> Opinions:
    files = [np.load(path) for path in sorted(folder.glob(f"opinions-{name}-*.npz"))]
    if not files:
        raise ValueError(f"{folder} has no features of pictures with opinions")
    features = np.concatenate([one["features"] for one in files])
    names = [str(name) for one in files for name in one["names"]]
    mos = np.concatenate([one["mos"] for one in files])
    return Opinions(features.reshape(*features.shape[:2], -1).astype(np.float32), mos, data.subsets(names))


class Steps:
    """Features of references whose ladders are at hand, and what is learned of them."""

    def __init__(self, ladders: list[Ladder], scale: Scale, folder: Path, network: TwoScales, recipe: Recipe):
        self.ladders = [one for one in ladders if one.kept_in(folder).exists()]
        self.features = [np.load(one.kept_in(folder)).astype(np.float32) for one in self.ladders]
        self.labels = [scale.labels(one) for one in self.ladders]
        self.targets = []
        for ladder, features, labels in zip(self.ladders, self.features, self.labels):
            level = float(one_scale(network, features[0, :, 0]).mean())
            if ladder.display > 512:
                level = (1 - recipe.own) * recipe.top + recipe.own * level
            self.targets.append(np.float32(recipe.low + max(0.0, level - recipe.low) * labels))

    def draw(self, count: int, random: np.random.Generator):
        """All steps of some references, each at one place.

        Features [n, 2 * 1920], targets [n], pairs [m, 2] of which the first is better.
        """
        parts = []
        for i in random.choice(len(self.ladders), min(count, len(self.ladders)), replace=False):
            places, views = self.features[i].shape[1], self.features[i].shape[2] - 1
            place, view = int(random.integers(places)), 1 + int(random.integers(views))
            x = self.features[i][:, place][:, (0, view)].reshape(len(self.labels[i]), -1)
            parts.append((x, self.targets[i], self.ladders[i].neighbours()))
        return joined(parts)

    def scores(self, network: TwoScales) -> list[np.ndarray]:
        """The mean over places of each step's score, with the middle view."""
        found = []
        for features in self.features:
            x = torch.from_numpy(features[:, :, :2].reshape(-1, 2 * FEATURES))
            found.append(network.score(x).reshape(features.shape[:2]).mean(1).numpy())
        return found


@torch.no_grad()
def one_scale(network: TwoScales, features: np.ndarray) -> np.ndarray:
    """What the network said before of shrunk views' features [n, 1920]."""
    last = torch.from_numpy(np.ascontiguousarray(features[:, FEATURES - 2 * CHANNELS[-1] : FEATURES - CHANNELS[-1]]))
    return torch.sigmoid(network.head(last))[:, 0].numpy()


def learn(network: TwoScales, recipe: Recipe, opinions: Opinions, steps: Steps | None) -> None:
    """Trains the added layers; the backbone and the head of one scale stand still."""
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    everything = [opinions.features.reshape(-1, 2 * FEATURES)]
    if steps:
        everything += [one[:, :, :2].reshape(-1, 2 * FEATURES)[::2] for one in steps.features]
    whole = np.concatenate(everything)
    further = Standardised(network.further, whole.mean(0), whole.std(0))
    for one in (network.further[3].weight, network.further[3].bias):
        nn.init.zeros_(one)
    network.head.eval()
    last = slice(FEATURES - 2 * CHANNELS[-1], FEATURES - CHANNELS[-1])

    def score(x):
        added = further(x, recipe.noise)
        return torch.sigmoid(network.head(x[:, last]).detach() + added)[:, 0], added

    def loss_of():
        chosen = random.choice(len(opinions.mos), min(recipe.opinions, len(opinions.mos)), replace=False)
        place = random.integers(opinions.features.shape[1], size=len(chosen))
        x, targets = torch.from_numpy(opinions.features[chosen, place]), torch.from_numpy(opinions.mos[chosen])
        found, added = score(x)
        loss = recipe.human * spread(found, targets) + recipe.keep * (added**2).mean()
        if steps and recipe.weight:
            x, targets, pairs = steps.draw(recipe.references, random)
            (found, _), targets = score(torch.from_numpy(x)), torch.from_numpy(targets)
            loss = loss + recipe.weight * spread(found, targets)
            loss = loss + recipe.order * out_of_order(found, targets, pairs, recipe.margin)
        return loss

    descend(network.further, loss_of, recipe.steps, recipe.lr, recipe.weight_decay, recipe.ema)
    further.fold()
    network.eval()


@torch.no_grad()
def within(scores: np.ndarray, opinions: Opinions) -> dict:
    found = {}
    for one in np.unique(opinions.subset):
        chosen = opinions.subset == one
        found[str(one)] = srocc(scores[chosen], opinions.mos[chosen])
    mean = float(np.mean(list(found.values())))
    return {"all": srocc(scores, opinions.mos), "plcc": plcc(scores, opinions.mos), **found, "mean within": mean}


@torch.no_grad()
def measured(network: TwoScales | None, before: TwoScales, opinions: Opinions, steps: Steps) -> dict:
    """Of held-out pictures and ladders; `network` none: of the one scale that was seen before."""
    n, places = opinions.features.shape[:2]
    flat = opinions.features.reshape(n * places, -1)
    if network:
        scores, of_steps = network.score(torch.from_numpy(flat))[:, 0].numpy(), steps.scores(network)
    else:
        scores = one_scale(before, flat[:, :FEATURES])
        shrunk = [one[:, :, 0] for one in steps.features]
        of_steps = [one_scale(before, one.reshape(-1, FEATURES)).reshape(one.shape[:2]).mean(1) for one in shrunk]
    ladders = agreement(steps.ladders, of_steps, steps.labels)
    kinds: dict[str, list[bool]] = {}
    for ladder, one in zip(steps.ladders, of_steps):
        for kind, hits in in_order(one, ladder).items():
            kinds.setdefault(kind, []).extend(hits)
    ladders["in order, by kind"] = {kind: round(float(np.mean(hits)), 3) for kind, hits in kinds.items()}
    ladders["references"] = len(steps.ladders)
    of_opinions = within(scores.reshape(n, places).mean(1), opinions)
    return {"opinions": {name: round(value, 4) for name, value in of_opinions.items()}, "ladders": ladders}


def aligned(opinions: Opinions, share: float) -> Opinions:
    """Less that share of each subset's offset, found with the shrunk views' features."""
    if not share:
        return opinions
    found = alignment.offsets(opinions.features[:, 0, :FEATURES], opinions.mos, opinions.subset)
    print(json.dumps({"offsets": {name: round(value, 3) for name, value in found.items()}, "taken": share}), flush=True)
    above = np.float32([found[one] for one in opinions.subset])
    return Opinions(opinions.features, opinions.mos - np.float32(share) * above, opinions.subset)


def start(path: Path, recipe: Recipe) -> TwoScales:
    """The network with the backbone and head of an exported one that sees one scale."""
    torch.manual_seed(recipe.seed)
    network, before = networks.build("two-scales", hidden=recipe.hidden), bundled.read(path, "metaiqa")
    network.backbone.load_state_dict(before.backbone.state_dict())
    network.head.load_state_dict(before.head.state_dict())
    return network.eval().requires_grad_(False)


def train(given, recipe: Recipe) -> None:
    ladders = open_ladders(given.ladders)
    scale, network = Scale(ladders), start(given.start, recipe)
    learned, last = (
        Steps([one for one in ladders if one.held_out == held_out], scale, given.features, network, recipe)
        for held_out in (False, True)
    )
    opinions, kept = open_opinions(given.features, "learned"), open_opinions(given.features, "held-out")
    counts = {"learned": [len(learned.ladders), len(opinions.mos)], "held out": [len(last.ladders), len(kept.mos)]}
    print(json.dumps({**counts, **asdict(recipe)}), flush=True)
    print(json.dumps({"one scale": measured(None, network, kept, last)}), flush=True)
    opinions = aligned(opinions, recipe.alignment)
    if given.leave_out:
        for subset in np.unique(opinions.subset):
            one = copy.deepcopy(network)
            one.further.requires_grad_(True)
            learn(one, recipe, opinions.take(opinions.subset != subset), learned)
            found = measured(one, network, kept.take(kept.subset == subset), last)
            print(json.dumps({"left out": str(subset), "srocc": found["opinions"]["all"]}), flush=True)
        return
    network.further.requires_grad_(True)
    learn(network, recipe, opinions, learned)
    found = measured(network, network, kept, last)
    print(json.dumps({"two scales": found}), flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "measured.json").write_text(json.dumps({"recipe": asdict(recipe), **found}) + "\n")
    trainer.write_atomically({"ema": network.state_dict(), "hidden": recipe.hidden}, given.out / "checkpoint.pt")


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("ladders", "opinions", "train"))
    options.add_argument("--ladders", type=Path)
    options.add_argument("--biq2021", type=Path)
    options.add_argument("--model", type=Path, help="the network that sees one scale, in integers")
    options.add_argument("--start", type=Path, help="for `train`: the same in float")
    options.add_argument("--features", type=Path, help="for `train`: what the other two wrote")
    options.add_argument("--part", default="0/1", help="for several processes: which of how many parts this one does")
    options.add_argument("--leave-out", action="store_true", help="for `train`: by leave-one-subset-out")
    options.add_argument("--out", type=Path, required=True)
    add_recipe(options, Recipe())
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.what == "train":
        train(given, recipe_of(given, Recipe))
    else:
        {"ladders": of_ladders, "opinions": of_opinions}[given.what](given, Stages(given.model))


if __name__ == "__main__":
    main()
