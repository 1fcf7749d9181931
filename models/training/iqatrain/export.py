# SPDX-License-Identifier: MPL-2.0
"""Writes a trained network as ONNX: weights in few bits with their conversion in the graph, contract inside.

    python -m iqatrain.export --network mt-irn --checkpoint run/checkpoint.pt --weights mixed --out mt-irn/model.onnx

`half` stores float16, `int8` eight bits with a scale for each output channel, `mixed` eight bits where most of the
bytes are and float16 in the small layers, on which most of the rounding's cost falls. Each is turned into float32 by
nodes of constants, which ONNX Runtime computes once, when it loads. Biases and other small tensors stay in single
precision.
"""

import argparse
import copy
import io
import re
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from . import contracts, networks, text
from .networks import bpclip
from .networks.mt_irn import Normed
from .networks.resnet18 import FoldedConv

OPSET, IR_VERSION = 17, 8
SMALL = 1024  # tensors of fewer numbers are stored as they are
LARGE = 300_000  # `mixed`: tensors of as many numbers are stored in eight bits, unless told otherwise
ROUNDINGS = ("half", "int8", "mixed")


def folded(network: nn.Module) -> nn.Module:
    """A copy for inference, in which each convolution and its batch norm are one plain convolution."""
    network = copy.deepcopy(network).cpu().eval().to(memory_format=torch.contiguous_format)

    def replace(module):
        for name, child in module.named_children():
            if isinstance(child, FoldedConv):
                weight, bias = child.folded()
                conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:], child.stride, child.padding)
                conv.weight, conv.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())
                setattr(module, name, conv)
            elif isinstance(child, Normed):
                setattr(module, name, child.folded())
            else:
                replace(child)

    replace(network)
    return network.requires_grad_(False)


def output_axis(module: nn.Module) -> int:
    return 1 if isinstance(module, nn.ConvTranspose2d) else 0


def split_int8(weight: torch.Tensor, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """(int8 weights, float32 scales), whose product is the rounded weight; one scale for each place along `axis`."""
    others = [i for i in range(weight.ndim) if i != axis]
    scale = weight.abs().amax(others, keepdim=True).clamp(min=1e-12) / 127
    return torch.round(weight / scale).to(torch.int8).numpy(), scale.numpy().astype(np.float32)


def rounded(network: nn.Module, rounding: str, large: int = LARGE, kept: str | None = None) -> tuple[nn.Module, dict]:
    """(the folded network with the weights that are stored, in float32; {name: what is stored}).

    `kept`: a regular expression; what it finds in the names of weights is stored in half precision whatever its size.
    """
    network, stored = folded(network), {}
    for at, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)) or weight.numel() < SMALL:
            continue
        name = f"{at}.weight"
        few = rounding == "int8" or (rounding == "mixed" and weight.numel() >= large)
        if few and not (kept and re.search(kept, name)):
            stored[name] = split_int8(weight, output_axis(module))
            weight.copy_(torch.from_numpy(stored[name][0]).float() * torch.from_numpy(stored[name][1]))
        else:
            half = weight.to(torch.float16)
            if not half.isfinite().all():
                raise ValueError(f"{name} does not fit half precision; store it as int8")
            stored[name] = (half.numpy(),)
            weight.copy_(half.float())
    return network, stored


def store_in_few_bits(model: onnx.ModelProto, stored: dict) -> None:
    """Replaces each weight in the graph by what is stored and the nodes that widen it."""
    graph = model.graph
    kept = [one for one in graph.initializer if one.name not in stored]
    missing = set(stored) - {one.name for one in graph.initializer}
    if missing:
        raise ValueError(f"the exported graph lacks the weights {sorted(missing)}")
    nodes = []
    for name, parts in stored.items():
        kept.append(numpy_helper.from_array(parts[0], f"{name}.stored"))
        wide = name if len(parts) == 1 else f"{name}.wide"
        nodes.append(helper.make_node("Cast", [f"{name}.stored"], [wide], to=TensorProto.FLOAT))
        if len(parts) == 2:
            kept.append(numpy_helper.from_array(parts[1], f"{name}.scale"))
            nodes.append(helper.make_node("Mul", [wide, f"{name}.scale"], [name]))
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def write_onnx(
    network: nn.Module, path: Path, rounding: str = "half", large: int = LARGE, kept: str | None = None
) -> nn.Module:
    """Writes `path`; gives the network with the rounded weights, for parity."""
    name, crop = network.name, network.crop
    final, stored = rounded(network, rounding, large, kept)
    tensors, outputs = list(contracts.roles(name)), contracts.outputs(network)
    examples = tuple(torch.rand(2, 3, crop, crop) for _ in tensors)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is called deprecated
        torch.onnx.export(
            final,
            examples,
            file,
            dynamo=False,
            opset_version=OPSET,
            do_constant_folding=False,
            input_names=tensors,
            output_names=outputs,
            dynamic_axes={tensor: {0: "N"} for tensor in (*tensors, *outputs)},
        )
    model = onnx.load_from_string(file.getvalue())
    store_in_few_bits(model, stored)
    model.ir_version, model.producer_name = IR_VERSION, "iqatrain"
    helper.set_model_props(model, {"iqa.contract": contracts.contract(network)})
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return final


def load_ema(checkpoint: Path, name: str = "metaiqa", **options) -> nn.Module:
    """The averaged weights of a checkpoint, in the network called `name`."""
    network = networks.build(name, **options)
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")["ema"]
    if "tokens" in options:
        state["position"] = bpclip.positions(state["position"], options["tokens"] ** 2)
    network.load_state_dict(state)
    return network.eval()


def add_rounding_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--weights", choices=ROUNDINGS, default="half", help="how the weights are stored")
    options.add_argument(
        "--large", type=int, default=LARGE, help="mixed: tensors of as many numbers are stored in eight bits"
    )
    options.add_argument(
        "--kept",
        help="mixed, int8: a regular expression for the names of weights that stay in half precision all the same",
    )


def rounding_of(given: argparse.Namespace) -> dict:
    """How the command line wants the weights stored, for `rounded` and `write_onnx`."""
    return {"rounding": given.weights, "large": given.large, "kept": given.kept}


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", choices=networks.EXPORTED, default="metaiqa")
    options.add_argument("--checkpoint", type=Path, required=True)
    add_rounding_options(options)
    options.add_argument(
        "--attributes",
        nargs="*",
        choices=text.DIMENSIONS,
        help="BPCLIP: those that `iqatrain.evaluate attributes` lets ship; otherwise all",
    )
    options.add_argument(
        "--tokens", type=int, help="BPCLIP: tokens a side, where they are not those that it was trained with"
    )
    options.add_argument(
        "--crops", type=int, default=5, help="how many crops of a frame are scored, where it is not tiled"
    )
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    network = load_ema(given.checkpoint, given.network, **({"tokens": given.tokens} if given.tokens else {}))
    network.crops = given.crops
    if given.attributes is not None:
        network.keep_attributes(given.attributes)
    write_onnx(network, given.out, **rounding_of(given))
    print(f"{given.out}: {given.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
