# SPDX-License-Identifier: MPL-2.0
"""MT-IRN's first two training stages, on synthetic pictures: the SSIM map, then the pseudo-reference.

    python -m iqatrain.restoration map       --synthetic synthetic --out map
    python -m iqatrain.restoration reference --synthetic synthetic --start map/checkpoint.pt --out restored
    python -m iqatrain.restoration evaluate  --synthetic synthetic --start restored/checkpoint.pt

The paper trains 100 and 50 epochs of the Waterloo Exploration Database (94,880 distorted pictures) at batches of 64.
Its second loss (Eq. 5) looks at the pseudo-reference only; here the map keeps `second` of its weight, because it leaves
the model. `iqatrain.finetune --network mt-irn --start restored/checkpoint.pt` is the third stage.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import datasets, finetune, kadid, synthetic, trainer
from .auxiliary import SyntheticBatches
from .measures import plcc
from .networks import mt_irn
from .networks.mt_irn import Restoration
from .ssim import ssim_map
from .trainer import Recipe, Trainer

PEAK_LR = {
    "map": 1e-3,
    "reference": 1e-3,
}  # the paper: 1e-3 and 1e-4, without norms and for a hundred times as many crops


@dataclass
class RestorationRecipe(Recipe):
    steps: int = 20_000
    lr: float = 0.0  # 0: the paper's for the stage
    head_factor: float = 1.0
    weight_decay: float = 0.0
    warmup: int = 100
    batch: int = 64
    crop: int = 64
    second: float = 0.5  # weight of the map's loss in the second stage


class RestorationAlone(nn.Module):
    """MT-IRN's restoration network under the name that it has in the whole, so that a checkpoint fits there."""

    name = "mt-irn"

    def __init__(self, crop: int = 224):
        super().__init__()
        self.restoration, self.crop = Restoration(), crop

    def forward(self, x):
        return self.restoration(x)

    def parameter_groups(self, lr, head_factor):
        return [{"params": list(self.parameters()), "peak": lr}]


class RestorationTrainer(Trainer):
    def __init__(self, network, recipe: RestorationRecipe, stage: str, device: str):
        recipe.lr = recipe.lr or PEAK_LR[stage]
        super().__init__(network, recipe, device)
        self.stage = stage

    def training_step(self, batch) -> list[float]:
        """One step; the loss, the L1 errors of map and pseudo-reference, and the L1 error of the distorted picture."""
        distorted, reference = (one.to(self.device).float() / 255 for one in batch[:2])
        distorted = distorted.contiguous(memory_format=torch.channels_last)

        def loss_of(network):
            with trainer.autocast(self.device, self.recipe.bf16):
                restored, ssim, _ = network(distorted)
            of_map = (ssim.float() - ssim_map(distorted, reference)).abs().mean()
            of_reference = (restored.float() - reference).abs().mean()
            whole = of_map if self.stage == "map" else of_reference + self.recipe.second * of_map
            return [whole, of_map, of_reference, (distorted - reference).abs().mean()]

        return self.update(loss_of)


@torch.no_grad()
def on_held_out(network, batches: SyntheticBatches, device: str, count: int = 8) -> dict:
    """L1 and correlation of the map, PSNR of distorted picture and pseudo-reference, on held-out references."""
    network.eval()
    map_error, before, after, maps = [], [], [], []
    for step in range(count):
        distorted, reference = (one.to(device).float() / 255 for one in batches.batch(step)[:2])
        restored, ssim, _ = network(distorted)
        maps.append((ssim, ssim_map(distorted, reference)))
        map_error.append((maps[-1][0] - maps[-1][1]).abs().mean())
        for values, one in ((before, distorted), (after, restored)):
            values.append(psnr(one.clamp(0, 1), reference).clamp(max=60).mean())
    names = ("map, L1", "PSNR, distorted", "PSNR, pseudo-reference")
    found = {name: round(float(torch.stack(v).mean()), 4) for name, v in zip(names, (map_error, before, after))}
    return {**found, "map, PLCC": round(plcc(*(torch.cat(one).flatten().cpu().numpy() for one in zip(*maps))), 4)}


def gains(network: Restoration, pictures: synthetic.Synthetic, count: int | None = None) -> dict[str, dict]:
    """By type of distortion, and over all: mean PSNR (dB) and SSIM of the held-out references' distorted pictures
    and of their pseudo-references, as Table 8 has them. What equals its reference is in no mean: its PSNR has no bound.
    `count`: of so many held-out references, None: of all.
    """
    network.eval()
    found: dict[str, list] = {}
    for n in pictures.part(held_out=True)[:count]:
        reference = tensor(pictures.reference(n))
        for kind in pictures.types:
            for level in range(1, kadid.LEVELS + 1):
                distorted = tensor(pictures.picture(n, kind, level))
                if torch.equal(distorted, reference):
                    continue
                restored = network(distorted)[0].clamp(0, 1)
                row = [psnr(one, reference).item() for one in (distorted, restored)]
                row += [ssim_map(one, reference).mean().item() for one in (distorted, restored)]
                found.setdefault(kadid.NAMES[kind - 1], []).append(row)
    found["all"] = [row for rows in found.values() for row in rows]
    names = ("PSNR, distorted", "PSNR, pseudo-reference", "SSIM, distorted", "SSIM, pseudo-reference")
    return {
        kind: {"pictures": len(rows), **dict(zip(names, np.mean(rows, 0).round(4).tolist()))}
        for kind, rows in found.items()
    }


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def psnr(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """[n] dB of pictures [n, 3, h, w] from 0 to 1; infinite where two are equal."""
    return -10 * ((one - other) ** 2).mean((1, 2, 3)).log10()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("stage", choices=("map", "reference", "evaluate"))
    options.add_argument("--synthetic", type=Path, required=True)
    options.add_argument(
        "--types", type=synthetic.parse_types, help="only these of what --synthetic has, with commas between"
    )
    options.add_argument("--start", type=Path, help="the first stage's checkpoint; evaluate: any with a restoration")
    options.add_argument("--out", type=Path, help="where a stage's checkpoint and log go")
    options.add_argument("--count", type=int, help="evaluate: so many of the held-out references (default: all)")
    options.add_argument("--stop-at", type=int)
    options.add_argument("--device", default=trainer.best_device())
    options.add_argument("--workers", type=int, default=1)
    finetune.add_recipe_options(options, RestorationRecipe())
    return options


def main(arguments: list[str] | None = None):
    options = parser()
    given = options.parse_args(arguments)
    if given.stage == "evaluate":
        if not given.start:
            options.error("evaluate needs --start, the checkpoint that is evaluated")
        with torch.no_grad():
            found = gains(
                mt_irn.load_restoration(given.start), synthetic.open_synthetic(given.synthetic, some_types=True)
            )
        for kind, row in found.items():
            print(json.dumps({"type": kind, **row}))
        return
    if not given.out:
        options.error(f"{given.stage} needs --out")
    recipe = finetune.recipe_of(given, RestorationRecipe)
    torch.manual_seed(recipe.seed)
    network = RestorationAlone(recipe.crop)
    if given.start:
        finetune.load_start(network, given.start)
    training = RestorationTrainer(network, recipe, given.stage, given.device)
    batches = SyntheticBatches(network, given.synthetic, None, recipe.batch, recipe.seed, types=given.types)
    held_out = SyntheticBatches(network, given.synthetic, None, 16, recipe.seed + 1, held_out=True)
    training.resume(given.out)
    training.fit(
        datasets.step_loader(batches.batch, given.workers),
        given.out,
        lambda last: on_held_out(network, held_out, given.device),
        max(1, recipe.steps // 10),
        given.stop_at,
    )


if __name__ == "__main__":
    main()
