# SPDX-License-Identifier: MPL-2.0
"""What people said, that nothing here was trained on: pairs of JPEG pictures, and LIVE's blurred pictures.

    python -m iqatrain.benchmarks.pairs choices --answers mucped23/answers.csv --elo mucped23/elo.csv \\
        --originals CID22-512/validation [--checkpoint run-fr/checkpoint.pt]
    python -m iqatrain.benchmarks.pairs blur    --live-blur hw5 [--checkpoint run-fr/checkpoint.pt]

`choices`: mucped23 has 13,488 choices between two compressed copies of a picture of CID22's validation part. Its
pictures are not to be had; those whose encoder, quality and subsampling can be (`jpeg.by_method`) are encoded again.
`answerValue` names the worse one: that is checked against the Elo scores, and turned if they say otherwise. Reported:
the share of choices that a measure reproduces, over all, between two copies by one encoder, and between encoders; and
what the methods' Elo scores, which are made of the same choices, would reproduce: what is the same for all pictures.

`blur`: the Gaussian blur part of LIVE release 2, 145 pictures with DMOS; sigma alone gives 0.958 and is printed beside.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from .. import fidelity, finetune, jpeg, runtime
from ..data import read_picture
from ..measures import srocc
from ..vmaf import vmaf


def read_rows(path: Path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def read_elo(path: Path) -> dict[str, float]:
    """Method -> Elo score: the first two columns, whatever they are called."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return {row[0].strip(): float(row[1]) for row in rows[1:] if len(row) > 1}


def names_the_worse(rows: list[dict], elo: dict[str, float]) -> float:
    """The share of answers that name the method with the lower Elo score, among rows whose methods differ clearly."""
    agree = []
    for row in rows:
        a, b = elo.get(row["methodA"]), elo.get(row["methodB"])
        if a is not None and b is not None and abs(a - b) > 200:
            agree.append((row["answerValue"] == "A") == (a < b))
    if not agree:
        raise ValueError("no row's methods are both in the table of Elo scores")
    return float(np.mean(agree))


def measure_functions(network=None) -> Callable:
    """(reference, copies) -> {name: value} of each copy, higher is better: the fidelity measures, VMAF, and a network
    where given.
    """

    def values(reference, copies):
        found = [dict(zip(fidelity.MEASURES, map(float, fidelity.measures(reference, one)))) for one in copies]
        for one, copy in zip(found, copies):
            one["vmaf"] = vmaf(reference, copy)
        if network is not None:
            for one, score in zip(found, finetune.scores_beside(network, reference, copies)):
                one[network.name] = score
        return found

    return values


def scored_again(rows: list[dict], originals: Path, values: Callable) -> dict[tuple[str, str], dict]:
    """(original, method) -> its values, of all in `rows` that can be encoded again."""
    wanted: dict[str, dict] = {}
    for row in rows:
        wanted.setdefault(row["originalName"], {}).update({row["methodA"]: None, row["methodB"]: None})
    scored = {}
    for path in sorted(originals.iterdir()):
        original = read_picture(path) if path.stem in wanted else None
        copies = {method: jpeg.by_method(original, method) for method in sorted(wanted.get(path.stem, ()))}
        copies = {method: copy for method, copy in copies.items() if copy is not None}
        if copies:
            scored |= zip(((path.stem, method) for method in copies), values(original, list(copies.values())))
            print(f"{path.stem}: {len(copies)} copies", file=sys.stderr, flush=True)
    return scored


def choices(rows: list[dict], elo: dict[str, float], originals: Path, values: Callable) -> list[dict]:
    """The share of human choices that each measure reproduces, on the rows that can be encoded again."""
    worse = names_the_worse(rows, elo)
    scored = scored_again(rows, originals, values)
    right: dict[str, dict[str, list]] = {}
    for row in rows:
        methods = (row["methodA"], row["methodB"])
        if not all((row["originalName"], method) in scored for method in methods):
            continue
        a, b = (scored[row["originalName"], method] | {"elo": elo[method]} for method in methods)
        encoder, other = map(jpeg.encoder_of, methods)
        human_prefers_a = (row["answerValue"] == "B") == (worse > 0.5)
        for name in a:
            half = 0.5 if a[name] == b[name] else float((a[name] > b[name]) == human_prefers_a)
            for group in ("all", encoder if encoder == other else "between encoders"):
                right.setdefault(name, {}).setdefault(group, []).append(half)
    lines = []
    for name, groups in right.items():
        counts = {group: len(hits) for group, hits in sorted(groups.items())}
        head = {
            "choices": counts.pop("all"),
            "of": len(rows),
            "answers that name the lower Elo score": worse,
            "groups": counts,
        }
        shares = {group: float(np.mean(hits)) for group, hits in sorted(groups.items())}
        lines.append({"measure": name, **head, "reproduced": shares.pop("all"), "reproduced by group": shares})
    return lines


def blur(folder: Path, values: Callable) -> list[dict]:
    """SROCC of each measure, and of sigma alone, with LIVE's opinions (higher is better: minus DMOS)."""
    table = loadmat(folder / "hw5.mat")
    sigmas = dict(re.findall(r"(img\d+\.bmp)\s+([\d.]+)", (folder / "gblur" / "info.txt").read_text()))
    opinions, columns = [], {"sigma": []}
    for i, (dmos, original, name) in enumerate(
        zip(table["blur_dmos"].ravel(), table["blur_orgs"].ravel(), table["refnames_blur"].ravel())
    ):
        if original:
            continue
        file = f"img{i + 1}.bmp"
        opinions.append(-float(dmos))
        columns["sigma"].append(-float(sigmas[file]))
        reference, blurred = read_picture(folder / "refimgs" / str(name[0])), read_picture(folder / "gblur" / file)
        for measure, value in values(reference, [blurred])[0].items():
            columns.setdefault(measure, []).append(value)
    return [
        {"measure": name, "pictures": len(opinions), "srocc": srocc(column, opinions)}
        for name, column in columns.items()
    ]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("choices", "blur"))
    options.add_argument("--answers", type=Path)
    options.add_argument("--elo", type=Path)
    options.add_argument("--originals", type=Path, help="CID22-512's validation part")
    options.add_argument("--live-blur", type=Path, help="the folder with gblur, refimgs and hw5.mat")
    runtime.add_options(options, required=False)  # BPCLIP-FR, or the measures alone
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    values = measure_functions(runtime.chosen(given, "bpclip-fr"))
    if given.what == "blur":
        lines = blur(given.live_blur, values)
    else:
        lines = choices(read_rows(given.answers), read_elo(given.elo), given.originals, values)
    for line in lines:
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
