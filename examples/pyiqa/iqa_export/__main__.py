# SPDX-License-Identifier: MPL-2.0
"""python -m iqa_export METRIC [--weights FILE…] [--out FILE] [--seed N]

Writes a metric of pyiqa as an ONNX file that runs in iqascore or iqacompare, and checks it there against pyiqa on ten
pictures. Exit status: 0 it agrees, 1 it does not, 2 wrong usage, missing weights, or no plugin.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from . import check, networks, pictures, write
from .metrics import METRICS, REDUCED, contract

WEIGHTS = """pyiqa's weights, under the names that it downloads them by, or one file with the whole network's; without
this and without --seed pyiqa takes its own, out of its cache or from its publisher"""
OWN = """check on the PNG files of this folder; a pair for a metric with a reference is NAME-distorted.png and
NAME-reference.png"""
STANDS = """one reference, of any size and content, stands for all frames (kind reduced-reference, alignment=still);
for a metric that takes a reference of its own size"""


def arguments(words: list[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m iqa_export", description=__doc__.split("\n\n", 1)[1])
    add = options.add_argument
    add("metric", choices=METRICS, metavar="METRIC", help=", ".join(METRICS))
    add("--weights", type=Path, nargs="+", default=[], metavar="FILE", help=WEIGHTS)
    add("--seed", type=int, help="draw what no file has: shows the export; the scores mean nothing")
    add("--out", type=Path, help="the file (METRIC.onnx)")
    add("--licence", help="of the weights, for the contract")
    add("--crops", type=int, help="another number of crops than pyiqa's, there and here")
    add("--reduced-reference", action="store_true", help=STANDS)
    add("--pictures", type=Path, metavar="DIR", help=OWN)
    add("--no-check", action="store_true", help="only write the file")
    given = options.parse_args(words)
    if given.crops is not None and (METRICS[given.metric].crops is None or given.crops < 1):
        options.error(f"--crops: {given.metric} takes no crops, or the number is not above 0")
    if given.reduced_reference and METRICS[given.metric].sizes != "own":
        options.error(f"--reduced-reference: {given.metric} takes no reference, or only one of the picture's size")
    for file in given.weights:
        if not file.is_file():
            options.error(f"--weights: {file} is no file")
    return given


def export(name: str, metric, target: Path, licence: str) -> None:
    from .build import seen

    known = METRICS[name]
    fixed = known.geometry.get("resize")
    # Odd, and not square: what depends on the size shows.
    traced = list(seen(name, fixed or (449, 325), 0))
    with networks.without_hooks_kept(metric.net):
        write.trace(known.wrap(metric.net), traced, known.inputs, known.outputs, str(target), free=not fixed)
    write.add_contract(target, contract(name, licence))


def own_pictures(folder: Path, name: str) -> list[tuple[Path, Path]]:
    files = sorted(folder.glob("*.png"))
    if len(METRICS[name].inputs) == 1:
        pairs = [(file, file) for file in files]
    else:
        ends = ("-distorted.png", "-reference.png")
        names = [file.name.removesuffix(ends[0]) for file in files if file.name.endswith(ends[0])]
        pairs = [(folder / (name + ends[0]), folder / (name + ends[1])) for name in names]
    for pair in pairs:
        if not pair[1].is_file():
            raise check.Failed(f"{pair[0]}: {pair[1].name} is not beside it")
    if len(pairs) < 2:
        raise check.Failed(f"{folder}: needs two pictures or more to see whether the scores agree; it has {len(pairs)}")
    return pairs


def main(words: list[str] | None = None) -> int:
    given = arguments(words)
    # pyiqa is heavy, and says a lot.
    os.environ.setdefault("HF_HUB_OFFLINE", "1" if given.weights or given.seed is not None else "0")
    from .build import build
    from .weights import Missing

    name, out = given.metric, given.out or Path(f"{given.metric}.onnx")
    if given.reduced_reference:
        METRICS[name] = replace(METRICS[name], kind=REDUCED, sizes="equal")
    drawn = f"none: weights drawn from seed {given.seed}"
    licence = given.licence or (drawn if given.seed is not None else "see the weights' publisher")
    try:
        metric = build(name, given.weights, given.seed, given.crops)
        export(name, metric, out, licence)
        print(out)
        if given.no_check:
            return 0
        with tempfile.TemporaryDirectory(prefix="iqa-export-") as folder:
            folder = Path(folder)
            if given.pictures:
                pairs = own_pictures(given.pictures, name)
            else:
                known = METRICS[name]
                pairs = pictures.make(folder, known.whole, known.shortest, smaller=known.sizes == "own")
                if given.reduced_reference:
                    # Each with another one's reference, of another size.
                    pairs = [(pair[0], other[1]) for pair, other in zip(pairs, [*pairs[1:], pairs[0]], strict=True)]
            result, attributes = check.check(name, metric, out, pairs, folder)
    except (Missing, check.Failed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    good = result.good and all(one.good for one in attributes)
    further = ""
    if attributes:
        of_range = max(one.largest / one.range for one in attributes)
        of_spread = max(one.of_spread for one in attributes)
        further = f"; attributes: {of_range:.1e} of the range, {of_spread:.1e} of what they differ by (at most as much)"
    print(f"{name}: {result.summary()}{further}: {'good' if good else 'NOT THE SAME'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
