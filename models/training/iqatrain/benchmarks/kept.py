# SPDX-License-Identifier: MPL-2.0
"""The papers' protocol on LIVE Challenge from ImageNet's weights, where a machine cannot tune a whole ResNet-50: the
backbone stays as it is up to conv4_x, and conv5_x and all above it are trained on activations that are computed once.

    alias kept="python -m iqatrain.benchmarks.kept --backbone ResNet50"
    kept make   --live ChallengeDB_release --restoration multi=multi/checkpoint.pt --out kept
    kept train  --kept kept --network mt-irn --parts whole --restored multi --name whole --out again …
    kept choose --kept kept …        within a split's training part: no look at a test part
    kept probe  --kept kept --restored multi --name probe --out again    and choose-probe

Of each picture five random patches are kept, as MT-IRN's paper takes them, about half of them mirrored; a picture's
five are the same in training and in test. `make` writes one array a level, [n, 5, h, w, c] float16: 1.4 MB for each
patch of 128 pixels, and 0.4 MB more for each restoration, or 0.2 MB for its --features. `train` takes the recipe's
options of `iqatrain.finetune`; a patch is one sample. Its network has a linear layer in place of its own head, which
starts as the ridge regression on the network's untrained features: few steps are not enough for a head that starts from
nothing. `probe` fits a ridge regression to what is kept, part by part: what each adds before anything is trained.

Looks and choices are logged as by `iqatrain.benchmarks.protocol`, whose `summary` reads them.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .. import finetune, networks
from ..features import Ridge
from ..networks import mt_irn
from ..networks.mt_irn import load_restoration
from ..networks.pooled import Probed, mean_and_size, pooled
from ..networks.resnet50 import ResNet50
from . import live
from .protocol import Results, parts_of

PATCHES = 5
LEVELS = tuple(f"level{i}" for i in range(4))  # of the backbone, the stem's first
FITTED = 2  # of these, those that a network's ridge regression is fitted to
AT_ONCE = 64  # patches that are scored together


def restored_names(name: str) -> tuple[str, ...]:
    """The arrays of one restoration: F1 to F3, and the pseudo-reference's conv4_18."""
    return tuple(f"{name}-{part}" for part in ("f1", "f2", "f3", "better"))


def patches(picture: np.ndarray, crop: int, number: int) -> np.ndarray:
    """[5, crop, crop, 3]: random patches of picture `number`, mirrored or not."""
    random = np.random.default_rng([5, number])
    found = []
    for _ in range(PATCHES):
        top, left = (int(random.integers(0, side - crop + 1)) for side in picture.shape[:2])
        found.append(picture[top : top + crop, left : left + crop][:, :: random.choice((-1, 1))])
    return np.stack(found)


class Lower:
    """What is computed once: the backbone up to conv4_x on a patch, and on its pseudo-reference; of the restorations
    `alone` only F1 to F3.
    """

    def __init__(self, backbone: Path, restorations: dict[str, Path], alone: dict[str, Path]):
        self.backbone = ResNet50().eval().to(memory_format=torch.channels_last)
        self.backbone.load(backbone)
        self.restorations = {
            name: load_restoration(checkpoint).to(memory_format=torch.channels_last)
            for name, checkpoint in (restorations | alone).items()
        }
        self.alone = set(alone)

    @torch.no_grad()
    def __call__(self, crops: np.ndarray) -> dict[str, torch.Tensor]:
        """[n, h, w, 3] uint8 -> each array's [n, c, h, w]."""
        x = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
        found = dict(zip(LEVELS, self.backbone.lower(x)))
        for name, restoration in self.restorations.items():
            reference, _, restored = restoration(x)
            found |= dict(zip(restored_names(name), restored))
            if name not in self.alone:
                found[restored_names(name)[3]] = self.backbone.lower(reference.clamp(0, 1))[-1]
        return found


def lower_of(given: argparse.Namespace) -> Lower:
    return Lower(given.backbone, dict(given.restoration), dict(given.features))


def make_some(folder: Path, given: argparse.Namespace, numbers: list[int]) -> None:
    torch.set_num_threads(1)
    lower, pictures = lower_of(given), live.open_live(given.live)
    pictures.short_side = given.short_side
    arrays = None
    for n in numbers:
        found = lower(patches(pictures.picture(n), given.recipe_crop, n))
        arrays = arrays or {name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in found}
        for name, value in found.items():
            half = value.half()
            if not torch.isfinite(half).all():
                raise ValueError(f"{pictures.names[n]}: {name} goes up to {float(value.max())}, over half precision")
            arrays[name][n] = half.permute(0, 2, 3, 1).numpy()


def make(given: argparse.Namespace) -> None:
    pictures = live.open_live(given.live)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "geometry.txt").unlink(missing_ok=True)  # it is written last, and says that all is there
    first = lower_of(given)(np.zeros((1, given.recipe_crop, given.recipe_crop, 3), np.uint8))
    for name, value in first.items():
        shape = (len(pictures), PATCHES, *value.shape[2:], value.shape[1])
        np.lib.format.open_memmap(given.out / f"{name}.npy", mode="w+", dtype=np.float16, shape=shape).flush()
    np.save(given.out / "mos.npy", pictures.mos)
    shares = [list(range(start, len(pictures), given.jobs)) for start in range(given.jobs)]
    with ProcessPoolExecutor(given.jobs) as pool:
        list(pool.map(make_some, [given.out] * given.jobs, [given] * given.jobs, shares))
    (given.out / "geometry.txt").write_text(f"short side {given.short_side}, patches of {given.recipe_crop}\n")


class Kept:
    """What `make` wrote: `mos` [n], and the arrays that are asked for."""

    def __init__(self, folder: Path, names: tuple[str, ...]):
        if not (folder / "geometry.txt").exists():
            raise ValueError(f"{folder} is not finished: give it to `make` as --out")
        for name in names:
            if not (folder / f"{name}.npy").exists():
                raise ValueError(f"{folder} has no {name}.npy: `make` is given restorations by name")
        self.geometry = (folder / "geometry.txt").read_text().strip()
        self.mos = np.load(folder / "mos.npy")
        self.arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names}

    def __len__(self):
        return len(self.mos)

    def some(self, samples: np.ndarray) -> dict[str, torch.Tensor]:
        """Each array's [m, c, h, w] float32, of samples [m]: PATCHES times the picture's number plus the patch's."""
        at = np.divmod(samples, PATCHES)
        return {
            name: torch.from_numpy(array[at].astype(np.float32)).permute(0, 3, 1, 2)
            for name, array in self.arrays.items()
        }


def names_for(network, restored: str | None) -> tuple[str, ...]:
    """The arrays that a network is trained on."""
    if network.name != "mt-irn":
        return LEVELS
    if network.restoration is None:
        return LEVELS[1:]
    if restored is None:
        raise ValueError("mt-irn with restoration needs --restored, a name that `make` was given")
    return LEVELS[1:] + restored_names(restored)[: 4 if network.difference is not None else 3]


class Upper(Probed):
    """What is trained of a network: conv5_x and all above it, under a linear layer in place of the network's own head.

    What `Kept.some` gave [m] -> scores [m], about 0 (worst) to 1 (best).
    """

    def __init__(self, network: nn.Module):
        super().__init__(network.head[0].in_features)
        self.network, self.name, self.crop = network, network.name, network.crop
        for unused in (network.head, getattr(network, "restoration", None)):
            if unused is not None:
                unused.requires_grad_(False)

    def features(self, some: dict[str, torch.Tensor]) -> torch.Tensor:
        network, last = self.network, self.network.backbone.stages[3]
        named = {name.rsplit("-", 1)[-1]: value for name, value in some.items()}
        levels = [named.get(name) for name in LEVELS]
        levels.append(last(levels[3]))
        if network.name != "mt-irn":
            return torch.cat(network.cosines(network.tokens_of(levels)), 1)
        restored = None if network.restoration is None else [named[f"f{i}"] for i in (1, 2, 3)]
        better = last(named["better"]) if network.difference is not None else None
        return network.features(levels, restored, better)

    def forward(self, some):
        return self.linear(self.features(some)).flatten()

    def parameter_groups(self, lr, head_factor):
        """What starts from nothing at `head_factor` times the rate; the linear layer, which does not, at the rate."""
        groups = self.network.parameter_groups(lr, head_factor)
        own = {"params": list(self.head.parameters()), "peak": lr}
        trained = [{**one, "params": [p for p in one["params"] if p.requires_grad]} for one in groups]
        return [*(one for one in trained if one["params"]), own]


@torch.no_grad()
def start_from_probe(upper: Upper, kept: Kept, chosen: np.ndarray, strength: float) -> None:
    """The ridge regression of the opinions on the features of FITTED patches of each chosen picture."""
    upper.eval()
    samples = (chosen[:, None] * PATCHES + np.arange(FITTED)).ravel()
    features = [
        upper.features(kept.some(part)).numpy() for part in np.array_split(samples, len(samples) // AT_ONCE + 1)
    ]
    upper.probe(Ridge(np.concatenate(features), kept.mos[samples // PATCHES], strength))


class KeptTrainer(finetune.FinetuneTrainer):
    def training_step(self, batch) -> list[float]:
        some, targets = batch
        none = torch.zeros((0, 2))
        return self.update(
            lambda network: list(finetune.losses(network(some), targets, none, self.variance, self.recipe))
        )


def batches(kept: Kept, chosen: np.ndarray, recipe: finetune.FinetuneRecipe):
    """The loader of a run: every patch of the chosen pictures once before any comes again."""
    samples = (chosen[:, None] * PATCHES + np.arange(PATCHES)).ravel()
    rounds = len(samples) // recipe.batch

    def loader(first: int, stop: int):
        for step in range(first, stop):
            order = np.random.default_rng([recipe.seed, 7, step // rounds]).permutation(samples)
            start = step % rounds * recipe.batch
            some = order[start : start + recipe.batch]
            yield kept.some(some), torch.from_numpy(kept.mos[some // PATCHES])

    return loader


@torch.no_grad()
def predictions(network, kept: Kept, pictures: np.ndarray) -> np.ndarray:
    """The mean of a picture's patches, for each of the pictures."""
    network.eval()
    samples = (pictures[:, None] * PATCHES + np.arange(PATCHES)).ravel()
    parts = [samples[start : start + AT_ONCE] for start in range(0, len(samples), AT_ONCE)]
    scores = torch.cat([network(kept.some(part)) for part in parts])
    return scores.view(-1, PATCHES).mean(1).numpy()


def train_split(given, recipe, seed: int, results: Results) -> None:
    torch.manual_seed(recipe.seed + seed)
    options = {"parts": given.parts} if given.network == "mt-irn" else {"tokens": given.tokens}
    network = networks.build(given.network, frozen_stages=3, **options)
    finetune.load_backbone(network, given.backbone)
    kept = Kept(given.kept, names_for(network, given.restored))
    upper = Upper(network)
    chosen, rest = parts_of(len(kept), seed, choosing=not results.looks)
    out = (given.out if results.looks else given.out / "choices") / given.name / f"seed{seed}"
    start_from_probe(upper, kept, chosen, given.strength)
    training = KeptTrainer(upper, type(recipe)(**{**vars(recipe), "seed": recipe.seed + seed}))
    training.variance = float(np.var(kept.mos[chosen]))
    training.resume(out)
    training.fit(batches(kept, chosen, training.recipe), out, log_every=25)
    scores = predictions(training.ema_network(), kept, rest)
    how = {"network": given.network, "parts": given.parts, "restored": given.restored, "strength": given.strength}
    how["kept"] = kept.geometry
    results.add(given.name, seed, scores, kept.mos[rest], recipe=vars(training.recipe), **how)
    (out / "checkpoint.pt").unlink()


@torch.no_grad()
def pooled_parts(given) -> dict[str, np.ndarray]:
    """[n, features] of each part, the mean over a picture's patches: mean and deviation of the backbone's four stages,
    of the restoration's maps, and the mean and mean size of the difference from the pseudo-reference.
    """
    last = ResNet50()
    last.load(given.backbone)
    last = last.stages[3].eval()
    restored = [one for one in restored_names(given.restored or "") if (given.kept / f"{one}.npy").exists()]
    if given.restored and not restored:
        raise ValueError(f"{given.kept} has no restoration called {given.restored}")
    kept = Kept(given.kept, (*LEVELS[1:], *restored))
    rows: dict[str, list] = {}
    for n in range(len(kept)):
        some = kept.some(n * PATCHES + np.arange(PATCHES))
        levels = [some[name] for name in LEVELS[1:]]
        levels.append(last(levels[-1]))
        found = {"baseline": pooled(levels)}
        if restored:
            found["restoration"] = pooled([some[name] for name in restored[:3]])
        if len(restored) == 4:
            found["difference"] = mean_and_size(levels[-1] - last(some[restored[3]]))
        for name, value in found.items():
            rows.setdefault(name, []).append(value.mean(0).numpy())
    return {name: np.stack(value) for name, value in rows.items()}


def probe(given, results: Results) -> None:
    """A ridge regression on the baseline's features, and on these with each part added to those before it."""
    torch.set_num_threads(given.jobs)
    parts, mos = pooled_parts(given), np.load(given.kept / "mos.npy")
    for count in range(1, len(parts) + 1):
        name = f"{given.name}-{list(parts)[count - 1]}"
        features = np.concatenate(list(parts.values())[:count], 1)
        for seed in given.seeds:
            if not results.has(name, seed):
                chosen, rest = parts_of(len(mos), seed, choosing=not results.looks)
                fit = Ridge(features[chosen], mos[chosen], given.strength)
                how = {"regression": "ridge", "strength": given.strength, "restored": given.restored}
                results.add(name, seed, fit(features[rest]), mos[rest], **how)


def named_path(text: str) -> tuple[str, Path]:
    name, found, path = text.partition("=")
    if not found or not name or "-" in name:
        raise argparse.ArgumentTypeError(f"{text!r}: NAME=CHECKPOINT, and no dash in NAME")
    return name, Path(path)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("make", "train", "choose", "probe", "choose-probe"))
    options.add_argument("--backbone", type=Path, required=True, help="the folder of ResNet-50's model.json")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--live", type=Path, help="make: ChallengeDB_release")
    options.add_argument(
        "--restoration",
        type=named_path,
        action="append",
        default=[],
        metavar="NAME=CHECKPOINT",
        help="make: of iqatrain.restoration; may be given more than once",
    )
    options.add_argument(
        "--features",
        type=named_path,
        action="append",
        default=[],
        metavar="NAME=CHECKPOINT",
        help="make: the same, of which F1 to F3 alone are kept, and no pseudo-reference",
    )
    options.add_argument("--short-side", type=int, default=288, help="make: pictures are scaled to it first")
    options.add_argument("--jobs", type=int, default=1, help="make, probe: processes, threads")
    options.add_argument("--kept", type=Path, help="what `make` wrote")
    options.add_argument("--name", help="what the results are called")
    options.add_argument(
        "--seeds", type=lambda text: [int(one) for one in text.split(",")], default=list(range(live.SPLITS))
    )
    options.add_argument("--network", choices=("mt-irn", "bpclip-nr"), default="mt-irn")
    options.add_argument("--parts", choices=mt_irn.PARTS, default="whole", help="mt-irn: which there are")
    options.add_argument("--restored", help="the name of a restoration that `make` was given")
    options.add_argument("--tokens", type=int, default=4, help="bpclip-nr: tokens a side, a patch's pixels over 32")
    options.add_argument("--strength", type=float, default=0.3, help="the ridge regression's penalty")
    defaults = finetune.FinetuneRecipe(batch=48, error="l1", correlation=0.0, ranking=0.0, crop=128, degraded=0)
    finetune.add_recipe_options(options, defaults)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.fp32 = True
    if given.what == "make":
        make(given)
        return
    given.out.mkdir(parents=True, exist_ok=True)
    results = Results(given.out, choices=given.what.startswith("choose"))
    if given.what.endswith("probe"):
        probe(given, results)
        return
    recipe = finetune.recipe_of(given, finetune.FinetuneRecipe)
    for seed in given.seeds:
        if not results.has(given.name, seed):
            train_split(given, recipe, seed, results)


if __name__ == "__main__":
    main()
