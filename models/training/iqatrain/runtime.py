# SPDX-License-Identifier: MPL-2.0
"""An exported model in ONNX Runtime, used as the network is that it was exported from."""

import argparse
import hashlib
import tomllib
from pathlib import Path

import onnxruntime
import torch

from . import contracts, networks
from .export import load_ema


def sha256(path: Path) -> str:
    """By which a look's log tells exported models apart."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_session(path: Path | bytes, threads: int = 0, optimized: Path | None = None) -> onnxruntime.InferenceSession:
    """A session on the CPU with the options that the plugin sets; 0 threads: one a core. `optimized`: where the graph
    that runs is written.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # that a graph is written for this processor alone is a warning
    for kind in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{kind}.allow_spinning", "0")
    if optimized:
        options.optimized_model_filepath = str(optimized)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Exported:
    """Takes the pictures' tensors and gives their scores, [n, 1], and what else leaves it, as the network called `name`
    does.

    What it looks at of a picture is what its contract says.
    """

    def __init__(self, path: Path, name: str, threads: int = 0):
        network = networks.build(name)
        self.name, self.mean, self.std = network.name, network.mean, network.std
        self.session, self.tensors = open_session(path, threads), list(contracts.roles(name))
        said = tomllib.loads(self.session.get_modelmeta().custom_metadata_map["iqa.contract"])
        geometry, self.attributes = said["geometry"], tuple(said["output"].get("attributes", {}).get("names", ()))
        self.crop, self.crops, self.stride = geometry["crop"][0], geometry["crops"], geometry.get("stride", [None])[0]
        self.short_side = geometry.get("short-side", 0)  # 0: a picture is looked at as it is

    def eval(self) -> "Exported":
        return self

    def __call__(self, *inputs: torch.Tensor):
        feed = {
            tensor: x.contiguous(memory_format=torch.contiguous_format).numpy()
            for tensor, x in zip(self.tensors, inputs, strict=True)
        }
        most = max(map(len, feed.values()))  # pictures that share a reference come with it once
        feed = {tensor: x if len(x) == most else x.repeat(most // len(x), 0) for tensor, x in feed.items()}
        found = tuple(map(torch.from_numpy, self.session.run(None, feed)))
        return found if len(found) > 1 else found[0]


def add_options(options: argparse.ArgumentParser, required: bool) -> None:
    weights = options.add_mutually_exclusive_group(required=required)
    weights.add_argument("--checkpoint", type=Path, help="the averaged weights of a run, in single precision")
    weights.add_argument("--model", type=Path, help="an exported model in place of a checkpoint")


def chosen(given, name: str):
    """What `add_options` was given, in the network called `name`; none where nothing was."""
    if given.model:
        return Exported(given.model, name)
    return load_ema(given.checkpoint, name) if given.checkpoint else None
