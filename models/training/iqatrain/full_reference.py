"""Trains BPCLIP with a reference on made pairs and their labels.

    python -m iqatrain.full_reference --made made --tables tables.npz --backbone ResNet50 --out run-fr

Mean squared error on the labels, plus the attributes' loss (`iqatrain.labels.attribute_targets`); one pair in sixteen
is the reference with itself, labelled 1. Validation: SROCC and PLCC with the labels of held-out references, and the same
of the measure that the labels lean on.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import fidelity, kadid, labels, loop, made, run
from .loop import Loop, Schedule
from .measures import plcc, srocc


@dataclass
class FullReferenceRecipe(Schedule):
    steps: int = 5000
    rate: float = 1e-4  # as printed, for full reference
    head_factor: float = 3.0
    weight_decay: float = 1e-5  # as printed
    average: float = 0.995
    batch: int = 16
    share: int = 4  # distorted pictures per reference: the backbone sees a reference once
    attributes: float = 0.2  # weight of the attributes' loss


class Pairs:
    """Made pairs with labels."""

    def __init__(self, pictures: made.Made, tables: Path, held_out: bool):
        self.pictures, self.numbers = pictures, pictures.part(held_out)
        self.labels = labels.label(tables, pictures)

    def batch(self, recipe: FullReferenceRecipe, step: int):
        """distorted [n, 3, crop, crop] and reference [n / share, 3, crop, crop] uint8, label [n], attribute targets and weights [n, 6]."""
        random = np.random.default_rng([recipe.seed, 19, step])
        side, crop = self.pictures.pixels.shape[2], recipe.crop
        distorted, references, scores, targets, weights = [], [], [], [], []
        for _ in range(recipe.batch // recipe.share):
            n = int(random.choice(self.numbers))
            top, left = random.integers(0, side - crop + 1, 2)
            flips = (slice(None, None, random.choice((-1, 1))), slice(None, None, random.choice((-1, 1))))
            window = np.s_[top : top + crop, left : left + crop]
            references.append(self.pictures.reference(n)[window][flips])
            for _ in range(recipe.share):
                kind = int(random.integers(1, self.pictures.kinds + 1)) if random.random() > 1 / 16 else 0
                level = int(random.integers(1, kadid.LEVELS + 1))
                score = self.labels.score(n, kind, level) if kind else 1.0
                target, weight = labels.attribute_targets(kind, score)
                distorted.append(self.pictures.picture(n, kind, level)[window][flips] if kind else references[-1])
                scores.append(score)
                targets.append(target)
                weights.append(weight)
        stacked = [torch.from_numpy(np.stack(one)).permute(0, 3, 1, 2) for one in (distorted, references)]
        return *stacked, torch.tensor(scores), torch.tensor(np.array(targets)), torch.tensor(np.array(weights))


class FullReferenceTraining(Loop):
    def advance(self, batch) -> list[float]:
        """One step; the losses: all, score, attributes."""
        device = self.device
        distorted, reference = (run.inputs(self.network, one, device) for one in batch[:2])
        wanted, targets, weights = (one.to(device) for one in batch[2:])

        def loss_of(network):
            with loop.autocast(device, self.recipe.bf16):
                score, attributes = network(distorted, reference)
            error = F.mse_loss(score.float().flatten(), wanted)
            second = (F.mse_loss(attributes.float(), targets, reduction="none") * weights).sum() / weights.sum()
            return [error + self.recipe.attributes * second, error, second]

        return self.update(loss_of)


@torch.no_grad()
def on_held_out(network, pairs: Pairs, crop: int, device: str, references: int = 4) -> dict:
    """Agreement with the labels, of the network and of the labels' own measure, on held-out references' centres."""
    network.eval()
    start = (pairs.pictures.pixels.shape[2] - crop) // 2
    window = np.s_[start : start + crop, start : start + crop]
    scores, wanted, teacher = [], [], []
    for n in pairs.numbers[:references]:
        reference = torch.from_numpy(pairs.pictures.reference(n)[window].copy()).permute(2, 0, 1)[None]
        for kind in range(1, kadid.TYPES + 1):
            for level in range(1, kadid.LEVELS + 1):
                one = torch.from_numpy(pairs.pictures.picture(n, kind, level)[window].copy()).permute(2, 0, 1)[None]
                output = network(run.inputs(network, one, device), run.inputs(network, reference, device))
                scores.append(float(run.scores_of(output)))
                wanted.append(pairs.labels.score(n, kind, level))
                row = (kind - 1) * kadid.LEVELS + level - 1
                teacher.append(float(pairs.pictures.measures[n, row, fidelity.MEASURES.index(labels.MEASURE)]))
    return {"srocc": srocc(scores, wanted), "plcc": plcc(scores, wanted), "srocc of the measure": srocc(teacher, wanted)}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--stop-at", type=int)
    run.add_network_options(options)
    run.add_recipe_options(options, FullReferenceRecipe())
    given = options.parse_args()
    given.network = "bpclip-fr"
    recipe = run.recipe_of(given, FullReferenceRecipe)
    network = run.build(given)
    pictures = made.open_made(given.made)
    pairs, held_out = (Pairs(pictures, given.tables, part) for part in (False, True))
    training = FullReferenceTraining(network, recipe, given.device)
    run.resume(training, given.out)

    def validate(last):
        return on_held_out(run.averaged_network(training), held_out, recipe.crop, given.device, 16 if last else 4)

    loop.run(
        training,
        lambda step: pairs.batch(recipe, step),
        training.advance,
        given.out,
        validate,
        max(1, recipe.steps // 10),
        given.stop_at,
        workers=given.workers,
    )


if __name__ == "__main__":
    main()
