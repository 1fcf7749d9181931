# SPDX-License-Identifier: MPL-2.0
"""Networks in integer arithmetic."""

import numpy as np
import onnx
import pytest
import torch

from iqatrain import data, export, finetune, networks, quantize, runtime


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A network with weights drawn at random, and its file in float."""
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("float") / "model.float.onnx"
    network = networks.build("metaiqa").eval()
    export.write_onnx(network, path, "mixed")
    return network, path


@pytest.fixture(scope="module")
def pictures():
    return data.noise_pictures(4, 256, seed=2)


def scores(path, network, pictures):
    return finetune.predictions(runtime.Exported(path, network.name), pictures.take(range(len(pictures))), True, False)


def test_weights_are_widened_and_the_pooling_moved_without_a_change(exported, pictures, tmp_path):
    network, path = exported
    model = quantize.widened(onnx.load(path))
    assert not {"Cast", "Mul"} & {node.op_type for node in model.graph.node}
    assert [name.rsplit("/")[-1] for name in quantize.pooled_first(model)] == ["Conv", "MaxPool", "Relu"]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, tmp_path / "model.onnx")
    assert scores(tmp_path / "model.onnx", network, pictures) == pytest.approx(
        scores(path, network, pictures), abs=1e-6
    )


def test_all_convolutions_but_the_first_run_in_integers(exported, pictures, tmp_path):
    network, path = exported
    views = np.stack([data.views(pictures.pixels[i], network)[0] for i in range(4)])
    model = quantize.quantized(onnx.load(path), network, [views])
    said, before = ({one.key: one.value for one in each.metadata_props} for each in (model, onnx.load(path)))
    assert said["iqa.contract"] == before["iqa.contract"]
    out = tmp_path / "model.onnx"
    onnx.save(model, out)
    runs = quantize.kernels(out)
    assert (runs["QLinearConv"], runs["Conv"]) == (19, 1) and quantize.kernels(path)["QLinearConv"] == 0
    stored = {one.name: one for one in model.graph.initializer}
    kinds = {
        stored[node.input[1]].data_type
        for node in model.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] in stored
    }
    assert kinds <= {onnx.TensorProto.FLOAT} and onnx.TensorProto.INT8 in {one.data_type for one in stored.values()}
    apart = np.abs(scores(out, network, pictures) - scores(path, network, pictures))
    assert 0 < apart.max() < 0.02


def test_what_the_first_block_works_on_spans_half_of_its_range(exported, pictures, monkeypatch):
    network, path = exported
    model = quantize.widened(onnx.load(path))
    quantize.pooled_first(model)
    views = np.stack([data.views(pixels, network)[0] for pixels in pictures.pixels])
    narrow = quantize.ranges(model, network, [views])
    monkeypatch.setattr(quantize, "NARROW", 1.0)
    whole = quantize.ranges(model, network, [views])
    for name in ("/backbone/MaxPool_output_0", "/backbone/blocks.0/Relu_1_output_0"):
        assert narrow[name].range_value[1] == pytest.approx(whole[name].range_value[1] / 2)
    name = "/backbone/blocks.1/Relu_1_output_0"
    assert narrow[name].range_value[1] == whole[name].range_value[1] > 0
