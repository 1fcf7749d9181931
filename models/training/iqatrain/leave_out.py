"""Chooses among recipes by leave-one-subset-out on BIQ2021's official training part.

    python -m iqatrain.leave_out --network metaiqa --name start-384 --cache cache384 --out choices …
    python -m iqatrain.leave_out --summary --out choices

For each subset (file prefix ss01, ss02, ss03): trained on the other two, measured on the one left out. Telling the
subsets' levels apart helps nobody there, so this says more of unseen pictures than a random split of the part does.
The options are those of `iqatrain.run`; `choices/results.jsonl` has a line for each subset.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from . import data, networks, run
from .measures import plcc, srocc
from .protocol import Results

SUBSETS = ("ss01", "ss02", "ss03")


def train_without(subset: str, given, recipe, pictures, results: Results) -> None:
    prefix = data.subsets(pictures.names)
    out = given.out / given.name / subset
    others = pictures.take(np.flatnonzero(prefix != subset))
    training = run.begin(given, type(recipe)(**vars(recipe)), others.indices, others.mos, out)
    run.train(training, others, None, out, given.stop_at, workers=given.workers)
    if training.step < recipe.steps:
        return
    left = np.flatnonzero(prefix == subset)
    left = pictures.take(np.sort(np.random.default_rng(3).permutation(left)[: given.count]))
    scores = run.predictions(run.averaged_network(training), left, True, recipe.bf16, given.device)
    line = {"name": given.name, "subset": subset, "pictures": len(left), "srocc": srocc(scores, left.mos), "plcc": plcc(scores, left.mos)}
    with open(results.path, "a") as file:
        file.write(json.dumps({**line, "recipe": vars(recipe)}) + "\n")
    print(json.dumps(line), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--summary", action="store_true", help="only show what was found so far")
    options.add_argument("--name", help="what this recipe is called")
    options.add_argument("--network", choices=networks.WITHOUT_REFERENCE, default="metaiqa")
    options.add_argument("--cache", type=Path)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--count", type=int, default=1000, help="at most so many of the subset left out are scored")
    options.add_argument("--stop-at", type=int)
    run.add_network_options(options)
    run.add_recipe_options(options, run.Recipe())
    given = options.parse_args()
    results = Results(given.out)
    if given.summary:
        names = dict.fromkeys(line["name"] for line in results.lines())
        for name in names:
            lines = {line["subset"]: line for line in results.lines() if line["name"] == name}
            each = {subset: round(line["srocc"], 4) for subset, line in sorted(lines.items())}
            print(json.dumps({"name": name, "srocc": each, "mean": float(np.mean(list(each.values())))}))
        return
    given.out.mkdir(parents=True, exist_ok=True)
    recipe = run.recipe_of(given, run.Recipe)
    whole = data.open_biq2021(given.cache, "train")
    pictures = whole.take(np.arange(len(whole)))
    done = {(line["name"], line["subset"]) for line in results.lines()}
    for subset in SUBSETS:
        if (given.name, subset) not in done:
            train_without(subset, given, recipe, pictures, results)


if __name__ == "__main__":
    main()
