"""Scores of pictures that a formula describes, for tests of other implementations.

    python -m iqatrain.parity --model metaiqa/model.onnx --out metaiqa/parity.json
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

from .data import five_crops
from .networks.metaiqa import MEAN, STD

WIDTH, HEIGHT = 512, 384

# All whole numbers, `/` rounds down; x is the column, y the row.
FORMULAS = {
    "slopes": ("x * 255 / 511", "y * 255 / 383", "(x + y) * 255 / 894"),
    "blocks": (
        "40 + 150 * ((x / 16 + y / 16) % 2) + x % 16",
        "60 + 120 * ((x / 32 + y / 32) % 2) + y % 16",
        "80 + 90 * ((x / 64 + y / 64) % 2)",
    ),
    "texture": ("(x * x + y * 7) / 11 % 256", "(y * y + x * 5) / 13 % 256", "(x * y) / 17 % 256"),
}


def picture(formula) -> np.ndarray:
    """[HEIGHT, WIDTH, 3] uint8."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.int64)
    channels = [eval(one.replace("/", "//"), {"x": x, "y": y}) for one in formula]
    stacked = np.stack(channels, -1)
    assert stacked.min() >= 0 and stacked.max() <= 255
    return stacked.astype(np.uint8)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    session = onnxruntime.InferenceSession(given.model.read_bytes(), providers=["CPUExecutionProvider"])
    mean, std = np.array(MEAN, np.float32), np.array(STD, np.float32)
    pictures = []
    for name, formula in FORMULAS.items():
        crops = five_crops(picture(formula)).astype(np.float32) / np.float32(255)
        x = np.ascontiguousarray(((crops - mean) / std).transpose(0, 3, 1, 2))
        raw = session.run(None, {"input": x})[0].ravel()
        pictures.append(
            {
                "name": name,
                "formula": dict(zip("rgb", formula)),
                "crops": [round(float(one), 6) for one in raw],
                "raw": round(float(raw.mean()), 6),
            }
        )
    text = {
        "about": "RGB pictures of width x height; x is the column, y the row, whole numbers, '/' rounds down. 'crops': "
        "the model's output for the crops at the centre, top left, top right, bottom left and bottom right; 'raw': their mean.",
        "made-by": "python -m iqatrain.parity",
        "runtime": f"onnxruntime {onnxruntime.__version__}, CPU",
        "width": WIDTH,
        "height": HEIGHT,
        "pictures": pictures,
    }
    given.out.write_text(json.dumps(text, indent=1) + "\n")


if __name__ == "__main__":
    main()
