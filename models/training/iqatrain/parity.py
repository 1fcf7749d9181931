# SPDX-License-Identifier: MPL-2.0
"""Scores of pictures that a formula describes, for tests of other implementations.

    python -m iqatrain.parity --network metaiqa --checkpoint run/checkpoint.pt --weights half --out metaiqa/parity.json
    python -m iqatrain.parity --network metaiqa --model metaiqa/model.onnx --out metaiqa/parity.json

The scores are PyTorch's, with the weights as the exported model stores them, on pictures whose size needs no scaling.
What computes in integers (`quantize`) exists as an exported model only: with --model the scores are ONNX Runtime's.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from . import export, finetune, networks
from .data import views
from .runtime import Exported

# Width and height; all whole numbers, `/` rounds down; x is the column, y the row.
WIDTH, HEIGHT = 512, 384
BLOCKS = (
    "40 + 150 * ((x / 16 + y / 16) % 2) + x % 16",
    "60 + 120 * ((x / 32 + y / 32) % 2) + y % 16",
    "80 + 90 * ((x / 64 + y / 64) % 2)",
)
TEXTURE = ("(x * x + y * 7) / 11 % 256", "(y * y + x * 5) / 13 % 256", "(x * y) / 17 % 256")
COARSER = "({}) / 24 * 24"  # what a distorted picture's channel is of its reference's


def formulas(width: int, height: int) -> dict[str, tuple[str, str, str]]:
    slopes = (f"x * 255 / {width - 1}", f"y * 255 / {height - 1}", f"(x + y) * 255 / {width + height - 2}")
    return {"slopes": slopes, "blocks": BLOCKS, "texture": TEXTURE}


def picture(formula, width: int = 512, height: int = 384) -> np.ndarray:
    """[height, width, 3] uint8."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    channels = [eval(one.replace("/", "//"), {"x": x, "y": y}) for one in formula]
    stacked = np.stack(channels, -1)
    if stacked.min() < 0 or stacked.max() > 255:
        raise ValueError(f"{formula} leaves 0 to 255")
    return stacked.astype(np.uint8)


def crops_of(network, formula, width, height) -> torch.Tensor:
    crops = views(picture(formula, width, height), network)
    return finetune.inputs(network, torch.from_numpy(crops).permute(0, 3, 1, 2)).contiguous()


@torch.no_grad()
def vectors(network, runtime: str) -> dict:
    """What parity.json holds, of a network with rounded weights (`export.rounded`) or an exported one; `runtime` says
    what ran it.
    """
    network.eval()
    larger = max(1, getattr(network, "short_side", 0) // HEIGHT)
    width, height = larger * WIDTH, larger * HEIGHT
    pictures = []
    for name, formula in formulas(width, height).items():
        entry = {"name": name, "formula": dict(zip("rgb", formula))}
        given = [crops_of(network, formula, width, height)]
        if network.name in networks.FULL_REFERENCE:
            distorted = [COARSER.format(one) for one in formula]
            entry["distorted"] = dict(zip("rgb", distorted))
            given.insert(0, crops_of(network, distorted, width, height))
        raw = finetune.scores_of(network(*given)).numpy()
        pictures.append({**entry, "crops": [round(float(one), 6) for one in raw], "raw": round(float(raw.mean()), 6)})
    return {
        "about": "RGB pictures of width x height; x is the column, y the row, whole numbers, '/' rounds down. "
        "'crops': the "
        "model's output for its crops, in the contract's order; 'raw': their mean. "
        "With a reference, 'formula' describes the reference and 'distorted' the other picture.",
        "made-by": "python -m iqatrain.parity",
        "runtime": runtime,
        "width": width,
        "height": height,
        "pictures": pictures,
    }


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", choices=networks.EXPORTED, default="metaiqa")
    weights = options.add_mutually_exclusive_group(required=True)
    weights.add_argument("--checkpoint", type=Path)
    weights.add_argument("--model", type=Path, help="an exported model in place of a checkpoint")
    export.add_rounding_options(options)
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    if given.model:
        network, by = Exported(given.model, given.network), f"ONNX Runtime {onnxruntime.__version__}, CPU"
    else:
        network, _ = export.rounded(export.load_ema(given.checkpoint, given.network), **export.rounding_of(given))
        by = f"PyTorch {torch.__version__}, the stored weights in single precision"
    given.out.write_text(json.dumps(vectors(network, by), indent=1) + "\n")


if __name__ == "__main__":
    main()
