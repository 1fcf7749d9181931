# SPDX-License-Identifier: MPL-2.0
"""Ten pictures with scores, to try the training with: two photographs of scikit-learn's, each sharp and at four blurs.

    python -m iqatrain example --out ten

The scores are made up (0.9 for a photograph, 0.2 less for each step); the format is that of your own pictures: files,
and `scores.csv` with a line for each, file name and score from 0 (worst) to 1 (best).
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

from . import data, kadid

LEVELS = (0, 2, 3, 4, 5)  # of KADID-10k's Gaussian blur, of which level 1 cannot be seen; 0 is the photograph


def make(out: Path) -> None:
    from sklearn.datasets import load_sample_images

    out.mkdir(parents=True, exist_ok=True)
    blur = kadid.NAMES.index("gaussian-blur") + 1
    rows = []
    for name, photograph in zip(("temple", "flower"), load_sample_images().images, strict=True):
        for place, level in enumerate(LEVELS):
            picture = kadid.distort(photograph, blur, level, np.random.default_rng(0)) if level else photograph
            rows.append((f"{name}-{place}.png", f"{0.9 - 0.2 * place:.1f}"))
            Image.fromarray(picture).save(out / rows[-1][0])
    with open(out / data.SCORES, "w", newline="") as file:
        csv.writer(file).writerows([("file", "mos"), *rows])


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    out = parser().parse_args(arguments).out
    make(out)
    print(f"{out}: ten pictures and {data.SCORES}")


if __name__ == "__main__":
    main()
