# SPDX-License-Identifier: MPL-2.0
"""Data sets: decoded once into one uint8 array, opened as a memory map.

python -m iqatrain.data --biq2021 BIQ2021 --cache cache
"""

import argparse
import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SCORES = "scores.csv"  # in a folder of pictures: file name, score


@dataclass
class Pictures:
    """Pictures with mean opinion scores.

    pixels  [n, height, width, 3] uint8, RGB
    mos     [n] float32, 0 (worst) to 1 (best)
    names   n file names
    """

    pixels: np.ndarray
    mos: np.ndarray
    names: list

    def __len__(self):
        return len(self.mos)

    def take(self, indices) -> "Subset":
        return Subset(self, np.asarray(indices))


@dataclass
class Subset:
    """Some of the pictures of a set, without a copy of their pixels."""

    whole: Pictures
    indices: np.ndarray

    def __len__(self):
        return len(self.indices)

    @property
    def mos(self):
        return self.whole.mos[self.indices]

    @property
    def names(self):
        return [self.whole.names[i] for i in self.indices]

    def picture(self, i) -> np.ndarray:
        return self.whole.pixels[self.indices[i]]

    def take(self, indices) -> "Subset":
        return Subset(self.whole, self.indices[indices])


def read_picture(path: Path) -> np.ndarray:
    """[h, w, 3] uint8, RGB. ValueError naming the file where it cannot be read."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read, fetch it again: {error}") from error


@dataclass
class Files:
    """Pictures of any size with mean opinion scores, decoded when asked for, at `short_side` (0: as they are).

    paths   n files
    mos     [n] float32, 0 (worst) to 1 (best)
    """

    paths: list
    mos: np.ndarray
    names: list
    short_side: int = 0

    def __len__(self):
        return len(self.mos)

    def picture(self, i) -> np.ndarray:
        """[h, w, 3] uint8, RGB."""
        return scaled(read_picture(self.paths[i]), self.short_side)

    def take(self, indices) -> "Files":
        names = [self.names[i] for i in indices]
        return Files([self.paths[i] for i in indices], self.mos[indices], names, self.short_side)


def open_scored(folder: Path, short_side: int = 0) -> Files:
    """The pictures that `scores.csv` in `folder` lists: file name and score, 0 (worst) to 1 (best), under a header."""
    table = folder / SCORES
    if not table.exists():
        raise ValueError(
            f"{table} does not exist: write a line 'file,mos' and then one for each picture, mos from 0 to 1"
        )
    rows = read_table(table)
    missing = [name for name, _ in rows if not (folder / name).exists()]
    if missing or not rows:
        raise ValueError(f"{table} lists {len(rows)} pictures, of which {folder} lacks {missing[:3] or 'none'}")
    mos = np.array([score for _, score in rows], np.float32)
    if not ((mos >= 0) & (mos <= 1)).all():
        raise ValueError(f"{table}: scores go from 0 (worst) to 1 (best), and here from {mos.min():g} to {mos.max():g}")
    names = [name for name, _ in rows]
    return Files([folder / name for name in names], mos, names, short_side)


def read_table(path: Path):
    """The rows of a CSV file under a header, as BIQ2021's two are: (file name, MOS)."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))[1:]
    return [(row[0].strip(), float(row[1])) for row in rows if row and row[0].strip()]


def build_biq2021(source: Path, cache: Path, part: str, side: int = 512) -> None:
    """Decodes one official part (`train` or `test`) of BIQ2021 into `cache`, scaled to `side` pixels a side."""
    rows = read_table(source / f"{part.capitalize()} (Images and MOS).csv")
    files = {path.name.lower(): path for path in (source / "Images").iterdir()}  # one is named .JPG
    cache.mkdir(parents=True, exist_ok=True)
    final = cache / f"biq2021-{part}.npy"
    unfinished = final.with_suffix(".partial")
    pixels = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.uint8, shape=(len(rows), side, side, 3))
    for i, (name, _) in enumerate(rows):
        picture = Image.fromarray(read_picture(files[name.lower()]))
        if picture.size != (512, 512):  # 11 of ss02 are smaller and almost square
            picture = picture.resize((512, 512), Image.BILINEAR)
        if side != 512:
            picture = picture.resize((side, side), Image.BILINEAR)
        pixels[i] = np.asarray(picture)
        if i % 1000 == 999:
            print(f"{part}: {i + 1} of {len(rows)}", flush=True)
    pixels.flush()
    np.savez(
        cache / f"biq2021-{part}.npz",
        mos=np.array([mos for _, mos in rows], np.float32),
        names=np.array([name for name, _ in rows]),
    )
    unfinished.rename(final)


def open_biq2021(cache: Path, part: str) -> Pictures:
    table = np.load(cache / f"biq2021-{part}.npz")
    pixels = np.load(cache / f"biq2021-{part}.npy", mmap_mode="r")
    return Pictures(pixels, table["mos"], table["names"].tolist())


def subsets(names) -> np.ndarray:
    """[n] the subset of BIQ2021 that each file is of: ss01, ss02 or ss03."""
    return np.array([name[:4] for name in names])


def noise_pictures(count: int, size: int = 256, seed: int = 0) -> Pictures:
    """Pictures for a smoke test: smooth coloured noise, the sharper the better."""
    random = np.random.default_rng(seed)
    pixels = np.empty((count, size, size, 3), np.uint8)
    mos = random.random(count).astype(np.float32)
    for i in range(count):
        coarse = max(4, int(size * (0.05 + 0.95 * mos[i])))
        grain = random.integers(0, 256, (coarse, coarse, 3), np.uint8)
        pixels[i] = np.asarray(Image.fromarray(grain).resize((size, size), Image.BICUBIC))
    return Pictures(pixels, mos, [f"noise {i}" for i in range(count)])


def split(pictures: Pictures, held_out: int, seed: int = 2021):
    """(training, validation); the held-out pictures are the same for a given seed."""
    order = np.random.default_rng(seed).permutation(len(pictures))
    return pictures.take(np.sort(order[held_out:])), pictures.take(np.sort(order[:held_out]))


def scaled(picture: np.ndarray, short_side: int) -> np.ndarray:
    """The picture with so many pixels on its short side (0: as it is), bilinear with a wider filter when it shrinks."""
    height, width = picture.shape[:2]
    if short_side in (0, min(height, width)):
        return picture
    size = tuple(round(n * short_side / min(height, width)) for n in (width, height))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


def places(bottom: int, right: int, count: int) -> list[tuple[int, int]]:
    """(row, column) of so many crops, of which the last lies at `bottom`, `right`, as the engine places them (`sampling
    = "grid"`): of five the centre, then the corners row by row, otherwise a grid row by row.
    """
    if count == 5:
        return [(bottom // 2, right // 2), (0, 0), (0, right), (bottom, 0), (bottom, right)]
    side = math.isqrt(count - 1) + 1
    at = lambda i, room: (2 * i * room + side - 1) // (2 * (side - 1)) if side > 1 else room // 2
    return [(at(i // side, bottom), at(i % side, right)) for i in range(count)]


def crops(picture: np.ndarray, size: int, count: int) -> np.ndarray:
    """[count, size, size, 3]."""
    where = places(picture.shape[0] - size, picture.shape[1] - size, count)
    return np.stack([picture[y : y + size, x : x + size] for y, x in where])


def tiles(picture: np.ndarray, size: int, stride: int) -> np.ndarray:
    """[n, size, size, 3]: every `stride` pixels, row by row; the last of a row or column is moved in to the edge."""
    ys, xs = ([min(i * stride, side - size) for i in range(1 - (size - side) // stride)] for side in picture.shape[:2])
    return np.stack([picture[y : y + size, x : x + size] for y in ys for x in xs])


def views(picture: np.ndarray, network) -> np.ndarray:
    """[n, crop, crop, 3]: what a network looks at, tiles if it has a stride, else so many crops; their scores are
    averaged.

    Networks that know their scale, as exported ones do, see the picture at it.
    """
    picture = scaled(picture, getattr(network, "short_side", 0))
    if network.stride is None:
        return np.ascontiguousarray(crops(picture, network.crop, network.crops))
    cut = tiles(picture, network.crop, network.stride)
    return np.ascontiguousarray(cut)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    options.add_argument("--cache", type=Path, required=True, help="where the arrays go: 9.4 GB at a side of 512")
    options.add_argument("--side", type=int, default=512, help="pictures are scaled to so many pixels a side")
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    for part in ("train", "test"):
        if not (given.cache / f"biq2021-{part}.npy").exists():
            build_biq2021(given.biq2021, given.cache, part, given.side)


if __name__ == "__main__":
    main()
