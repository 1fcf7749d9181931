# SPDX-License-Identifier: MPL-2.0
"""`resnet18-fr`: what it compares, that equal pictures stay equal, and that its reference can be looked at once."""

import json
import tomllib

import numpy as np
import onnx
import pytest
import torch

from iqatrain import contracts, data, export, finetune, kadid, networks, quantize, runtime, similarity
from iqatrain.networks.resnet18_fr import FIXED, Fixed, of_stage


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    return networks.build("resnet18-fr").eval()


@pytest.fixture(scope="module")
def picture():
    return kadid.distort(data.noise_pictures(1, 320, seed=3).pixels[0], 1, 3, np.random.default_rng(0))


@torch.no_grad()
def test_a_picture_beside_itself_scores_one(network):
    x = torch.randn(2, 3, 256, 256)
    assert network(x, x) == pytest.approx(np.ones((2, 1)), abs=1e-6)
    assert network.beside(network.look(x), network.look(x)).abs().max() < 1e-6
    assert not torch.allclose(network(x, x.flip(3)), torch.ones(2, 1), atol=1e-4)


@torch.no_grad()
def test_structure_is_that_of_ssim_over_the_whole_map():
    x, y = torch.rand(1, 2, 8, 9), torch.rand(1, 2, 8, 9)
    found = np.mean([of_stage(x[:, n : n + 1], y[:, n : n + 1])[0].numpy() for n in range(2)], 0)
    np.testing.assert_allclose(of_stage(x, y)[0].numpy(), found, atol=1e-6)
    for channel in range(2):
        found = of_stage(x[:, channel : channel + 1], y[:, channel : channel + 1])[0].numpy()
        a, b = x[0, channel].numpy().ravel(), y[0, channel].numpy().ravel()
        covariance = np.cov(a, b, bias=True)
        expected = 1 - (2 * covariance[0, 1] + 0.01) / (covariance[0, 0] + covariance[1, 1] + 0.01)
        assert found[1] == pytest.approx(expected, abs=1e-5)
        assert found[2] == pytest.approx(((a - b) ** 2).mean() / ((a**2 + b**2).mean() + 0.01), abs=1e-5)


@torch.no_grad()
def test_fixed_comparisons_grow_with_what_they_look_for(picture):
    fixed = Fixed()
    tensor = lambda one: torch.from_numpy(np.ascontiguousarray(one)).permute(2, 0, 1)[None].float() / 255
    blurred = [fixed(tensor(kadid.distort(picture, 1, n, None)), tensor(picture))[0] for n in (1, 3, 5)]
    noisy = fixed(tensor(kadid.distort(picture, 11, 5, np.random.default_rng(1))), tensor(picture))[0]
    assert len(noisy) == FIXED
    for first, second in zip(blurred, blurred[1:]):
        assert second[0] > first[0] and second[5] > first[5] and second[3] > first[3]  # and gradients are lost
    assert noisy[2] > 0 and noisy[3] == 0 and blurred[0][2] == 0
    brighter = fixed(tensor(picture // 2 + 120), tensor(picture // 2))[0]
    assert brighter[14] == pytest.approx(120 / 255, abs=0.01) and brighter[0] < 0.05


@pytest.mark.slow
def test_the_exported_reference_branch_can_be_computed_once(network, picture, tmp_path):
    path = tmp_path / "model.onnx"
    export.write_onnx(network, path, "half")
    graph = runtime.Exported(path, "resnet18-fr")
    said = tomllib.loads(contracts.contract(network))
    assert (said["kind"], said["geometry"]["crop"], said["geometry"]["crops"]) == ("full-reference", [256, 256], 5)
    worse = kadid.distort(picture, 10, 4, np.random.default_rng(0))
    alone = finetune.score(graph, worse, picture)
    assert alone == pytest.approx(finetune.score(network, worse, picture), abs=3e-3)
    assert finetune.score(graph, picture, picture) == pytest.approx(1, abs=1e-5)
    # What depends on the reference alone, cut out of the graph, and the rest.
    model = onnx.load(path)
    constant = {one.name for one in model.graph.initializer}
    depends = {"distorted": {"distorted"}, "reference": {"reference"}}
    for node in model.graph.node:
        of = set().union(*(depends.get(name, set()) for name in node.input))
        depends |= {name: of for name in node.output}
    crossed = sorted(
        {
            name
            for node in model.graph.node
            if depends[node.output[0]] == {"distorted", "reference"}
            for name in node.input
            if depends.get(name) == {"reference"} and name not in constant
        }
    )
    cut = onnx.utils.Extractor(onnx.shape_inference.infer_shapes(model))
    of_reference = runtime.open_session(cut.extract_model(["reference"], crossed).SerializeToString())
    rest = runtime.open_session(cut.extract_model(["distorted", *crossed], ["score"]).SerializeToString())
    feed = quantize.feed_of(graph, [data.views(one, graph) for one in (worse, picture)])
    known = dict(zip(crossed, of_reference.run(None, {"reference": feed["reference"]})))
    found = rest.run(None, {"distorted": feed["distorted"], **known})[0]
    assert float(found.mean()) == pytest.approx(alone, abs=1e-5)


def test_what_is_kept_is_what_the_network_makes_of_a_pair(network, picture):
    worse = kadid.distort(picture, 10, 4, np.random.default_rng(0))
    kept = similarity.compared(network, picture, [picture, worse], [(0, 0), (40, 60)])
    assert kept.shape == (2, 2, network.inputs) and np.abs(kept[0]).max() < 1e-5
    crop = [one[40:296, 60:316] for one in (worse, picture)]
    expected = finetune.score(network, *crop)
    assert similarity.scored(network, kept[1:, 1:])[0] == pytest.approx(expected, abs=1e-5)


def write_features(folder, inputs, write_ladder):
    """Cells and ladders whose labels some comparisons say."""
    random = np.random.default_rng(7)
    for name in ("compared", "ladders"):
        (folder / name).mkdir()
    mean = np.linspace(0.9, 0.1, kadid.LEVELS) * np.linspace(0.6, 1, kadid.TYPES)[:, None]
    np.savez(folder / "tables.npz", mean=mean, spread=np.full_like(mean, 0.05))
    wrong = 1 - np.r_[1, mean.ravel()]
    for n in range(10):
        features = np.abs(random.normal(0, 0.05, (126, 2, inputs)))
        features[..., 5:15] += wrong[:, None, None]
        np.save(folder / "compared" / f"cells-{n:03}.npy", features.astype(np.float16))
    for i in range(20):
        name = write_ladder(folder / "ladders", i)
        features = np.abs(random.normal(0, 0.05, (7, 2, inputs)))
        features[..., 20:30] += np.linspace(0, 1, 7)[:, None, None]
        np.save(folder / "compared" / f"ladder-{name}.npy", features.astype(np.float16))


def test_it_learns_of_cells_and_of_ladders(network, tmp_path, capsys, write_ladder):
    write_features(tmp_path, network.inputs, write_ladder)
    export.write_onnx(networks.build("metaiqa").eval(), tmp_path / "metaiqa.onnx", "half")
    folders = {"tables": "tables.npz", "ladders": "ladders", "compared": "compared", "backbone": "metaiqa.onnx"}
    given = [word for name, path in {**folders, "out": "run"}.items() for word in (f"--{name}", str(tmp_path / path))]
    similarity.main(["train", *given, "--steps", "150", "--batch", "128"])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["cells"]["srocc"] > 0.95 and found["steps"]["srocc"] > 0.95
    assert found["cells"]["in order"] > 0.95 and found["steps"]["in order"] > 0.95
    trained = export.load_ema(tmp_path / "run" / "checkpoint.pt", "resnet18-fr")
    x = torch.rand(1, 3, 256, 256)
    assert float(trained(x, x).detach()) == pytest.approx(1, abs=1e-5)
