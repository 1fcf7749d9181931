"""What people said, that nothing here was trained on: pairs of JPEG pictures, and LIVE's blurred pictures.

    python -m iqatrain.exams choices --answers mucped23/answers.csv --elo mucped23/elo.csv --originals CID22-512/validation \\
        [--checkpoint run-fr/checkpoint.pt]
    python -m iqatrain.exams blur    --live-blur hw5 [--checkpoint run-fr/checkpoint.pt]

`choices`: mucped23 has about 13,000 choices between two compressed copies of a picture of CID22's validation part. Its
pictures are not to be had; the rows whose two methods are libjpeg-turbo's are encoded again, by Pillow's libjpeg-turbo at the
quality and subsampling in the methods' names. `answerValue` names the worse one: that is checked against the Elo scores, and
turned if they say otherwise. Reported: the share of choices that a measure reproduces.

`blur`: the Gaussian blur part of LIVE release 2, 145 pictures with DMOS; sigma alone gives 0.958 and is printed beside.
"""

import argparse
import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.io import loadmat

from . import fidelity
from .data import read_picture
from .measures import srocc
from .vmaf import vmaf

TURBO = re.compile(r"libjpeg-turbo-q(\d+)-yuv(420|422|444)")


def encoded_again(original: np.ndarray, method: str) -> np.ndarray | None:
    """The picture as libjpeg-turbo's `method` gives it back, or None for the other encoders."""
    found = TURBO.fullmatch(method)
    if not found:
        return None
    subsampling = {"444": "4:4:4", "422": "4:2:2", "420": "4:2:0"}[found[2]]
    file = io.BytesIO()
    Image.fromarray(original).save(file, "JPEG", quality=int(found[1]), subsampling=subsampling, optimize=True)
    return np.asarray(Image.open(file).convert("RGB"))


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
    """(reference, distorted) -> {name: value}, higher is better: the fidelity measures, VMAF, and a network where given."""
    from . import run

    @torch.no_grad()
    def values(reference, distorted):
        found = dict(zip(fidelity.MEASURES, map(float, fidelity.measures(reference, distorted))))
        found["vmaf"] = vmaf(reference, distorted)
        if network is not None:
            found[network.name] = run.score(network, distorted, reference)
        return found

    return values


def choices(rows: list[dict], elo: dict[str, float], originals: Path, values: Callable) -> list[dict]:
    """The share of human choices that each measure reproduces, on the rows that can be encoded again."""
    worse = names_the_worse(rows, elo)
    files = {path.stem: path for path in originals.iterdir()}
    scored, right, used = {}, {}, 0
    for row in rows:
        methods = (row["methodA"], row["methodB"])
        if row["originalName"] not in files or not all(TURBO.fullmatch(method) for method in methods):
            continue
        original = None
        for method in methods:
            if (row["originalName"], method) not in scored:
                original = read_picture(files[row["originalName"]]) if original is None else original
                scored[row["originalName"], method] = values(original, encoded_again(original, method))
        a, b = (scored[row["originalName"], method] for method in methods)
        human_prefers_a = (row["answerValue"] == "B") == (worse > 0.5)
        for name in a:
            half = 0.5 if a[name] == b[name] else float((a[name] > b[name]) == human_prefers_a)
            right.setdefault(name, []).append(half)
        used += 1
    head = {"choices": used, "of": len(rows), "answers that name the lower Elo score": worse}
    return [{"measure": name, **head, "reproduced": float(np.mean(hits))} for name, hits in right.items()]


def blur(folder: Path, values: Callable) -> list[dict]:
    """SROCC of each measure, and of sigma alone, with LIVE's opinions (higher is better: minus DMOS)."""
    table = loadmat(folder / "hw5.mat")
    sigmas = dict(re.findall(r"(img\d+\.bmp)\s+([\d.]+)", (folder / "gblur" / "info.txt").read_text()))
    opinions, columns = [], {"sigma": []}
    for i, (dmos, original, name) in enumerate(zip(table["blur_dmos"].ravel(), table["blur_orgs"].ravel(), table["refnames_blur"].ravel())):
        if original:
            continue
        file = f"img{i + 1}.bmp"
        opinions.append(-float(dmos))
        columns["sigma"].append(-float(sigmas[file]))
        for measure, value in values(read_picture(folder / "refimgs" / str(name[0])), read_picture(folder / "gblur" / file)).items():
            columns.setdefault(measure, []).append(value)
    return [{"measure": name, "pictures": len(opinions), "srocc": srocc(column, opinions)} for name, column in columns.items()]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("choices", "blur"))
    options.add_argument("--answers", type=Path)
    options.add_argument("--elo", type=Path)
    options.add_argument("--originals", type=Path, help="CID22-512's validation part")
    options.add_argument("--live-blur", type=Path, help="the folder with gblur, refimgs and hw5.mat")
    options.add_argument("--checkpoint", type=Path, help="a BPCLIP-FR checkpoint, or the measures alone")
    given = options.parse_args()
    from .export import load_averaged

    values = measure_functions(load_averaged(given.checkpoint, "bpclip-fr") if given.checkpoint else None)
    if given.what == "blur":
        lines = blur(given.live_blur, values)
    else:
        lines = choices(read_rows(given.answers), read_elo(given.elo), given.originals, values)
    for line in lines:
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
