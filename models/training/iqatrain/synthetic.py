# SPDX-License-Identifier: MPL-2.0
"""Synthetic pictures: every distortion of KADID-10k at every level on pristine photographs, with full-reference
measures.

    python -m iqatrain.synthetic --pristine CID22-512/training --pristine clic2025 --out synthetic --count 160
    python -m iqatrain.synthetic --pristine CID22-512/training --out waterloo --types 1,9,10,11 --no-measures

`synthetic/` then holds
    references.txt   the files, one a line, in order
    pixels.npy       [n, 126, side, side, 3] uint8: the reference, then type 1 level 1, type 1 level 2, …
    measures.npy     [n, 125, 6] float32: `fidelity.MEASURES` of each distorted picture
    done.npy         [n] uint8: 1 where a reference is finished
    types.txt        with --types: the numbers of the types that are there; of the others there are holes
A stopped run goes on where it was: what is made follows from the seed, the reference's and the type's number alone.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import fidelity, kadid
from .data import read_picture

SIDE = 384
ALL_TYPES = tuple(range(1, kadid.TYPES + 1))
VERSIONS = 1 + kadid.TYPES * kadid.LEVELS
HELD_OUT_EVERY = 5  # each fifth reference is kept from training


@dataclass
class Synthetic:
    """What a folder of synthetic pictures holds, opened as memory maps; `available` are the finished references'
    numbers.

    Types 26 to 33, after KADID-10k's 25, are the coders of `coded.NAMES`, where the folder has them for every
    reference.
    """

    pixels: np.ndarray
    measures: np.ndarray
    available: np.ndarray
    coded: np.ndarray | None = None
    coded_measures: np.ndarray | None = None
    chosen: tuple[int, ...] | None = None  # the types that are there, if not all are

    @property
    def kinds(self) -> int:
        return kadid.TYPES + (0 if self.coded is None else self.coded.shape[1] // kadid.LEVELS)

    @property
    def types(self) -> tuple[int, ...]:
        return self.chosen or tuple(range(1, self.kinds + 1))

    def part(self, held_out: bool) -> np.ndarray:
        """The finished references for training, or those held out."""
        return self.available[(self.available % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) == held_out]

    def reference(self, n: int) -> np.ndarray:
        return self.pixels[n, 0]

    def picture(self, n: int, kind: int, level: int) -> np.ndarray:
        """Type 1 to `kinds` at level 1 to 5 of reference n: [side, side, 3] uint8."""
        if kind > kadid.TYPES:
            return self.coded[n, (kind - kadid.TYPES - 1) * kadid.LEVELS + level - 1]
        return self.pixels[n, 1 + (kind - 1) * kadid.LEVELS + level - 1]


def open_synthetic(folder: Path, some_types: bool = False) -> Synthetic:
    """What was made in `folder`; ValueError if it has not all types, unless `some_types` will do."""
    chosen = types_in(folder)
    if chosen and not some_types:
        listed = ",".join(map(str, chosen))
        raise ValueError(f"{folder} has types {listed} alone, and all are needed: make another")
    arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("pixels", "measures", "done")]
    made = Synthetic(arrays[0], arrays[1], np.flatnonzero(arrays[2]), chosen=chosen)
    if (folder / "coded_done.npy").exists() and np.load(folder / "coded_done.npy")[made.available].all():
        made.coded, made.coded_measures = (
            np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("coded", "coded_measures")
        )
    return made


def pristine_files(folders) -> list[Path]:
    """The pictures under `folders`, in an order that mixes them; Kodak and CID22's validation part stay out."""
    found = sorted(
        p for folder in folders for p in Path(folder).rglob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg")
    )
    for path in found:
        if "kodak" in path.parts or ("CID22-512" in path.parts and "validation" in path.parts):
            raise ValueError(f"{path} is kept for evaluation; leave its folder out")
    return [found[i] for i in np.random.default_rng(10).permutation(len(found))]


def reference_picture(path: Path, side: int = SIDE) -> np.ndarray:
    """The centre [side, side, 3], of the picture shrunk to a short side of 512 (never enlarged, unless too small)."""
    picture = Image.fromarray(read_picture(path))
    short = min(picture.size)
    target = max(side, min(short, 512 * side // SIDE))
    if target != short:
        size = tuple(max(target, round(n * target / short)) for n in picture.size)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    left, top = ((n - side) // 2 for n in picture.size)
    return np.asarray(picture.crop((left, top, left + side, top + side)))


def versions(reference: np.ndarray, seed, types=ALL_TYPES) -> dict[int, np.ndarray]:
    """The reference and its distorted copies by their place among the 126, [side, side, 3] each; levels of a type share
    their random numbers.
    """
    made = {0: reference}
    for kind in types:
        for level in range(1, kadid.LEVELS + 1):
            copy = kadid.distort(reference, kind, level, np.random.default_rng([*seed, kind]))
            made[(kind - 1) * kadid.LEVELS + level] = copy
    return made


def make_one(folder: Path, n: int, path: Path, with_measures: bool, types: tuple[int, ...]) -> int:
    torch.set_num_threads(1)
    pixels = np.load(folder / "pixels.npy", mmap_mode="r+")
    made = versions(reference_picture(path, pixels.shape[2]), [25, n], types)
    for place, one in made.items():
        pixels[n, place] = one
    pixels.flush()
    if with_measures:
        table = np.load(folder / "measures.npy", mmap_mode="r+")
        for place, one in made.items():
            if place:
                table[n, place - 1] = fidelity.measures(made[0], one)
        table.flush()
    done = np.load(folder / "done.npy", mmap_mode="r+")
    done[n] = 1
    done.flush()
    return n


def parse_types(text: str) -> tuple[int, ...]:
    """Numbers with commas between, sorted. ValueError where one is no type of KADID-10k's."""
    found = tuple(sorted({int(one) for one in text.split(",")}))
    if not 1 <= found[0] <= found[-1] <= kadid.TYPES:
        raise ValueError(f"{text.strip()!r}: types go from 1 to {kadid.TYPES}")
    return found


def types_in(folder: Path) -> tuple[int, ...] | None:
    """Those that the folder was made with, None: all."""
    listed = folder / "types.txt"
    return parse_types(listed.read_text()) if listed.exists() else None


def make(
    folder: Path,
    files: list[Path],
    side: int = SIDE,
    jobs: int = 1,
    with_measures: bool = True,
    types: tuple[int, ...] | None = None,
) -> None:
    """Makes what is not there yet; `types`: only these, None: all."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "done.npy").exists() and types != types_in(folder):
        raise ValueError(f"{folder} was begun with other types; use another folder")
    if types:
        (folder / "types.txt").write_text(",".join(map(str, types)) + "\n")
    listed = folder / "references.txt"
    names = [f"{path.parent.name}/{path.name}" for path in files]
    if listed.exists():
        if listed.read_text().splitlines() != names:
            raise ValueError(f"{listed} names other references; use another folder")
    else:
        shapes = {
            "pixels": ((VERSIONS, side, side, 3), np.uint8),
            "measures": ((VERSIONS - 1, 6), np.float32),
            "done": ((), np.uint8),
        }
        for name, (shape, dtype) in shapes.items():
            np.lib.format.open_memmap(
                folder / f"{name}.npy", mode="w+", dtype=dtype, shape=(len(files), *shape)
            ).flush()
        listed.write_text("\n".join(names) + "\n")
    left = np.flatnonzero(np.load(folder / "done.npy") == 0)
    what = [(folder, n, files[n], with_measures, types or ALL_TYPES) for n in left]
    if jobs == 1:
        for one in what:
            print("made", make_one(*one), flush=True)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for n in pool.map(make_one, *zip(*what)):
            print("made", n, flush=True)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--pristine", type=Path, action="append", required=True, help="a folder of pristine photographs"
    )
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--count", type=int, default=160, help="references, 56 MB each at a side of 384")
    options.add_argument("--side", type=int, default=SIDE)
    options.add_argument("--jobs", type=int, default=1, help="processes")
    options.add_argument("--types", type=parse_types, help="only these of the 25, with commas between")
    options.add_argument(
        "--no-measures", action="store_true", help="leave the full-reference measures out (they cost most)"
    )
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    files = pristine_files(given.pristine)[: given.count]
    make(given.out, files, given.side, given.jobs, not given.no_measures, given.types)


if __name__ == "__main__":
    main()
