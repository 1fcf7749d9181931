"""Measures a trained network, in single precision, on five crops a picture.

    python -m iqatrain.evaluate test     --cache cache --checkpoint run/checkpoint.pt --scores test.csv
    python -m iqatrain.evaluate rounding --cache cache --checkpoint run/checkpoint.pt --model metaiqa/model.onnx
    python -m iqatrain.evaluate order    --cache cache --checkpoint run/checkpoint.pt

`test` is for a finished network, once: choices are made on held-out training pictures. `rounding` and `order` look at
those held-out pictures.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from . import data, distortions
from .export import load_averaged
from .measures import plcc, srocc
from .run import inputs, predictions

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def on_test(network, given):
    """SROCC and PLCC on BIQ2021's official test part, whole and by subset."""
    pictures = data.open_biq2021(given.cache, "test")
    pictures = pictures.take(np.arange(len(pictures)))
    scores = predictions(network, pictures, 5, bf16=False)
    if given.scores:
        with open(given.scores, "w", newline="") as file:
            csv.writer(file).writerows(zip(pictures.names, pictures.mos, scores))
    subsets = np.array([name[:4] for name in pictures.names])
    for subset in ("all", *np.unique(subsets)):
        chosen = np.full(len(subsets), True) if subset == "all" else subsets == subset
        mine, theirs = scores[chosen], pictures.mos[chosen]
        yield {"subset": str(subset), "pictures": int(chosen.sum()), "srocc": srocc(mine, theirs), "plcc": plcc(mine, theirs)}


def rounding(network, given):
    """How far the exported model's scores (0 to 100) are from the network's."""
    held_out = data.split(data.open_biq2021(given.cache, "train"), given.held_out)[1]
    session = onnxruntime.InferenceSession(given.model.read_bytes(), providers=["CPUExecutionProvider"])
    differences = []
    for i in range(min(given.count, len(held_out))):
        x = inputs(network, torch.from_numpy(data.five_crops(held_out.picture(i))).permute(0, 3, 1, 2)).contiguous()
        with torch.no_grad():
            exact = network(x).numpy()
        stored = session.run(None, {"input": x.numpy()})[0]
        differences.append(100 * abs(float(exact.mean() - stored.mean())))
    yield {"pictures": len(differences), "largest": max(differences), "mean": float(np.mean(differences))}


def degraded(crop, kind, strength):
    if strength == 0:
        return crop
    if kind == "h264":
        return distortions.h264([crop] * 3, strength)
    function = {"blur": distortions.blur, "jpeg": distortions.jpeg, "rescale": distortions.rescale}[kind]
    return function(crop, strength, np.random.default_rng(0))


def order(network, given):
    """How often more of a distortion scores lower, on whole pictures: neighbours among STRENGTHS, and first against last."""
    held_out = data.split(data.open_biq2021(given.cache, "train"), given.held_out)[1]
    for kind in ("h264", "jpeg", "blur", "rescale"):
        rows = []
        for i in range(min(given.count, len(held_out))):
            versions = [data.five_crops(degraded(np.asarray(held_out.picture(i)), kind, s)) for s in STRENGTHS]
            x = inputs(network, torch.from_numpy(np.concatenate(versions)).permute(0, 3, 1, 2))
            with torch.no_grad():
                rows.append(network(x).numpy().reshape(len(STRENGTHS), 5).mean(1))
        rows = np.array(rows)
        yield {
            "kind": kind,
            "pictures": len(rows),
            "means": [round(100 * float(m), 1) for m in rows.mean(0)],
            "neighbours in order": float((np.diff(rows, axis=1) < 0).mean()),
            "last below first": float((rows[:, -1] < rows[:, 0]).mean()),
        }


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("test", "rounding", "order"))
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--checkpoint", type=Path, required=True)
    options.add_argument("--model", type=Path, help="the exported model, for `rounding`")
    options.add_argument("--scores", type=Path, help="where `test` writes each picture's name, MOS and score")
    options.add_argument("--held-out", type=int, default=500, help="as in training")
    options.add_argument("--count", type=int, default=200, help="how many held-out pictures")
    given = options.parse_args()
    network = load_averaged(given.checkpoint).to(memory_format=torch.channels_last)
    for line in {"test": on_test, "rounding": rounding, "order": order}[given.what](network, given):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
