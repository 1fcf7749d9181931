# SPDX-License-Identifier: MPL-2.0
"""Reads an exported model back into its network, as a checkpoint that another run can start from.

    python -m iqatrain.bundled --network mt-irn --model ../mt-irn/model.onnx --out mt-irn.pt
    python -m iqatrain.bundled --network mt-irn --model ../mt-irn/model.onnx --without backbone --out mt-irn-heads.pt

The weights are those that the file stores, rounded. A convolution comes back without its norm, whose scale starts at 1
again; attributes that did not leave the network stay as a new network has them.
"""

import argparse
import re
import tomllib
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from . import networks, trainer
from .export import folded
from .networks.mt_irn import Normed
from .networks.resnet18 import FoldedConv

# The bundled `metaiqa` was written before the network's own names were kept.
FIRST_NAMES = (
    (r"\.half$", ".stored"),
    (r"^stem\.", "backbone.stem."),
    (r"^block(\d)\.", r"backbone.blocks.\1."),
    (r"^head1\.", "head.0."),
    (r"^prelu\.slope$", "head.1.weight"),
    (r"^head2\.", "head.3."),
)


def network_name(name: str) -> str:
    for pattern, wanted in FIRST_NAMES:
        name = re.sub(pattern, wanted, name)
    return name


def stored_tensors(model: onnx.ModelProto) -> dict[str, torch.Tensor]:
    """The folded network's parameters by name, widened to float32 (what `export.store_in_few_bits` put in)."""
    raw = {
        network_name(one.name): torch.from_numpy(numpy_helper.to_array(one).copy()) for one in model.graph.initializer
    }
    # The exporter keeps equal tensors once, and names the others by nodes.
    raw |= {
        node.output[0]: raw[node.input[0]]
        for node in model.graph.node
        if node.op_type == "Identity" and node.input[0] in raw
    }
    found = {name: value for name, value in raw.items() if not name.endswith((".stored", ".scale"))}
    for name, value in raw.items():
        if name.endswith(".stored"):
            whole = name.removesuffix(".stored")
            found[whole] = value.float() * raw.get(f"{whole}.scale", 1.0)
    return found


def unfold(network: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Gives `network` the parameters of its folded copy, all of them."""
    for at, module in network.named_modules():
        if isinstance(module, (FoldedConv, Normed)):
            module.unfold(tensors.pop(f"{at}.weight"), tensors.pop(f"{at}.bias"))
    network.load_state_dict(tensors, strict=False)


def read(path: Path, name: str) -> nn.Module:
    """The network called `name` with the weights of an exported model."""
    model = onnx.load(path)
    network = networks.build(name)
    wanted = folded(network).state_dict()
    tensors = {key: value for key, value in stored_tensors(model).items() if key in wanted}
    lost = sorted(set(wanted) - set(tensors))
    if lost:
        raise ValueError(
            f"{path} is not an export of {network.name}: it lacks {', '.join(lost[:3])}{', …' if lost[3:] else ''}"
        )
    # The exporter may store a slope or a scalar with other dimensions.
    tensors = {
        key: value.reshape(wanted[key].shape) if value.numel() == wanted[key].numel() else value
        for key, value in tensors.items()
    }
    if "attribute_scale" in tensors:
        contract = tomllib.loads(next(one.value for one in model.metadata_props if one.key == "iqa.contract"))
        chosen = [network.attributes.index(one) for one in contract["output"]["attributes"]["names"]]
        for key in ("attribute_scale", "attribute_shift"):
            tensors[key] = wanted[key].index_copy(0, torch.tensor(chosen), tensors[key])
    unfold(network, tensors)
    return network.eval()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", choices=networks.NAMES, required=True)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--without", help="a part that is left out, for a run that brings its own: backbone")
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    state = read(given.model, given.network).state_dict()
    kept = {name: value for name, value in state.items() if not given.without or name.split(".")[0] != given.without}
    if given.without and len(kept) == len(state):
        raise ValueError(f"{given.network} has no part called {given.without}")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    trainer.write_atomically({"ema": kept}, given.out)


if __name__ == "__main__":
    main()
