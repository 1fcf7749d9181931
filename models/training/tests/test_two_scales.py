# SPDX-License-Identifier: MPL-2.0
"""`metaiqa` that sees two scales: wiring, what it learns from, and that it starts as the network that sees one."""

import json
import tomllib

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F

from iqatrain import contracts, data, export, finetune, networks, parity, quantize, runtime, two_scales
from iqatrain.networks.two_scales import FEATURES, TwoScales


@pytest.fixture(scope="module")
def one_scale(tmp_path_factory):
    """A network with weights drawn at random that sees one scale, and its files in float and in integers."""
    torch.manual_seed(6)
    folder, network = tmp_path_factory.mktemp("one"), networks.build("metaiqa").eval()
    export.write_onnx(network, folder / "float.onnx", "mixed")
    views = np.random.default_rng(1).integers(0, 256, (4, 224, 224, 3), np.uint8)
    onnx.save(quantize.quantized(onnx.load(folder / "float.onnx"), network, [views]), folder / "integers.onnx")
    return folder


@torch.no_grad()
def test_each_view_has_its_half_of_the_features():
    torch.manual_seed(2)
    network = TwoScales().eval()
    x = torch.randn(3, 3, 448, 448)
    found = network.features(x)
    assert found.shape == (3, 2 * FEATURES) and network(x).shape == (3, 1)
    alone = torch.cat([network.features(one) for one in x.split(1)])
    torch.testing.assert_close(found, alone, rtol=1e-3, atol=1e-4)
    last = network.backbone(F.avg_pool2d(x, 2))[-1].mean((2, 3))
    torch.testing.assert_close(found[:, FEATURES - 1024 : FEATURES - 512], last, rtol=1e-3, atol=1e-4)
    edges = x.clone()
    edges[:, :, :100] = 0
    assert torch.equal(network.features(edges)[:, FEATURES:], found[:, FEATURES:])


@torch.no_grad()
def test_what_is_kept_of_a_crop_is_what_the_network_makes_of_it(one_scale):
    network = two_scales.start(one_scale / "float.onnx", two_scales.Recipe())
    crop = np.random.default_rng(3).integers(0, 256, (448, 448, 3), np.uint8)
    kept = two_scales.seen(two_scales.Stages(one_scale / "float.onnx"), [crop], [[two_scales.MIDDLE]]).reshape(1, -1)
    x = finetune.inputs(network, torch.from_numpy(crop[None]).permute(0, 3, 1, 2))
    np.testing.assert_allclose(kept, network.features(x).numpy(), rtol=1e-3, atol=1e-3)
    integers = two_scales.Stages(one_scale / "integers.onnx")
    rounded = two_scales.seen(integers, [crop], [[two_scales.MIDDLE]]).reshape(1, -1)
    assert 0 < np.abs(rounded - kept).mean() < 0.05 * np.abs(kept).mean()


@pytest.mark.slow
def test_the_exported_graph_says_how_it_looks_and_runs_in_integers(tmp_path):
    torch.manual_seed(4)
    network, path = TwoScales().eval(), tmp_path / "two.float.onnx"
    export.write_onnx(network, path, "mixed")
    geometry = tomllib.loads(contracts.contract(network))["geometry"]
    assert (geometry["short-side"], geometry["crop"], geometry["crops"]) == (768, [448, 448], 5)
    graph = runtime.Exported(path, "metaiqa")
    picture = np.random.default_rng(5).integers(0, 256, (512, 512, 3), np.uint8)
    assert data.views(picture, graph).shape == (5, 448, 448, 3)
    assert finetune.score(graph, picture) == pytest.approx(finetune.score(network, picture), abs=2e-3)
    found = parity.vectors(graph, "")
    assert (found["width"], found["height"]) == (1024, 768)
    views = data.views(picture, graph)
    onnx.save(quantize.quantized(onnx.load(path), graph, [views]), tmp_path / "two.onnx")
    runs = quantize.kernels(tmp_path / "two.onnx")
    assert (runs["QLinearConv"], runs["Conv"] + runs["FusedConv"]) == (19, 1)


def write_features(folder, random, write_ladder):
    """Opinions and labels that some features of the middle view say."""
    folder.mkdir()
    for name, count, places in (("learned", 300, 1), ("held-out", 60, 5)):
        mos = random.random(count).astype(np.float32)
        features = random.normal(size=(count, places, 2, FEATURES)).astype(np.float16)
        features[..., 1, :400] += 6 * mos[:, None, None]
        names = [f"ss0{1 + i % 3}-{i}" for i in range(count)]
        np.savez(folder / f"opinions-{name}-00000.npz", mos=mos, names=names, features=features)
    made = folder.parent / "ladders"
    made.mkdir()
    for i in range(24):
        name = write_ladder(made, i)
        features = random.normal(size=(7, 2, 3, FEATURES)).astype(np.float16)
        features[..., 1:, 400:800] += np.linspace(6, 0, 7)[:, None, None, None]
        np.save(folder / f"ladder-{name}.npy", features)
    return made


def test_it_learns_of_both_and_starts_as_it_was(one_scale, tmp_path, monkeypatch, capsys, write_ladder):
    made = write_features(tmp_path / "features", np.random.default_rng(7), write_ladder)
    recipe = ["--steps", "120", "--hidden", "16", "--references", "6", "--opinions", "64", "--alignment", "0"]
    folders = {"ladders": made, "features": made.parent / "features", "start": one_scale / "float.onnx"}
    folders["out"] = tmp_path / "run"
    given = [word for name, path in folders.items() for word in (f"--{name}", str(path))]
    monkeypatch.setattr("sys.argv", ["two_scales", "train", *given, *recipe])
    two_scales.main()
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    before, after = said[1]["one scale"], said[2]["two scales"]
    assert after["opinions"]["all"] > 0.6 > before["opinions"]["all"]
    assert after["ladders"]["srocc"] > 0.9 and after["ladders"]["in order"] > 0.85
    network = export.load_ema(tmp_path / "run" / "checkpoint.pt", "two-scales", hidden=16)
    start = two_scales.start(one_scale / "float.onnx", two_scales.Recipe())
    assert torch.equal(network.backbone.stem.weight, start.backbone.stem.weight)
    assert torch.equal(network.head[0].weight, start.head[0].weight)
