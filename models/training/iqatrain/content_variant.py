# SPDX-License-Identifier: MPL-2.0
"""Whether a pristine picture of other content helps to judge a coded one: a student after CVRKD-IQA.

    python -m iqatrain.content_variant --ladders ladders --features features-scales --out run \\
        [--compared compared --teacher run-similarity/checkpoint.pt]

Yin et al., “Content-Variant Reference Image Quality Assessment via Knowledge Distillation” (AAAI 2022): a teacher sees
a picture beside its own reference, a student the picture beside a pristine one of other content, and learns the
teacher's scores. Here both students are two layers over the features that `two_scales` keeps (ResNet-18 at two scales
of a frame); one sees the picture alone, the other also the features of a reference that is drawn at random among those
of other content, and how far the picture's are from them. What they learn is half the teacher's score and half the
label of the ladder's step (`ladder_set`), with a loss on the order of steps; without a teacher the label alone.

Both are measured on held-out ladders, the second one beside pristine pictures of other held-out references: the mean of
`BESIDE` of them, and each alone.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import networks
from .ladder_set import Ladder, Scale, open_ladders
from .networks.two_scales import FEATURES
from .scales import agreement
from .shallow import Standardised, descend, joined, out_of_order, spread
from .similarity import scored

BESIDE = 5
STEPS, RATE, DECAY, REFERENCES, HIDDEN, NOISE, MARGIN = 800, 1e-3, 0.05, 12, 32, 0.3, 0.5


def student_of(inputs: int) -> nn.Sequential:
    """[n, inputs] -> [n, 1], 0 to 1: of a picture's features, or of those and what differs from a reference's."""
    return nn.Sequential(nn.Linear(inputs, HIDDEN), nn.PReLU(), nn.Dropout(0.3), nn.Linear(HIDDEN, 1), nn.Sigmoid())


class Ladders:
    """Features [steps, places, 2 * 1920] of ladders, their labels, and what is to be learned."""

    def __init__(self, ladders: list[Ladder], scale: Scale, folder: Path, taught: dict[str, np.ndarray]):
        self.ladders = [one for one in ladders if one.kept_in(folder).exists()]
        self.features = []
        for one in self.ladders:
            found = np.load(one.kept_in(folder)).astype(np.float32)[:, :, :2]
            self.features.append(found.reshape(*found.shape[:2], 2 * FEATURES))
        self.labels = [scale.labels(one) for one in self.ladders]
        self.targets = [
            np.float32((label + taught[one.path.stem]) / 2 if one.path.stem in taught else label)
            for one, label in zip(self.ladders, self.labels)
        ]

    def other(self, i: int, random: np.random.Generator, count: int) -> list[int]:
        """References of other content that are shown as high, in an order drawn at random."""
        name, display = self.ladders[i].path.stem, self.ladders[i].display
        same = [k for k, one in enumerate(self.ladders) if k != i and one.display == display]
        if not same:
            raise ValueError(f"no other reference is shown at {display} lines, beside {name}: make more ladders")
        return list(random.permutation(same)[:count])

    def beside(self, i: int, place: int, others: list[tuple[int, int]] | None) -> np.ndarray:
        """[steps, inputs] of one place of ladder i; `others`: a reference and a place, for each step."""
        own = self.features[i][:, place]
        if others is None:
            return own
        pristine = np.stack([self.features[k][0, at] for k, at in others])
        return np.concatenate((own, own - pristine), 1)


def teacher(ladders: list[Ladder], compared: Path, checkpoint: Path) -> dict[str, np.ndarray]:
    """The full-reference network's scores of each ladder's steps, the mean over the places that were kept."""
    kept = torch.load(checkpoint, weights_only=True, map_location="cpu")
    network = networks.build("resnet18-fr", **kept["options"])
    network.load_state_dict(kept["ema"])
    found = {}
    for one in ladders:
        path = one.kept_in(compared)
        if path.exists():
            found[one.path.stem] = np.clip(scored(network.eval(), np.load(path)[..., : network.inputs]), 0, 1)
    return found


def learned(data: Ladders, with_reference: bool, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    whole = np.concatenate([one.reshape(-1, 2 * FEATURES) for one in data.features])
    mean, deviation = whole.mean(0), whole.std(0)
    if with_reference:
        mean, deviation = np.r_[mean, 0 * mean], np.r_[deviation, deviation]
    student = student_of(len(mean))
    standardised = Standardised(student, mean, deviation)

    def loss_of():
        parts = []
        for i in random.choice(len(data.ladders), min(REFERENCES, len(data.ladders)), replace=False):
            place, steps, drawn = int(random.integers(data.features[i].shape[1])), len(data.labels[i]), None
            if with_reference:
                others = data.other(i, random, steps)
                drawn = [(k, int(random.integers(data.features[k].shape[1]))) for k in random.choice(others, steps)]
            parts.append((data.beside(i, place, drawn), data.targets[i], data.ladders[i].neighbours()))
        x, targets, pairs = joined(parts)
        targets, found = torch.from_numpy(targets), standardised(torch.from_numpy(x), NOISE)[:, 0]
        return spread(found, targets) + out_of_order(found, targets, pairs, MARGIN)

    descend(student, loss_of, STEPS, RATE, DECAY, ema=0.0)
    standardised.fold()
    return student


@torch.no_grad()
def scores(student: nn.Sequential, data: Ladders, references: list[list[int]] | None) -> list[np.ndarray]:
    """Of each ladder's steps, the mean over places and over the references that each is seen beside."""
    found = []
    for i, features in enumerate(data.features):
        each = []
        for place in range(features.shape[1]):
            for k in references[i] if references else (None,):
                drawn = None if k is None else [(k, 0)] * len(features)
                each.append(student(torch.from_numpy(data.beside(i, place, drawn)))[:, 0].numpy())
        found.append(np.mean(each, 0))
    return found


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ladders", type=Path, required=True)
    options.add_argument("--features", type=Path, required=True, help="what `iqatrain.two_scales ladders` wrote")
    options.add_argument("--compared", type=Path, help="what `iqatrain.similarity ladders` wrote, for the teacher")
    options.add_argument("--teacher", type=Path, help="the checkpoint of `iqatrain.similarity train`")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    ladders = open_ladders(given.ladders)
    taught = teacher(ladders, given.compared, given.teacher) if given.teacher else {}
    scale = Scale(ladders)
    first, last = (
        Ladders([one for one in ladders if one.held_out == held_out], scale, given.features, taught)
        for held_out in (False, True)
    )
    print(json.dumps({"learned": len(first.ladders), "held out": len(last.ladders), "taught": len(taught)}), flush=True)
    for seed in range(1, given.seeds + 1):
        alone = scores(learned(first, False, seed), last, None)
        lines = {"alone": agreement(last.ladders, alone, last.labels)}
        student, random = learned(first, True, seed), np.random.default_rng([77, seed])
        drawn = [last.other(i, random, BESIDE) for i in range(len(last.ladders))]
        lines[f"beside {BESIDE}"] = agreement(last.ladders, scores(student, last, drawn), last.labels)
        for n in range(BESIDE):
            one = scores(student, last, [[others[n % len(others)]] for others in drawn])
            lines[f"beside one, {n + 1}"] = agreement(last.ladders, one, last.labels)
        for name, found in lines.items():
            line = json.dumps({"seed": seed, "student": name, **found})
            print(line, flush=True)
            with open(given.out / "measured.jsonl", "a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
