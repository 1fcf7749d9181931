# SPDX-License-Identifier: MPL-2.0
"""Every step of every network on made-up pictures, from random weights, without downloads: under a minute.

    python -m iqatrain.smoke --out /tmp/dry

What comes out is worth nothing; that it comes out shows that the steps fit each other: pictures, distortions, labels,
MetaIQA's prior, MT-IRN's restoration, training of all four, export, parity.
"""

import argparse
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image

from . import data, datasets, export, finetune, full_reference, kadid, meta, networks, restoration, synthetic
from .auxiliary import SyntheticBatches

SIDE, REFERENCES = 96, 10
COMMON = {"steps": 2, "warmup": 1, "bf16": False}


def pictures(out: Path) -> tuple[Path, Path]:
    """(a folder of synthetic pictures, tables of labels): ten references, measures without meaning."""
    sources = out / "pristine"
    sources.mkdir(parents=True, exist_ok=True)
    for i, pixels in enumerate(data.noise_pictures(REFERENCES, 128, seed=5).pixels):
        Image.fromarray(pixels).save(sources / f"{i}.png")
    synthetic.make(out / "synthetic", synthetic.pristine_files([sources]), side=SIDE, with_measures=False)
    measures = np.load(out / "synthetic" / "measures.npy", mmap_mode="r+")
    measures[:] = np.random.default_rng(0).random(measures.shape)
    measures.flush()
    falling = np.tile(np.linspace(0.9, 0.1, kadid.LEVELS, dtype=np.float32), (kadid.TYPES, 1))
    np.savez(out / "tables.npz", mean=falling, spread=np.full_like(falling, 0.05))
    return out / "synthetic", out / "tables.npz"


def small(name: str):
    """The network, made for crops of 96 pixels."""
    torch.manual_seed(0)
    network = networks.build(name, **({"tokens": SIDE // 32} if name.startswith("bpclip") else {}))
    network.crop = SIDE
    return network


def prior(folder: Path, tables: Path, out: Path) -> Path:
    network = small("metaiqa")
    recipe = meta.MetaRecipe(steps=1, tasks=2, inner=2, batch=2, bf16=False)
    tasks = meta.Tasks(synthetic.open_synthetic(folder), tables, network.crop)
    training = meta.MetaTrainer(network, recipe)
    training.fit(datasets.step_loader(partial(tasks.iteration, recipe)), out)
    return out / "checkpoint.pt"


def restored(folder: Path, out: Path) -> Path:
    start = None
    for stage in ("map", "reference"):
        network = restoration.RestorationAlone(SIDE)
        if start:
            finetune.load_start(network, start)
        training = restoration.RestorationTrainer(
            network, restoration.RestorationRecipe(**COMMON, batch=2, crop=SIDE), stage, "cpu"
        )
        training.fit(datasets.step_loader(SyntheticBatches(network, folder, None, 2, 1).batch), out / stage)
        start = out / stage / "checkpoint.pt"
    return start


def without_reference(name: str, start: Path | None, folder: Path, tables: Path, out: Path):
    network = small(name)
    if start:
        finetune.load_start(network, start)
    extra = None if name == "metaiqa" else SyntheticBatches(network, folder, tables, 2, 1)
    recipe = finetune.FinetuneRecipe(**COMMON, batch=2, degraded=1, frozen_share=0.5)
    training = finetune.FinetuneTrainer(network, recipe, "cpu", extra)
    learning, validation = data.split(data.noise_pictures(6, 128), 2)
    finetune.train(training, learning, validation, out / name)
    return training.ema_network()


def with_reference(folder: Path, tables: Path, out: Path):
    network = small("bpclip-fr")
    recipe = full_reference.FullReferenceRecipe(**COMMON, batch=2, share=2, crop=SIDE)
    pairs = full_reference.Pairs(synthetic.open_synthetic(folder), tables, held_out=False)
    training = full_reference.FullReferenceTrainer(network, recipe)
    training.fit(datasets.step_loader(partial(pairs.batch, recipe)), out / "bpclip-fr")
    return training.ema_network()


def exported(network, rounding: str, out: Path) -> dict:
    """Writes the model and says how far ONNX Runtime is from PyTorch with the same rounded weights."""
    path = out / f"{network.name}.onnx"
    final = export.write_onnx(network, path, rounding)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    given = {one.name: torch.rand(1, 3, network.crop, network.crop) for one in session.get_inputs()}
    found = session.run(None, {name: value.numpy() for name, value in given.items()})
    with torch.no_grad():
        expected = final(*given.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    differences = [float(np.abs(f - e.numpy()).max()) for f, e in zip(found, expected, strict=True)]
    return {
        "network": network.name,
        "bytes": path.stat().st_size,
        "score": float(found[0][0, 0]),
        "differences": differences,
    }


def smoke(out: Path) -> list[dict]:
    folder, tables = pictures(out)
    starts = {
        "metaiqa": prior(folder, tables, out / "prior"),
        "mt-irn": restored(folder, out / "restored"),
        "bpclip-nr": None,
    }
    lines = []
    for name in networks.NAMES:
        if name == "bpclip-fr":
            network = with_reference(folder, tables, out)
        else:
            network = without_reference(name, starts[name], folder, tables, out)
        lines.append(exported(network, "half" if name == "metaiqa" else "int8", out))
    return lines


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    started = time.time()
    for line in smoke(parser().parse_args(arguments).out):
        print(json.dumps(line))
    print(f"{time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
