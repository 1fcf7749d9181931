# SPDX-License-Identifier: MPL-2.0
"""Tunes the last layers of BPCLIP with a reference to other crops than it was trained on.

    python -m iqatrain.head --model small.onnx --checkpoint bpclip-fr.pt --synthetic synthetic --tables tables.npz \\
        --out bpclip-fr-head.pt

Fewer tokens a crop move the types of distortions against each other and hardly the levels within them; what stands
between the cosines with the adjectives and the score (`head`, 21,000 weights) can take that back. `--model` is the
exported model whose cosines it learns from, as it will be computed; `--checkpoint` has the weights that were exported;
what is written differs from it in the head.

A pair's label is KADID-10k's mean score of its type and level, moved within the cell by the model's own score as
`labels` moves it by a measure. A reference beside itself is labelled 1. The steps' number is that of the least error on
the held-out references.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F

from . import data, labels, networks, quantize, synthetic, trainer
from .measures import plcc, srocc
from .runtime import Exported, open_session

STEPS, EVERY, RATE, DECAY, SEED = 2000, 50, 3e-4, 1e-4, 20


class Cosines:
    """An exported model up to what its head is given."""

    def __init__(self, path: Path):
        self.looks = Exported(path, "bpclip-fr", 1)
        model = onnx.load(path)
        self.name = next(node.input[0] for node in model.graph.node if "head.0.weight" in node.input)
        model.graph.output.append(onnx.helper.make_tensor_value_info(self.name, onnx.TensorProto.FLOAT, None))
        self.session = open_session(model.SerializeToString(), 1)

    def of(self, distorted: np.ndarray, reference: np.ndarray, chosen: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """(cosines [n, 160], scores [n]) of some of the views of a pair."""
        views = [data.views(one, self.looks)[chosen] for one in (distorted, reference)]
        cosines, scores = self.session.run([self.name, "score"], quantize.feed_of(self.looks, views))
        return cosines, scores[:, 0]


def features(model: Path, pictures: synthetic.Synthetic, held_out: bool, views: int) -> dict[str, np.ndarray]:
    """`cosines` [n, 126, views, 160] and `scores` [n, 126, views]: of each reference beside itself and its distorted
    copies, in views drawn at random.
    """
    cosines, random = Cosines(model), np.random.default_rng([SEED, held_out])
    found = []
    for n in pictures.part(held_out):
        drawn = lambda: random.choice(cosines.looks.crops, views, replace=False)
        found.append([cosines.of(one, pictures.reference(n), drawn()) for one in pictures.pixels[n]])
        print(json.dumps({"reference": int(n), "held out": held_out}), flush=True)
    return {
        name: np.stack([[version[i] for version in one] for one in found])
        for i, name in enumerate(("cosines", "scores"))
    }


def wanted(scores: np.ndarray, tables: Path) -> np.ndarray:
    """Labels [n, 126] of pairs whose scores [n, 126] a model gave, the first of each reference beside itself."""
    stored = np.load(tables)
    cells = scores[:, 1:].reshape(len(scores), *stored["mean"].shape)
    moved = np.clip(stored["mean"] + labels.WEIGHT * stored["spread"] * labels.deviations(cells), 0, 1)
    return np.concatenate((np.ones((len(scores), 1)), moved.reshape(len(scores), -1)), 1)


def agreement(scores: np.ndarray, labelled: np.ndarray) -> dict:
    """Of mean scores over the views, [n, 126]; `error` is the root of the mean square."""
    error = float(np.sqrt(np.mean((scores - labelled) ** 2)))
    return {
        "srocc": srocc(scores.ravel(), labelled.ravel()),
        "plcc": plcc(scores.ravel(), labelled.ravel()),
        "error": error,
    }


def tuned(head: torch.nn.Module, learned: dict, held_out: dict, tables: Path):
    """Steps on all pairs at once; gives the head of the least error on the held-out ones."""
    x, y = (torch.from_numpy(one).float() for one in (learned["cosines"], wanted(learned["scores"].mean(2), tables)))
    z, truth = torch.from_numpy(held_out["cosines"]).float(), wanted(held_out["scores"].mean(2), tables)
    scored = lambda: head.eval()(z).squeeze(-1).mean(2).detach().numpy()
    optimiser = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    best = {"step": 0, **agreement(scored(), truth)}, {name: one.clone() for name, one in head.state_dict().items()}
    print(json.dumps(best[0]), flush=True)
    for step in range(1, STEPS + 1):
        F.mse_loss(head.train()(x).squeeze(-1), y[..., None].expand(x.shape[:-1])).backward()
        optimiser.step()
        optimiser.zero_grad()
        if step % EVERY == 0:
            found = {"step": step, **agreement(scored(), truth)}
            print(json.dumps(found), flush=True)
            if found["error"] < best[0]["error"]:
                best = found, {name: one.clone() for name, one in head.state_dict().items()}
    head.load_state_dict(best[1])
    return best[0]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--checkpoint", type=Path, required=True)
    options.add_argument("--synthetic", type=Path, required=True, help="what iqatrain.synthetic made")
    options.add_argument("--tables", type=Path, required=True, help="what iqatrain.labels wrote")
    options.add_argument(
        "--views", type=int, default=1, help="of each training pair; of a held-out one three times as many"
    )
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    torch.manual_seed(SEED)
    state = torch.load(given.checkpoint, weights_only=True, map_location="cpu")["ema"]
    head = networks.build("bpclip-fr").head
    head.load_state_dict({name.removeprefix("head."): one for name, one in state.items() if name.startswith("head.")})
    pictures, parts = synthetic.open_synthetic(given.synthetic), []
    for part, views in ((False, given.views), (True, 3 * given.views)):
        kept = given.out.with_suffix(f".{'held-out' if part else 'learned'}.npz")
        if not kept.exists():
            np.savez(kept, **features(given.model, pictures, part, views))
        parts.append(dict(np.load(kept)))
    print(json.dumps({"kept": tuned(head, *parts, given.tables)}), flush=True)
    trainer.write_atomically(
        {"ema": state | {f"head.{name}": one for name, one in head.state_dict().items()}}, given.out
    )


if __name__ == "__main__":
    main()
