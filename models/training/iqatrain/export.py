"""Writes a trained network as ONNX: weights in half precision with their conversion in the graph, contract inside.

    python -m iqatrain.export --checkpoint run/checkpoint.pt --out metaiqa/model.onnx
"""

import argparse
import copy
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from . import networks
from .networks.metaiqa import MEAN, STD
from .networks.resnet18 import FoldedConv

OPSET, IR_VERSION = 17, 8

CONTRACT = f"""\
contract = 1
name = "metaiqa"
kind = "no-reference"
licence = "MPL-2.0"

[[input]]
tensor = "input"
role = "distorted"
layout = "nchw"
channels = "rgb"
mean = {list(MEAN)}
std = {list(STD)}

[geometry]
short-side = 384
filter = "bilinear"
antialias = true
crop = [224, 224]
crops = 5
sampling = "grid"
small = "upscale"

[output]
tensor = "score"
worst = 0.0
best = 1.0
"""


class Graph:
    """An ONNX graph under construction."""

    def __init__(self):
        self.nodes, self.initializers, self.count = [], [], 0

    def add(self, kind, *inputs, name=None, **attributes):
        self.count += 1
        name = name or f"{kind.lower()}_{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def weight(self, name, tensor):
        """A weight, stored as float16 and turned into float32 (ONNX Runtime does that once, when it loads)."""
        half = tensor.detach().numpy().astype(np.float16)
        assert np.isfinite(half).all(), f"{name} does not fit half precision"
        self.initializers.append(numpy_helper.from_array(half, f"{name}.half"))
        return self.add("Cast", f"{name}.half", name=name, to=TensorProto.FLOAT)

    def small(self, name, tensor):
        """A bias: a few numbers, kept in single precision."""
        self.initializers.append(numpy_helper.from_array(tensor.detach().numpy().astype(np.float32), name))
        return name

    def conv(self, x, module: FoldedConv, name):
        weight, bias = module.folded()
        return self.add(
            "Conv",
            x,
            self.weight(f"{name}.weight", weight),
            self.small(f"{name}.bias", bias),
            kernel_shape=list(weight.shape[2:]),
            strides=[module.stride] * 2,
            pads=[module.padding] * 4,
        )


def metaiqa_graph(network) -> Graph:
    """input [N, 3, 224, 224] -> score [N, 1]."""
    graph = Graph()
    x = graph.add("Relu", graph.conv("input", network.backbone.stem, "stem"))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for i, block in enumerate(network.backbone.blocks):
        y = graph.add("Relu", graph.conv(x, block.conv1, f"block{i}.conv1"))
        y = graph.conv(y, block.conv2, f"block{i}.conv2")
        if isinstance(block.shortcut, FoldedConv):
            x = graph.conv(x, block.shortcut, f"block{i}.shortcut")
        x = graph.add("Relu", graph.add("Add", y, x))
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x), axis=1)
    first, prelu, _, last = network.head
    x = graph.add("Gemm", x, graph.weight("head1.weight", first.weight), graph.small("head1.bias", first.bias), transB=1)
    x = graph.add("PRelu", x, graph.small("prelu.slope", prelu.weight))
    x = graph.add("Gemm", x, graph.weight("head2.weight", last.weight), graph.small("head2.bias", last.bias), transB=1)
    graph.add("Sigmoid", x, name="score")
    return graph


def write_onnx(network: nn.Module, path: Path) -> None:
    network = copy.deepcopy(network).eval().to(memory_format=torch.contiguous_format)
    graph = metaiqa_graph(network)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "metaiqa",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 224, 224])],
            [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["N", 1])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="iqatrain",
    )
    helper.set_model_props(model, {"iqa.contract": CONTRACT})
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def load_averaged(checkpoint: Path, name: str = "metaiqa") -> nn.Module:
    """The averaged weights of a checkpoint, in the network called `name`."""
    network = networks.build(name)
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["averaged"])
    return network.eval()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--checkpoint", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    write_onnx(load_averaged(given.checkpoint), given.out)
    print(f"{given.out}: {given.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
