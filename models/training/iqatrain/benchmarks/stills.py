# SPDX-License-Identifier: MPL-2.0
"""AVT `image_quality_test` (Göring, Rao, Raake, 2023): H.265 stills on a screen of 2160 lines, rated in a laboratory.

    python -m iqatrain.benchmarks.stills --avt image_quality_test --model ../metaiqa/model.onnx \\
        --name metaiqa-shipped --out experiments/protocol

An examination: nothing here is trained, tuned or chosen on it. `experiments/protocol/README.md` has the rule. This
command holds to it: the model's SHA-256 has to stand there before the look, a name is looked at once, there are five
looks at most, and each goes to `results.jsonl` with its time.

Each still is enlarged from its coded height to 2160 lines (Pillow, bicubic), as it was shown, and then prepared as the
model's contract says. Reported: SROCC and PLCC over all, SROCC of those of 500 lines and more, and the same of the
coded height alone.
"""

import argparse
import csv
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image

from .. import finetune
from ..measures import plcc, srocc
from ..runtime import Exported, sha256
from . import live

SET = "AVT image_quality_test"
LINES = 2160  # of the screen
FINE = 500  # lines of a still
LOOKS = 5
MOST = 4 * 2**20  # bytes: larger stills are left out, which one snapshot lacks, so that all looks are at the same 324


def open_stills(folder: Path) -> live.Files:
    """Those of `test_1` that are under MOST: 324 of 371."""
    with open(folder / "test_1" / "mos_ci.csv", newline="") as file:
        mos = {f"{row['image_name']}.png": float(row["mos"]) for row in csv.DictReader(file)}
    paths = sorted(path for path in (folder / "test_1" / "images").glob("*.png") if path.stat().st_size < MOST)
    unknown = [path.name for path in paths if path.name not in mos]
    if unknown or not paths:
        raise ValueError(f"{folder}: {len(paths)} stills, of which mos_ci.csv has no opinion of {unknown[:3]}")
    return live.Files(
        paths, (np.array([mos[path.name] for path in paths], np.float32) - 1) / 4, [path.name for path in paths]
    )


def lines_of(name: str) -> int:
    """The coded height, which the file's name ends with."""
    return int(re.search(r"_height_(\d+)\.png$", name).group(1))


def shown(still: np.ndarray) -> np.ndarray:
    """As on the screen."""
    height, width = still.shape[:2]
    return np.asarray(Image.fromarray(still).resize((round(width * LINES / height), LINES), Image.Resampling.BICUBIC))


def agreement(scores: np.ndarray, stills: live.Files) -> dict:
    lines = np.array([lines_of(name) for name in stills.names])
    fine = lines >= FINE
    return {
        "pictures": len(stills),
        "srocc": srocc(scores, stills.mos),
        "plcc": plcc(scores, stills.mos),
        "fine": {"pictures": int(fine.sum()), "srocc": srocc(scores[fine], stills.mos[fine])},
        "coded height alone": {"srocc": srocc(lines, stills.mos), "fine": srocc(lines[fine], stills.mos[fine])},
    }


def may_look(protocol: Path, name: str, digest: str) -> None:
    """Holds to the rule; ValueError says what is against a look."""
    log = protocol / "results.jsonl"
    looks = [one for one in live.read_lines(log) if one.get("set") == SET]
    if len(looks) >= LOOKS:
        raise ValueError(f"{LOOKS} looks at {SET} are all that there are, and they are done: {log}")
    if any(one["name"] == name for one in looks):
        raise ValueError(f"{name} has been looked at: {log}")
    if digest not in (protocol / "README.md").read_text():
        raise ValueError(
            f"{protocol / 'README.md'} does not have {digest}: freeze the model there, with a commit, before the look"
        )


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--avt", type=Path, required=True, help="a checkout of image_quality_test")
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--network", default="metaiqa")
    options.add_argument("--name", required=True, help="what the look is called")
    options.add_argument("--out", type=Path, required=True, help="the folder of the rule and of results.jsonl")
    options.add_argument("--threads", type=int, default=0)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    digest = sha256(given.model)
    may_look(given.out, given.name, digest)
    stills, graph = open_stills(given.avt), Exported(given.model, given.network, given.threads)
    scores = np.array(
        [finetune.score(graph, live.scaled(shown(stills.picture(i)), graph.short_side)) for i in range(len(stills))]
    )
    found = agreement(scores, stills)
    live.record_look(given.out / "results.jsonl", name=given.name, set=SET, model=digest, **found)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
