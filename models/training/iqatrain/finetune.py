# SPDX-License-Identifier: MPL-2.0
"""Trains a network without reference on pictures with opinion scores.

    python -m iqatrain.finetune --cache cache --backbone AllLegs_combined.pt --out run
    python -m iqatrain.finetune --network mt-irn --cache cache --start restored/checkpoint.pt --out run
    python -m iqatrain.finetune --pictures photographs --start metaiqa.pt --held-out 50 --out run

A run that was stopped goes on from its checkpoint in --out (see `iqatrain.trainer`).
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import alignment, data, datasets, networks, trainer
from .auxiliary import SyntheticBatches
from .features import Ridge
from .measures import by_subset
from .networks import bpclip, mt_irn
from .networks.resnet18 import STATISTICS
from .trainer import Recipe, Trainer

# Of the ridge regression that `pooled` starts from. Left-out subsets of BIQ2021, mean SROCC: 0.575 at 0.3, 0.609 at 1,
# 0.625 at 3, 0.627 at 10. Within one set less is better: on folds of a training part of LIVE Challenge 0.818 at 0.1,
# 0.823 at 0.3, 0.765 at 10.
PROBE_STRENGTH = 10.0
TOGETHER = 20  # pictures that are scored at once beside a reference, for the sake of memory


@dataclass
class FinetuneRecipe(Recipe):
    batch: int = 32  # pictures with opinion scores
    degraded: int = 4  # of these, how many are joined by two degraded copies
    early_crop: int = 160  # cheaper crops, before `early_share` of the steps
    early_share: float = 0.0
    error: str = "mse"  # or "l1"
    correlation: float = 1.0  # weight of 1 - PLCC in the batch
    ranking: float = 0.5  # weight of the ranking loss
    margin: float = 0.4  # of the picture's score, for a whole unit of strength
    synthetic: int = 0  # synthetic pictures that join each step, for the network's second output
    second: float = 0.5  # weight of their loss
    subsets: str = "drawn"  # or "equal": each subset of BIQ2021 as often as the others
    frozen_share: float = 0.0  # of the steps, in which `restoration` stands still (MT-IRN: the first 10 of 50 epochs)


def inputs(network: nn.Module, crops: torch.Tensor, device: str = "cpu") -> torch.Tensor:
    """[n, 3, h, w] uint8 -> float32 as `network` wants it, on `device`."""
    mean, std = (torch.tensor(v, device=device).view(3, 1, 1) for v in (network.mean, network.std))
    x = (crops.to(device).float() / 255 - mean) / std
    return x.contiguous(memory_format=torch.channels_last)


def scores_of(output) -> torch.Tensor:
    """[n], of a network's output: the score is alone or comes first."""
    return (output[0] if isinstance(output, tuple) else output).float().flatten()


def losses(scores, targets, strengths, variance, recipe: FinetuneRecipe):
    """(all, error, correlation, ranking) of a batch laid out as `datasets.collate` says."""
    count = len(targets)
    difference = scores[:count] - targets
    error = (
        (difference**2).mean() / variance if recipe.error == "mse" else difference.abs().mean() / math.sqrt(variance)
    )
    a, b = scores[:count] - scores[:count].mean(), targets - targets.mean()
    correlation = 1 - (a * b).sum() / (a.norm() * b.norm() + 1e-6)
    if len(strengths):
        pairs = scores[count:].view(-1, 2)
        original, target = scores[: len(strengths)], targets[: len(strengths)]
        room = recipe.margin * target
        mild = torch.relu(room * strengths[:, 0] - (original - pairs[:, 0]))
        strong = torch.relu(room * (strengths[:, 1] - strengths[:, 0]) - (pairs[:, 0] - pairs[:, 1]))
        ranking = (mild + strong).mean() / math.sqrt(variance)
    else:
        ranking = scores.new_zeros(())
    return error + recipe.correlation * correlation + recipe.ranking * ranking, error, correlation, ranking


@torch.no_grad()
def score(network: nn.Module, *pictures: np.ndarray) -> float:
    """The mean over a network's views of one picture, or of a pair, the distorted one first; [h, w, 3] uint8."""
    views = (torch.from_numpy(data.views(one, network)).permute(0, 3, 1, 2) for one in pictures)
    return float(scores_of(network.eval()(*[inputs(network, one) for one in views])).mean())


@torch.no_grad()
def scores_beside(network: nn.Module, reference: np.ndarray, copies: list[np.ndarray]) -> list[float]:
    """What `score` gives for each of the copies with the reference, which the backbone sees but once for each view."""
    network.eval()
    original = inputs(network, torch.from_numpy(data.views(reference, network)).permute(0, 3, 1, 2))
    found = []
    for first in range(0, len(copies), TOGETHER):
        some = [torch.from_numpy(data.views(one, network)) for one in copies[first : first + TOGETHER]]
        views = zip(original.split(1), torch.stack(some, 1).permute(0, 1, 4, 2, 3))
        found.append(np.mean([scores_of(network(inputs(network, view), one)).numpy() for one, view in views], 0))
    return np.concatenate(found).tolist()


@torch.no_grad()
def predictions(network: nn.Module, pictures, whole: bool, bf16: bool, device: str = "cpu") -> np.ndarray:
    """A score for each picture: the mean over what the network looks at (`data.views`), or of one crop, the first."""
    network.eval()
    scores = []
    for i in range(len(pictures)):
        views = data.views(pictures.picture(i), network)[: None if whole else 1]
        x = inputs(network, torch.from_numpy(views).permute(0, 3, 1, 2), device)
        with trainer.autocast(device, bf16):
            scores.append(float(scores_of(network(x)).mean()))
    return np.array(scores)


class FinetuneTrainer(Trainer):
    """Steps on scored pictures, and on synthetic ones where the network has a second output."""

    def __init__(
        self, network: nn.Module, recipe: FinetuneRecipe, device="cpu", synthetic: SyntheticBatches | None = None
    ):
        super().__init__(network, recipe, device)
        self.synthetic = synthetic
        self.variance = 1.0  # of the targets; `train` sets it

    def training_step(self, batch):
        """One step; the values of the losses: those of `losses`, then the second output's where there is one."""
        (crops, targets, strengths), extra = batch if self.synthetic else (batch, None)
        recipe, device = self.recipe, self.device
        restoration = getattr(self.network, "restoration", None)
        if restoration is not None:
            restoration.requires_grad_(self.step >= recipe.frozen_share * recipe.steps)

        def loss_of(network):
            with trainer.autocast(device, recipe.bf16):
                scores = scores_of(network(inputs(network, crops, device)))
            parts = list(losses(scores, targets.to(device), strengths.to(device), self.variance, recipe))
            if extra is not None and (restoration is None or restoration.d6.weight.requires_grad):
                second = self.synthetic.loss(network, extra, device, recipe.bf16)
                parts = [parts[0] + recipe.second * second, *parts[1:], second]
            elif extra is not None:
                parts.append(scores.new_zeros(()))
            return parts

        return self.update(loss_of)


def agreement(scores, pictures) -> dict:
    """Over all, and SROCC within each subset of BIQ2021."""
    parts = by_subset(scores, pictures)
    over_all = parts.pop("all")
    within = {subset: part["srocc"] for subset, part in parts.items()}
    return {"validation_srocc": over_all["srocc"], "validation_plcc": over_all["plcc"], "within": within}


def train(
    training: FinetuneTrainer,
    pictures,
    validation,
    out: Path,
    stop_at=None,
    log_every=25,
    workers=0,
    validate_every=None,
):
    """Runs to the recipe's last step, or to `stop_at`; checkpoints and a log go to `out`."""
    recipe = training.recipe
    training.variance = float(np.var(pictures.mos))
    if not training.variance:
        raise ValueError("all training pictures have the same score: there is nothing to learn from them")
    batches = datasets.scored_loader(pictures, recipe, workers)
    if training.synthetic:
        batches = datasets.together(batches, datasets.step_loader(training.synthetic.batch, workers))

    def validate(last):
        scores = predictions(training.ema_network(), validation, last, recipe.bf16, training.device)
        return {"crops": "all" if last else 1, **agreement(scores, validation)}

    training.fit(
        batches,
        out,
        validate if validation is not None and len(validation) else None,
        len(pictures) // recipe.batch if validate_every is None else validate_every,
        stop_at,
        log_every,
    )


def load_backbone(network: nn.Module, path: Path) -> None:
    """ImageNet weights: a torchvision state dict (ResNet-18), or what `ResNet50.load` takes."""
    if network.name == "metaiqa":
        network.backbone.load_torchvision(torch.load(path, weights_only=True), STATISTICS)
    else:
        network.backbone.load(path)


def start_from_probe(network: nn.Module, features: Path | None, rows, mos, strength: float = PROBE_STRENGTH) -> None:
    """`pooled` starts from the ridge regression of the training pictures' opinions on the frozen features (rows of the
    file).
    """
    if network.name == "pooled":
        if features is None:
            raise ValueError(
                "pooled starts from a regression on frozen features: give --features, as iqatrain.features wrote them"
            )
        network.probe(Ridge(np.load(features, mmap_mode="r")[rows], mos, strength))


def load_start(network: nn.Module, checkpoint: Path) -> None:
    """Takes from another run's checkpoint what this network has too (a prior, or MT-IRN's restoration alone)."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")["ema"]
    if "position" in state and hasattr(network, "position"):
        state["position"] = bpclip.positions(state["position"], network.position.shape[1])
    missing, unexpected = network.load_state_dict(state, strict=False)
    if unexpected or len(missing) == len(network.state_dict()):
        raise ValueError(f"{checkpoint} is not from a part of {network.name}: {unexpected or 'nothing fits'}")
    print(f"{checkpoint}: {len(state)} tensors taken, {len(missing)} left as they were", flush=True)


def build(given) -> nn.Module:
    """The network that the command line names, with its backbone and start."""
    torch.manual_seed(given.seed)
    options = (
        {"frozen_blocks": given.frozen_blocks} if given.network == "metaiqa" else {"frozen_stages": given.frozen_stages}
    )
    if given.network.startswith("bpclip"):
        options["tokens"] = given.tokens
    if given.network == "mt-irn":
        options["parts"] = given.parts
    network = networks.build(given.network, **options)
    if given.backbone:
        load_backbone(network, given.backbone)
    for start in given.start:
        load_start(network, start)
    return network


def add_network_options(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--backbone",
        type=Path,
        help="ImageNet weights: ResNet-18's state dict, or the folder of ResNet-50's model.json; or a checkpoint of "
        "a network with a ResNet-50",
    )
    options.add_argument(
        "--features", type=Path, help="pooled, --alignment: frozen features of all the pictures, from iqatrain.features"
    )
    options.add_argument(
        "--probe-strength",
        type=float,
        default=PROBE_STRENGTH,
        help="pooled: the ridge regression's penalty per training picture",
    )
    options.add_argument(
        "--start",
        type=Path,
        action="append",
        default=[],
        help="a checkpoint to start from: a prior, a restoration network",
    )
    options.add_argument(
        "--frozen-blocks",
        type=int,
        default=2,
        help="metaiqa: how many of the eight blocks, with the stem, stay as they were",
    )
    options.add_argument(
        "--frozen-stages", type=int, default=0, help="the others: how many of the four stages, with the stem, stay"
    )
    options.add_argument(
        "--tokens", type=int, default=bpclip.TOKENS, help="BPCLIP: tokens a side; crops have 32 times as many pixels"
    )
    options.add_argument(
        "--parts", choices=mt_irn.PARTS, default="whole", help="mt-irn: which there are, for the ablation of Table 7"
    )
    options.add_argument("--synthetic", type=Path, help="what iqatrain.synthetic made, for the second output")
    options.add_argument("--tables", type=Path, help="what iqatrain.labels wrote")
    options.add_argument("--device", default=trainer.best_device())
    options.add_argument("--workers", type=int, default=1, help="processes that prepare batches; 0: none")


def add_recipe_options(options: argparse.ArgumentParser, defaults: Recipe) -> None:
    for name, default in vars(defaults).items():
        if isinstance(default, bool):
            continue
        flag = "--synthetic-batch" if name == "synthetic" else "--" + name.replace("_", "-")
        options.add_argument(flag, dest=f"recipe_{name}", type=type(default), default=default)
    options.add_argument("--fp32", action="store_true", help="no bfloat16")


def recipe_of(given, kind):
    values = {name[len("recipe_") :]: value for name, value in vars(given).items() if name.startswith("recipe_")}
    given.seed = values["seed"]
    return kind(**values, bf16=not given.fp32)


def begin(given, recipe: FinetuneRecipe, rows, mos, out: Path) -> FinetuneTrainer:
    """The trainer of the network that the command line names, or as far as the checkpoint in `out` has it.

    `rows`, `mos`: which pictures it learns from, for what starts from a regression on their features.
    """
    network = build(given)
    if not (out / "checkpoint.pt").exists():
        start_from_probe(network, given.features, rows, mos, given.probe_strength)
    extra = None
    if recipe.synthetic:
        extra = SyntheticBatches(network, given.synthetic, given.tables, recipe.synthetic, recipe.seed)
    training = FinetuneTrainer(network, recipe, given.device, extra)
    training.resume(out)
    return training


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", choices=networks.WITHOUT_REFERENCE, default="metaiqa")
    pictures = options.add_mutually_exclusive_group(required=True)
    pictures.add_argument("--cache", type=Path, help="BIQ2021, as iqatrain.data decoded it")
    pictures.add_argument(
        "--pictures", type=Path, help=f"a folder of pictures with opinion scores in its {data.SCORES}"
    )
    options.add_argument("--short-side", type=int, default=384, help="--pictures are scaled to it; 0: as they are")
    options.add_argument("--out", type=Path, required=True, help="checkpoint and log; a checkpoint there is resumed")
    options.add_argument("--held-out", type=int, default=500, help="training pictures kept for validation")
    options.add_argument("--stop-at", type=int, help="stop after this step, as if cut off")
    alignment.add_options(options)
    add_network_options(options)
    add_recipe_options(options, FinetuneRecipe())
    return options


def main(arguments: list[str] | None = None):
    options = parser()
    given = options.parse_args(arguments)
    recipe = recipe_of(given, FinetuneRecipe)
    whole = (
        data.open_scored(given.pictures, given.short_side)
        if given.pictures
        else data.open_biq2021(given.cache, "train")
    )
    learned, validation = data.split(whole, given.held_out)
    if given.pictures and given.alignment:
        options.error("--alignment brings BIQ2021's subsets to one scale: it goes with --cache")
    learned = alignment.align(learned, given.features, given.alignment)
    training = begin(given, recipe, getattr(learned, "indices", None), learned.mos, given.out)
    train(training, learned, validation, given.out, given.stop_at, workers=given.workers)


if __name__ == "__main__":
    main()
