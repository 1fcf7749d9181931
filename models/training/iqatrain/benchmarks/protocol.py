# SPDX-License-Identifier: MPL-2.0
"""The papers' protocol on LIVE Challenge: ten 80/20 splits, seeds 0 to 9, SROCC and PLCC of each, mean and median.

    alias protocol="python -m iqatrain.benchmarks.protocol"; on="--live ChallengeDB_release --out experiments/protocol"
    protocol train    $on --network metaiqa --name metaiqa …
    protocol choose   $on --network metaiqa --name longer --seeds 0 …
    protocol frozen   $on --features resnet18-live.npy --name resnet18-svr
    protocol unseen   $on --network metaiqa --name shipped --checkpoint run/checkpoint.pt --short-side 384
    protocol summary  --out experiments/protocol [--against resnet18-svr]

`train` takes the options of `iqatrain.finetune` and goes on where it was cut off, split by split; what counts is the
last step, and nothing of a split's test part is looked at before. A `{seed}` in --backbone or --start becomes the
split's number, for what an earlier run with --keep learned from the same training part. `results.jsonl` has a line for
every look at the set, with its time. Three splits are called preliminary.

`choose` compares recipes without a look at a test part: trained on four fifths of a split's training part, measured on
the rest of it; `choices.jsonl` has what it found.

`unseen` is for weights that learned from other pictures and were frozen by a commit: one look, at all 1,162. With
--model instead of --checkpoint it is the exported graph that is looked at, in ONNX Runtime.
"""

import argparse
import copy
import json
from pathlib import Path

import numpy as np

from .. import data, export, finetune, networks
from ..features import Ridge
from ..measures import plcc, srocc
from ..runtime import Exported, sha256
from . import live


class Results:
    """The lines of results.jsonl: at (when), name, seed (none: all pictures), srocc, plcc, and how the run was made.

    Lines with a `set` are looks at other sets than LIVE Challenge, and no results here. Those of choices.jsonl say the
    same of pictures that are in no test part, and are no looks.
    """

    def __init__(self, folder: Path, choices: bool = False):
        self.folder, self.looks = folder, not choices
        self.path = folder / ("choices.jsonl" if choices else "results.jsonl")

    def lines(self) -> list[dict]:
        return [line for line in live.read_lines(self.path) if "set" not in line]

    def has(self, name: str, seed: int | None) -> bool:
        return any((line["name"], line["seed"]) == (name, seed) for line in self.lines())

    def add(self, name: str, seed: int | None, scores, opinions, **more) -> None:
        agreement = {"srocc": srocc(scores, opinions), "plcc": plcc(scores, opinions)}
        line = {"name": name, "seed": seed, "pictures": len(opinions), **agreement, **more}
        if self.looks:
            live.record_look(self.path, **line)
        else:
            with open(self.path, "a") as file:
                file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def summary(lines: list[dict], against: str | None = None) -> list[dict]:
    """Per name: splits, mean, median and each split's SROCC and PLCC; beside `against`, the paired differences."""
    table = {}
    for line in lines:
        if line["seed"] is None:
            continue
        table.setdefault(line["name"], {})[line["seed"]] = line
    found = []
    for name, splits in table.items():
        row = {"name": name, "splits": len(splits), "preliminary": len(splits) < live.SPLITS}
        for measure in ("srocc", "plcc"):
            values = [splits[seed][measure] for seed in sorted(splits)]
            row[measure] = {
                "mean": float(np.mean(values)),
                "median": float(np.median(values)),
                "each": [round(v, 4) for v in values],
            }
        if against and name != against:
            shared = sorted(set(splits) & set(table[against]))
            differences = [splits[seed]["srocc"] - table[against][seed]["srocc"] for seed in shared]
            row[f"srocc above {against}"] = {
                "mean": float(np.mean(differences)),
                "each": [round(v, 4) for v in differences],
            }
        found.append(row)
    return found


def of_split(given: argparse.Namespace, seed: int) -> argparse.Namespace:
    """The options of one split: `{seed}` filled in."""

    def filled(path: Path) -> Path:
        return Path(str(path).replace("{seed}", str(seed)))

    own = copy.copy(given)
    own.backbone = given.backbone and filled(given.backbone)
    own.start = [filled(path) for path in given.start]
    return own


def parts_of(count: int, seed: int, choosing: bool) -> tuple[np.ndarray, np.ndarray]:
    """What a split is trained on and measured on; when `choosing`, both are of its training part."""
    chosen, rest = live.split(count, seed)
    if choosing:
        order = np.random.default_rng([186, seed]).permutation(chosen)
        border = round(0.8 * len(order))
        chosen, rest = np.sort(order[:border]), np.sort(order[border:])
    return chosen, rest


def train_split(given, recipe, pictures, seed: int, results: Results) -> None:
    given = of_split(given, seed)
    chosen, rest = parts_of(len(pictures), seed, choosing=not results.looks)
    out = (given.out if results.looks else given.out / "choices") / given.name / f"seed{seed}"
    recipe = type(recipe)(**{**vars(recipe), "seed": recipe.seed + seed})
    training = finetune.begin(given, recipe, chosen, pictures.mos[chosen], out)
    finetune.train(training, pictures.take(chosen), None, out, given.stop_at, log_every=10, workers=given.workers)
    if training.step == recipe.steps:
        final = training.ema_network()
        test = pictures.take(rest)
        scores = finetune.predictions(final, test, True, recipe.bf16, given.device)
        results.add(
            given.name,
            seed,
            scores,
            test.mos,
            recipe=vars(recipe),
            start=["/".join(path.parts[-2:]) for path in given.start],
        )
        if not given.keep:
            (out / "checkpoint.pt").unlink()


def support_vectors(features, targets):
    """An SVR with an RBF kernel on standardised features (needs scikit-learn)."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    return make_pipeline(StandardScaler(), SVR(C=1.0, epsilon=0.05)).fit(features, targets).predict


def frozen(given, pictures, results: Results) -> None:
    """What a regression on frozen features reaches on the same splits."""
    features = np.load(given.features)[:, : given.columns or None]
    for seed in given.seeds:
        if not results.has(given.name, seed):
            chosen, rest = live.split(len(pictures), seed)
            training = features[chosen], pictures.mos[chosen]
            if given.regression == "svr":
                predict, how = support_vectors(*training), {}
            else:
                predict, how = Ridge(*training, given.probe_strength), {"strength": given.probe_strength}
            results.add(
                given.name,
                seed,
                predict(features[rest]),
                pictures.mos[rest],
                regression=given.regression,
                columns=features.shape[1],
                **how,
            )


def once(given, results: Results) -> None:
    if results.has(given.name, None):
        raise ValueError(f"{given.name} has been looked at: {results.path}")


def floor(given, pictures, results: Results) -> None:
    """What a ridge regression of BIQ2021's training part on frozen features reaches, unseen."""
    once(given, results)
    fit = Ridge(np.load(given.scored_features), data.open_biq2021(given.cache, "train").mos, finetune.PROBE_STRENGTH)
    results.add(
        given.name,
        None,
        fit(np.load(given.features)),
        pictures.mos,
        regression="ridge",
        strength=finetune.PROBE_STRENGTH,
    )


def unseen(given, pictures, results: Results) -> None:
    once(given, results)
    if given.model:
        network, device, what = Exported(given.model, given.network), "cpu", {"model": sha256(given.model)}
    else:
        network = export.load_ema(given.checkpoint, given.network).to(given.device)
        device, what = given.device, {"checkpoint": given.checkpoint.name}
    scores = finetune.predictions(network, pictures, True, bf16=False, device=device)
    results.add(given.name, None, scores, pictures.mos, **what, short_side=given.short_side)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("train", "choose", "frozen", "summary", "unseen", "floor"))
    options.add_argument("--name", help="what the results are called")
    options.add_argument("--live", type=Path, help="ChallengeDB_release")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument(
        "--seeds", type=lambda text: [int(one) for one in text.split(",")], default=list(range(live.SPLITS))
    )
    options.add_argument("--network", choices=networks.WITHOUT_REFERENCE, default="metaiqa")
    options.add_argument("--regression", choices=("svr", "ridge"), default="svr")
    options.add_argument("--columns", type=int, default=0, help="for `frozen`: the first so many features; 0: all")
    options.add_argument("--against", help="for `summary`: the name to compare with, split by split")
    options.add_argument("--short-side", type=int, default=0, help="pictures are scaled to it first; 0: as they are")
    options.add_argument("--checkpoint", type=Path, help="for `unseen`")
    options.add_argument("--model", type=Path, help="for `unseen`: an exported model in place of a checkpoint")
    options.add_argument("--cache", type=Path, help="for `floor`: BIQ2021, as iqatrain.data made it")
    options.add_argument("--scored-features", type=Path, help="for `floor`: frozen features of BIQ2021's training part")
    options.add_argument("--stop-at", type=int)
    options.add_argument(
        "--keep", action="store_true", help="for `train`: leave each split's checkpoint at OUT/NAME/seedN"
    )
    finetune.add_network_options(options)
    finetune.add_recipe_options(options, finetune.FinetuneRecipe())
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    results = Results(given.out, choices=given.what == "choose")
    if given.what == "summary":
        for row in summary(results.lines(), given.against):
            print(json.dumps(row))
        return
    given.out.mkdir(parents=True, exist_ok=True)
    pictures = live.Decoded(live.open_live(given.live), given.short_side)
    if given.what not in ("train", "choose"):
        {"frozen": frozen, "unseen": unseen, "floor": floor}[given.what](given, pictures, results)
        return
    recipe = finetune.recipe_of(given, finetune.FinetuneRecipe)
    for seed in given.seeds:
        if not results.has(given.name, seed):
            train_split(given, recipe, pictures, seed, results)


if __name__ == "__main__":
    main()
