# SPDX-License-Identifier: MPL-2.0
"""`coding`: what it learns of ladders, and the graph that comes of it."""

import json
import tomllib

import numpy as np
import onnx
import pytest
import torch

from iqatrain import coding, contracts, data, export, finetune, networks, quantize, runtime
from iqatrain.networks.two_scales import FEATURES


def write_ladders(folder, write_ladder):
    """24 references of which some features of the finer views say what is left, and the shrunk views nothing."""
    (folder / "ladders").mkdir()
    (folder / "features").mkdir()
    random = np.random.default_rng(7)
    for i in range(24):
        name = write_ladder(folder / "ladders", i)
        features = random.normal(size=(7, 2, 3, FEATURES)).astype(np.float16)
        features[:, :, 1:, 400:800] += np.linspace(6, 0, 7)[:, None, None, None]
        np.save(folder / "features" / f"ladder-{name}.npy", features)


def test_it_learns_what_is_left_and_keeps_the_backbone(tmp_path, capsys, write_ladder):
    write_ladders(tmp_path, write_ladder)
    torch.manual_seed(3)
    start = networks.build("metaiqa").eval()
    export.write_onnx(start, tmp_path / "one.onnx", "half")
    given = [word for name in ("ladders", "features", "out") for word in (f"--{name}", str(tmp_path / name))]
    coding.main([*given, "--start", str(tmp_path / "one.onnx"), "--steps", "100", "--references", "6"])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["srocc"] > 0.9 and found["in order"] > 0.9
    trained = export.load_ema(tmp_path / "out" / "checkpoint.pt", "coding")
    # From here its layers take features as the backbone gives them.
    features = torch.from_numpy(coding.views(tmp_path / "features" / "ladder-r0-1080.npy")[:, 0])
    with torch.no_grad():
        scores = trained.head(features)[:, 0].numpy()
    assert scores[0] > scores[-1] + 0.3
    weight = start.backbone.blocks[0].conv1.folded()[0].half().float()
    torch.testing.assert_close(trained.backbone.blocks[0].conv1.folded()[0], weight, atol=1e-4, rtol=1e-3)


@pytest.mark.slow
@torch.no_grad()
def test_the_exported_graph_says_how_it_looks_and_runs_in_integers(tmp_path):
    torch.manual_seed(4)
    network, path = networks.build("coding").eval(), tmp_path / "coding.float.onnx"
    export.write_onnx(network, path, "mixed")
    said = tomllib.loads(contracts.contract(network))
    geometry = said["geometry"]
    assert (said["name"], said["kind"]) == ("coding", "no-reference")
    assert (geometry["short-side"], geometry["crop"], geometry["crops"]) == (768, [224, 224], 5)
    graph = runtime.Exported(path, "coding")
    picture = np.random.default_rng(5).integers(0, 256, (512, 512, 3), np.uint8)
    assert finetune.score(graph, picture) == pytest.approx(finetune.score(network, picture), abs=2e-3)
    onnx.save(quantize.quantized(onnx.load(path), graph, [data.views(picture, graph)]), tmp_path / "coding.onnx")
    runs = quantize.kernels(tmp_path / "coding.onnx")
    assert (runs["QLinearConv"], runs["Conv"] + runs["FusedConv"]) == (19, 1)
