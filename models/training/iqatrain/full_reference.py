# SPDX-License-Identifier: MPL-2.0
"""Trains BPCLIP with a reference on made pairs and their labels.

    python -m iqatrain.full_reference --synthetic synthetic --tables tables.npz --backbone ResNet50 --out run-fr

Mean squared error on the labels, plus the attributes' loss (`iqatrain.labels.attribute_targets`); one pair in sixteen
is the reference with itself, labelled 1. With --ladders a share of the references comes with levels of the fine ladders
of JPEG, of one or of all, and --order keeps their small steps from being lost among the large ones. Validation: SROCC
and PLCC with the labels of held-out references, the same of the measure that the labels lean on, and how many
neighbouring steps of the coders' ladders are in order.
"""

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import coded, datasets, fidelity, finetune, kadid, labels, synthetic, trainer
from .measures import plcc, srocc
from .trainer import Recipe, Trainer

FINEST = 0.01  # of the labels' range: finer steps say little of what people see


@dataclass
class FullReferenceRecipe(Recipe):
    steps: int = 5000
    lr: float = 1e-4  # as printed, for full reference
    head_factor: float = 3.0
    weight_decay: float = 1e-5  # as printed
    ema: float = 0.995
    batch: int = 16
    share: int = 4  # distorted pictures per reference: the backbone sees a reference once
    attributes: float = 0.2  # weight of the attributes' loss
    ladders: float = 0.0  # share of the references that come with fine steps of JPEG (`coded.FINE`), not of any type
    order: float = 0.0  # weight of `order_loss`


class Pairs:
    """Made pairs with labels."""

    def __init__(self, pictures: synthetic.Synthetic, tables: Path, held_out: bool):
        self.pictures, self.numbers = pictures, pictures.part(held_out)
        self.labels = labels.label(tables, pictures)
        self.fine = [labels.NAMES.index(name) + 1 for name in coded.FINE] if pictures.kinds == len(labels.NAMES) else []

    def drawn(self, recipe: FullReferenceRecipe, random) -> list[tuple[int, int]]:
        """(type, level) of the pictures that share a reference; type 0 is the reference itself."""
        if recipe.ladders and not self.fine:
            raise ValueError(
                "the synthetic pictures have no fine ladders for --ladders: run iqatrain.coded on their folder"
            )
        if recipe.ladders and random.random() < recipe.ladders:
            kinds = self.fine if random.random() < 0.5 else random.choice(self.fine, 1)
            chosen = random.permutation([(kind, level) for kind in kinds for level in range(1, kadid.LEVELS + 1)])[
                : recipe.share
            ].tolist()
            return [tuple(one) for one in chosen] + [(0, 1)] * (recipe.share - len(chosen))
        one = lambda: int(random.integers(1, self.pictures.kinds + 1)) if random.random() > 1 / 16 else 0
        return [(one(), int(random.integers(1, kadid.LEVELS + 1))) for _ in range(recipe.share)]

    def batch(self, recipe: FullReferenceRecipe, step: int):
        """distorted [n, 3, crop, crop] and reference [n / share, 3, crop, crop] uint8, label [n], attribute targets and
        weights [n, 6], type [n], where all fine ladders are one.
        """
        random = np.random.default_rng([recipe.seed, 19, step])
        side, crop = self.pictures.pixels.shape[2], recipe.crop
        distorted, references, scores, targets, weights, kinds = [], [], [], [], [], []
        for _ in range(recipe.batch // recipe.share):
            n = int(random.choice(self.numbers))
            top, left = random.integers(0, side - crop + 1, 2)
            flips = (slice(None, None, random.choice((-1, 1))), slice(None, None, random.choice((-1, 1))))
            window = np.s_[top : top + crop, left : left + crop]
            references.append(self.pictures.reference(n)[window][flips])
            for kind, level in self.drawn(recipe, random):
                score = self.labels.score(n, kind, level) if kind else 1.0
                target, weight = labels.attribute_targets(kind, score)
                distorted.append(self.pictures.picture(n, kind, level)[window][flips] if kind else references[-1])
                scores.append(score)
                targets.append(target)
                weights.append(weight)
                kinds.append(self.fine[0] if kind in self.fine else kind)
        stacked = [torch.from_numpy(np.stack(one)).permute(0, 3, 1, 2) for one in (distorted, references)]
        return (
            *stacked,
            torch.tensor(scores),
            torch.tensor(np.array(targets)),
            torch.tensor(np.array(weights)),
            torch.tensor(kinds),
        )


def order_loss(scores: torch.Tensor, wanted: torch.Tensor, kinds: torch.Tensor, share: int) -> torch.Tensor:
    """How far scores [n] fall short of the labels' steps, as a share of each step (of `FINEST`, if that is more), on
    average.

    Over pairs of pictures that share a reference and a type and whose labels differ; 0 where there are none. A step of
    0.01 counts as much as one of 0.5, which the squared error sees 2,500 times as well.
    """
    s, w, k = (one.view(-1, share) for one in (scores, wanted, kinds))
    step = w[:, :, None] - w[:, None]
    chosen = (step > 1e-3) & (k[:, :, None] == k[:, None])
    if not chosen.any():
        return scores.new_zeros(())
    step, got = step[chosen], (s[:, :, None] - s[:, None])[chosen]
    return (torch.relu(step - got) / step.clamp(min=FINEST)).mean()


class FullReferenceTrainer(Trainer):
    def training_step(self, batch) -> list[float]:
        """One step; the losses: all, score, attributes, order."""
        device, recipe = self.device, self.recipe
        distorted, reference = (finetune.inputs(self.network, one, device) for one in batch[:2])
        wanted, targets, weights, kinds = (one.to(device) for one in batch[2:])

        def loss_of(network):
            with trainer.autocast(device, recipe.bf16):
                score, attributes = network(distorted, reference)
            scores = score.float().flatten()
            error = F.mse_loss(scores, wanted)
            second = (F.mse_loss(attributes.float(), targets, reduction="none") * weights).sum() / weights.sum()
            order = order_loss(scores, wanted, kinds, recipe.share)
            return [error + recipe.attributes * second + recipe.order * order, error, second, order]

        return self.update(loss_of)


@torch.no_grad()
def on_held_out(network, pairs: Pairs, crop: int, device: str, references: int = 4) -> dict:
    """Agreement with the labels, of the network and of the labels' own measure, on held-out references' centres; and
    the coders' steps in order.
    """
    network.eval()
    start = (pairs.pictures.pixels.shape[2] - crop) // 2
    window = np.s_[start : start + crop, start : start + crop]
    scores, wanted, teacher, steps = [], [], [], {}
    for n in pairs.numbers[:references]:
        reference = finetune.inputs(
            network, torch.from_numpy(pairs.pictures.reference(n)[window].copy()).permute(2, 0, 1)[None], device
        )
        for kind in range(1, pairs.pictures.kinds + 1):
            levels = [pairs.pictures.picture(n, kind, level)[window] for level in range(1, kadid.LEVELS + 1)]
            distorted = finetune.inputs(network, torch.from_numpy(np.stack(levels)).permute(0, 3, 1, 2), device)
            found = finetune.scores_of(network(distorted, reference)).cpu().numpy()
            if kind > kadid.TYPES:
                steps.setdefault(labels.NAMES[kind - 1], []).extend(found[:-1] > found[1:])
                continue
            scores += found.tolist()
            wanted += [pairs.labels.score(n, kind, level) for level in range(1, kadid.LEVELS + 1)]
            first = (kind - 1) * kadid.LEVELS
            teacher += pairs.pictures.measures[
                n, first : first + kadid.LEVELS, fidelity.MEASURES.index(labels.MEASURE)
            ].tolist()
    agreement = {
        "srocc": srocc(scores, wanted),
        "plcc": plcc(scores, wanted),
        "srocc of the measure": srocc(teacher, wanted),
    }
    return agreement | {"steps in order": {name: float(np.mean(found)) for name, found in steps.items()}}


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--stop-at", type=int)
    options.add_argument(
        "--validations",
        type=int,
        default=10,
        help="how often held-out references are looked at, the last time at sixteen of them",
    )
    finetune.add_network_options(options)
    finetune.add_recipe_options(options, FullReferenceRecipe())
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.network = "bpclip-fr"
    recipe = finetune.recipe_of(given, FullReferenceRecipe)
    network = finetune.build(given)
    pictures = synthetic.open_synthetic(given.synthetic)
    pairs, held_out = (Pairs(pictures, given.tables, part) for part in (False, True))
    training = FullReferenceTrainer(network, recipe, given.device)
    training.resume(given.out)

    def validate(last):
        return on_held_out(training.ema_network(), held_out, recipe.crop, given.device, 16 if last else 4)

    training.fit(
        datasets.step_loader(partial(pairs.batch, recipe), given.workers),
        given.out,
        validate,
        max(1, recipe.steps // given.validations),
        given.stop_at,
    )


if __name__ == "__main__":
    main()
