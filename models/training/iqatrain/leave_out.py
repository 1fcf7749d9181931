# SPDX-License-Identifier: MPL-2.0
"""Chooses among recipes by leave-one-subset-out on BIQ2021's official training part.

    python -m iqatrain.leave_out --network metaiqa --name start-384 --cache cache384 --out choices …
    python -m iqatrain.leave_out --ridge 3 --features features/resnet50-biq2021-train.npy --name ridge \\
        --cache cache384 --out choices
    python -m iqatrain.leave_out --summary --out choices

For each subset (file prefix ss01, ss02, ss03): trained on the other two, measured on the one left out. Telling the
subsets' levels apart helps nobody there, so this says more of unseen pictures than a random split of the part does.
The options are those of `iqatrain.finetune`; `choices/results.jsonl` has a line for each subset.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from . import alignment, data, datasets, finetune, networks
from .benchmarks.protocol import Results
from .features import Ridge
from .measures import plcc, srocc

SUBSETS = ("ss01", "ss02", "ss03")


def trained(subset: str, given, recipe, others, left):
    """Scores of what is `left`, from the network trained on `others`; none if it was stopped before the end."""
    out = given.out / given.name / subset
    training = finetune.begin(given, type(recipe)(**vars(recipe)), others.indices, others.mos, out)
    finetune.train(training, others, None, out, given.stop_at, workers=given.workers)
    if training.step < recipe.steps:
        return None
    return finetune.predictions(training.ema_network(), left, True, recipe.bf16, given.device)


def regressed(given, recipe, others, left):
    """Scores of what is `left`, from a ridge regression of the frozen features of `others`."""
    features = np.load(given.features, mmap_mode="r")
    fit = Ridge(features[others.indices], others.mos, given.ridge, datasets.shares_of(others, recipe.subsets))
    return fit(features[left.indices])


def without(subset: str, given, recipe, pictures, results: Results) -> None:
    prefix = data.subsets(pictures.names)
    others, left = pictures.take(np.flatnonzero(prefix != subset)), np.flatnonzero(prefix == subset)
    others = alignment.align(others, given.features, given.alignment)
    left = pictures.take(np.sort(np.random.default_rng(3).permutation(left)[: given.count]))
    if given.ridge:
        scores, how = regressed(given, recipe, others, left), {"ridge": given.ridge, "subsets": recipe.subsets}
    else:
        scores, how = trained(subset, given, recipe, others, left), {"recipe": vars(recipe)}
    if scores is None:
        return
    line = {
        "name": given.name,
        "subset": subset,
        "pictures": len(left),
        "srocc": srocc(scores, left.mos),
        "plcc": plcc(scores, left.mos),
    }
    with open(results.path, "a") as file:
        file.write(json.dumps({**line, "alignment": given.alignment, **how}) + "\n")
    print(json.dumps(line), flush=True)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--summary", action="store_true", help="only show what was found so far")
    options.add_argument("--name", help="what this recipe is called")
    options.add_argument("--network", choices=networks.WITHOUT_REFERENCE, default="metaiqa")
    options.add_argument("--cache", type=Path)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--count", type=int, default=1000, help="at most so many of the subset left out are scored")
    alignment.add_options(options)
    options.add_argument("--ridge", type=float, help="no training: a ridge regression of this strength on --features")
    options.add_argument("--stop-at", type=int)
    finetune.add_network_options(options)
    finetune.add_recipe_options(options, finetune.FinetuneRecipe())
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    results = Results(given.out)
    if given.summary:
        names = dict.fromkeys(line["name"] for line in results.lines())
        for name in names:
            lines = {line["subset"]: line for line in results.lines() if line["name"] == name}
            each = {subset: round(line["srocc"], 4) for subset, line in sorted(lines.items())}
            print(json.dumps({"name": name, "srocc": each, "mean": float(np.mean(list(each.values())))}))
        return
    given.out.mkdir(parents=True, exist_ok=True)
    recipe = finetune.recipe_of(given, finetune.FinetuneRecipe)
    whole = data.open_biq2021(given.cache, "train")
    pictures = whole.take(np.arange(len(whole)))
    done = {(line["name"], line["subset"]) for line in results.lines()}
    for subset in SUBSETS:
        if (given.name, subset) not in done:
            without(subset, given, recipe, pictures, results)


if __name__ == "__main__":
    main()
