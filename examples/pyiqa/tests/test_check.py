# SPDX-License-Identifier: MPL-2.0
"""What the check lets pass, and what the contracts say."""

import json
import tomllib

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from iqa_export import check, metrics, pictures, write
from iqa_export.__main__ import arguments


def result(plugin, pyiqa=(0.2, 0.4, 0.9), scale=1.0):
    return check.Result(["a", "b", "c"], list(pyiqa), list(plugin), scale)


def test_agreement_within_a_thousandth_of_the_range():
    assert result([0.2, 0.4009, 0.9]).good
    assert not result([0.2, 0.4011, 0.9]).good
    assert result([0.205, 0.4, 0.9], scale=10).good  # a hundredth of the spread is 0.007
    assert not result([0.2, float("nan"), 0.9]).good


def test_scores_that_hardly_differ_show_nothing():
    assert not result([0.5, 0.5, 0.5], pyiqa=(0.5, 0.5, 0.5001)).good
    assert not result([0.5, 0.5, 0.5], pyiqa=(0.5, 0.5, 0.5)).good


@pytest.mark.parametrize("name", metrics.METRICS)
def test_contracts_are_toml_of_the_first_version(name):
    said = tomllib.loads(metrics.contract(name, "none"))
    assert said["contract"] == 1 and said["name"] == f"pyiqa-{name}"
    roles = [one["role"] for one in said["input"]]
    assert roles == (["distorted"] if said["kind"] == "no-reference" else ["distorted", "reference"])
    assert said["output"]["worst"] != said["output"]["best"]


@pytest.mark.parametrize("name", metrics.METRICS)
def test_contracts_name_what_is_compared(name):
    """Tables of attributes in their order, then the spread; each table is one of the graph's outputs."""
    output = tomllib.loads(metrics.contract(name, "none"))["output"]
    tables = output.get("attributes", [])
    tables = tables if isinstance(tables, list) else [tables]
    ends = [(one, table["worst"], table["best"]) for table in tables for one in table["names"]]
    if "spread" in output:
        values = output["distribution"]
        ends.append((output["spread"], 0, (values[-1] - values[0]) / 2))
    known = metrics.METRICS[name]
    assert ends == known.shown and bool(ends) == (known.seen is not None)
    assert [output["tensor"], *(table["tensor"] for table in tables)] == known.outputs


def test_a_licence_with_quotes():
    assert tomllib.loads(metrics.contract("nima", 'of "AVA"\n©'))["licence"] == 'of "AVA"\n©'


def test_the_contract_is_in_the_file_once(tmp_path):
    file = tmp_path / "model.onnx"
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), file)
    for text in ("first", "second"):
        write.add_contract(file, text)
    assert [(one.key, one.value) for one in onnx.load(file).metadata_props] == [("iqa.contract", "second")]


def test_pictures(tmp_path):
    pairs = pictures.make(tmp_path, whole=False)
    sizes = [Image.open(one).size for one, _ in pairs]
    assert len(pairs) == 10 and len(set(sizes)) >= 5
    assert {width > height for width, height in sizes} == {True, False}
    assert any(width % 2 and height % 2 for width, height in sizes)
    assert any(min(size) < 224 for size in sizes) and any(height == 2160 for _, height in sizes)
    for distorted, reference in pairs:
        a, b = (np.asarray(Image.open(one)).astype(int) for one in (distorted, reference))
        assert a.shape == b.shape and (a != b).any()
    assert min(min(Image.open(one).size) for one, _ in pictures.make(tmp_path, True, 224)) == 224


def test_references_of_their_own_size(tmp_path):
    for number, pair in enumerate(pictures.make(tmp_path, whole=True, smaller=True)):
        distorted, reference = (Image.open(one).size for one in pair)
        assert reference == tuple(side // (1 + number % 3) for side in distorted)


def test_a_log_without_a_score(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps({"pts": 0, "scores": {"iqascore0": {"state": "failed"}}}) + "\n")
    with pytest.raises(check.Failed, match="a.png"):
        check.logged(log, tmp_path / "a.png")
    lines = [{"pts": 0, "scores": {"iqascore0": {"raw": 0.25, "attributes": {"b": 2.0, "a": 1.0}}}}, {"pool": {}}]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert check.logged(log, tmp_path / "a.png", ("a", "b")) == check.Scored(0.25, [1.0, 2.0])
    with pytest.raises(check.Failed, match="the attributes b, a"):
        check.logged(log, tmp_path / "a.png")


def test_crops_of_a_metric_without_crops(capsys):
    with pytest.raises(SystemExit):
        arguments(["lpips", "--crops", "3"])
    assert "takes no crops" in capsys.readouterr().err
    assert arguments(["tres", "--crops", "3"]).crops == 3


def test_tracing_leaves_the_network_as_it_was(tmp_path):
    """Dropout that comes back on would make pyiqa's own scores random."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 1), torch.nn.Dropout(0.5))
    write.trace(network, [torch.rand(1, 3, 8, 9)], ["x"], ["y"], str(tmp_path / "m.onnx"))
    assert not network[1].training


def test_only_a_reference_of_its_own_size_can_stand_for_all_frames():
    assert arguments(["ckdn", "--reduced-reference"]).reduced_reference
    for name in ("lpips", "nima"):
        with pytest.raises(SystemExit):
            arguments([name, "--reduced-reference"])
