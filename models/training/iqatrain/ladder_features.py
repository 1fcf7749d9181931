# SPDX-License-Identifier: MPL-2.0
"""Frozen features of ladders and of pictures with opinions, at three scales of the frame: what `iqatrain.scales`
compares.

    python -m iqatrain.ladder_features ladders  --ladders ladders --model ../metaiqa/model.float.onnx \\
        --out features [--part 0/3]
    python -m iqatrain.ladder_features opinions --biq2021 BIQ2021 --model ../metaiqa/model.float.onnx \\
        --out features [--count 1500]

Features of a view: mean and standard deviation over places of each channel of the four stages of the bundled backbone
(1,920). The views of one place of a picture: 448 of the frame scaled to a short side of 768, shrunk to 224 (`coarse`,
what the network looked at before); the middle 160 of it as they are (`fine`); the middle 160 of the frame scaled to
1080 (`finer`).

A training picture is looked at in one place drawn at random, a held-out one in two. A stopped run goes on where it was.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from . import data
from .ladder_set import open_ladders
from .networks.metaiqa import MEAN, STD
from .runtime import open_session

VIEWS = ("coarse", "fine", "finer")
CHANNELS = (64, 128, 256, 512)
STAGES = np.repeat(np.arange(4), [2 * n for n in CHANNELS])  # of each feature
SEEN, WHOLE, MIDDLE, FINER = 768, 448, 160, 1080
HELD_OUT_PLACES = ((0.5, 0.2), (0.5, 0.8))
BLOCK = 50


class Stages:
    """The bundled backbone in ONNX Runtime: [n, 3, h, w] -> features [n, 1920]."""

    def __init__(self, path: Path, threads: int = 1):
        model = onnx.load(path)
        self.names = [f"/backbone/blocks.{2 * stage + 1}/Relu_1_output_0" for stage in range(4)]
        model.graph.output.extend(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in self.names
        )
        for axis, name in ((2, "H"), (3, "W")):  # smaller views are seen too
            model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
        del model.graph.value_info[:]
        self.session = open_session(model.SerializeToString(), threads)

    def __call__(self, views: np.ndarray) -> np.ndarray:
        x = (
            (views.transpose(0, 3, 1, 2).astype(np.float32) / 255 - np.float32(MEAN)[:, None, None])
            / np.float32(STD)[:, None, None]
        ).astype(np.float32)
        maps = self.session.run(self.names, {"input": np.ascontiguousarray(x)})
        return np.concatenate([part for one in maps for part in (one.mean((2, 3)), np.sqrt(one.var((2, 3)) + 1e-8))], 1)


def cut(picture: np.ndarray, factor: float, size: int, centre: tuple[float, float]) -> np.ndarray:
    """[size, size, 3] of the picture scaled by `factor`, around a place (down, across) of the picture; bilinear, as the
    engine scales.
    """
    side = size / factor
    top, left = (max(0.0, min(middle - side / 2, most - side)) for middle, most in zip(centre, picture.shape))
    y, x = int(top), int(left)
    part = Image.fromarray(np.ascontiguousarray(picture[y : math.ceil(top + side) + 1, x : math.ceil(left + side) + 1]))
    box = (left - x, top - y, min(left - x + side, part.width), min(top - y + side, part.height))
    return np.asarray(part.resize((size, size), Image.Resampling.BILINEAR, box=box))


def views(picture: np.ndarray, lines: float, at: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three views of one place (0 to 1 down and across) of part of a frame that has so many lines; the first one in
    float.
    """
    factor = SEEN / lines
    side = min(WHOLE / factor, *picture.shape[:2])
    centre = tuple(side / 2 + share * (most - side) for share, most in zip(at, picture.shape))
    whole = cut(picture, factor, WHOLE, centre)
    edge = (WHOLE - MIDDLE) // 2
    coarse = whole.reshape(WHOLE // 2, 2, WHOLE // 2, 2, 3).astype(np.float32).mean((1, 3))
    return coarse, whole[edge:-edge, edge:-edge], cut(picture, FINER / lines, MIDDLE, centre)


def features(stages: Stages, picture: np.ndarray, lines: float, places) -> np.ndarray:
    """[places, views, 1920] float32."""
    seen = [views(picture, lines, at) for at in places]
    coarse = stages(np.stack([one[0] for one in seen]))
    small = stages(np.stack([view for one in seen for view in one[1:]])).reshape(len(seen), 2, -1)
    return np.concatenate([coarse[:, None], small], 1).astype(np.float32)


def of_ladders(given, stages: Stages) -> None:
    part, parts = map(int, given.part.split("/"))
    for number, ladder in enumerate(open_ladders(given.ladders)):
        kept = ladder.kept_in(given.out)
        if number % parts == part and not kept.exists():
            random = np.random.default_rng([31, number])
            lines = ladder.display * ladder.scale
            found = []
            for pixels in ladder.pixels:
                places = HELD_OUT_PLACES if ladder.held_out else [tuple(random.random(2))]
                found.append(features(stages, np.asarray(pixels), lines, places))
            np.save(kept, np.stack(found))
            print(kept.name, flush=True)


def of_opinions(given, stages: Stages) -> None:
    part, parts = map(int, given.part.split("/"))
    rows = data.read_table(given.biq2021 / "Train (Images and MOS).csv")
    files = {path.name.lower(): path for path in (given.biq2021 / "Images").iterdir()}
    for name, chosen in parts_of(len(rows), given.count).items():
        for first in range(0, len(chosen), BLOCK):
            kept = given.out / f"opinions-{name}-{first:05}.npz"
            if first // BLOCK % parts != part or kept.exists():
                continue
            random = np.random.default_rng([37, first])
            block, found = chosen[first : first + BLOCK], []
            for n in block:
                picture = data.read_picture(files[rows[n][0].lower()])
                places = HELD_OUT_PLACES if name == "held-out" else [tuple(random.random(2))]
                found.append(features(stages, picture, min(picture.shape[:2]), places))
            np.savez(
                kept,
                rows=block,
                names=[rows[n][0] for n in block],
                mos=np.float32([rows[n][1] for n in block]),
                features=np.stack(found),
            )
            print(kept.name, flush=True)


def parts_of(count: int, learned: int, held_out: int = 500, seen: int = 150) -> dict[str, np.ndarray]:
    """Rows of BIQ2021's training part: some to learn from, and some of those that `data.split` holds out."""
    order = np.random.default_rng(2021).permutation(count)
    last = np.sort(order[:held_out])
    return {
        "held-out": last[np.random.default_rng(3).permutation(held_out)[:seen]],
        "learned": np.random.default_rng(5).permutation(np.sort(order[held_out:]))[:learned],
    }


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("ladders", "opinions"))
    options.add_argument("--ladders", type=Path)
    options.add_argument("--biq2021", type=Path)
    options.add_argument("--model", type=Path, required=True, help="the bundled network in float")
    options.add_argument("--count", type=int, default=1500, help="pictures with opinions to learn from")
    options.add_argument("--part", default="0/1", help="for several processes: which of how many parts this one does")
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    {"ladders": of_ladders, "opinions": of_opinions}[given.what](given, Stages(given.model))


if __name__ == "__main__":
    main()
