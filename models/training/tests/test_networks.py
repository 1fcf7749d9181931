# SPDX-License-Identifier: MPL-2.0
"""Shapes, wiring, and weights that are read from published files."""

import json
import tomllib

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from iqatrain import contracts, data, export, finetune, networks, text
from iqatrain import features as features_module
from iqatrain.networks import bpclip, mt_irn, pooled, resnet50
from iqatrain.networks.resnet18 import FoldedConv


def keras_arrays(random):
    """Arrays with the names and shapes of Keras' ResNet-50, tame enough for activations to stay finite."""
    arrays = {}

    def add(conv, norm, size, inputs, outputs):
        arrays[f"{conv}/kernel"] = random.normal(0, (size * size * inputs) ** -0.5, (size, size, inputs, outputs))
        arrays[f"{conv}/bias"] = random.normal(0, 0.1, outputs)
        for name, low, high in (
            ("gamma", 0.5, 1),
            ("beta", -0.1, 0.1),
            ("moving_mean", -0.1, 0.1),
            ("moving_variance", 0.5, 2),
        ):
            arrays[f"{norm}/{name}"] = random.uniform(low, high, outputs)

    add("conv1", "bn_conv1", 7, 3, 64)
    inputs = 64
    for number, (blocks, width) in enumerate(resnet50.STAGES, 2):
        for letter in "abcdef"[:blocks]:
            at = f"{number}{letter}_branch"
            add(f"res{at}2a", f"bn{at}2a", 1, inputs, width)
            add(f"res{at}2b", f"bn{at}2b", 3, width, width)
            add(f"res{at}2c", f"bn{at}2c", 1, width, 4 * width)
            if letter == "a":
                add(f"res{at}1", f"bn{at}1", 1, inputs, 4 * width)
            inputs = 4 * width
    return {name: value.astype(np.float32) for name, value in arrays.items()}


def keras_block(x, arrays, at, stride, project):
    """A bottleneck as Keras computes it: convolution with bias, then batch norm with epsilon 1e-3."""

    def conv_norm(x, part, stride=1, padding=0):
        kernel = torch.from_numpy(arrays[f"res{at}_branch{part}/kernel"]).permute(3, 2, 0, 1)
        x = F.conv2d(x, kernel, torch.from_numpy(arrays[f"res{at}_branch{part}/bias"]), stride, padding)
        mean, variance, gamma, beta = (
            torch.from_numpy(arrays[f"bn{at}_branch{part}/{name}"])
            for name in ("moving_mean", "moving_variance", "gamma", "beta")
        )
        return F.batch_norm(x, mean, variance, gamma, beta, eps=1e-3)

    y = F.relu(conv_norm(x, "2a", stride))
    y = conv_norm(F.relu(conv_norm(y, "2b", padding=1)), "2c")
    return F.relu(y + (conv_norm(x, "1", stride) if project else x))


@pytest.fixture(scope="module")
def arrays():
    return keras_arrays(np.random.default_rng(1))


@torch.no_grad()
def test_resnet50_takes_keras_weights_as_keras_means_them(arrays):
    network = resnet50.ResNet50().eval()
    network.load_keras(arrays)
    x = torch.rand(1, 3, 64, 64)
    levels = network(x)
    assert [tuple(one.shape[1:]) for one in levels] == [
        (c, 64 >> i, 64 >> i) for i, c in enumerate(resnet50.CHANNELS, 1)
    ]
    kernel = torch.from_numpy(arrays["conv1/kernel"]).permute(3, 2, 0, 1)
    bgr = (x * 255).flip(1) - torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)
    stem = F.conv2d(bgr, kernel, torch.from_numpy(arrays["conv1/bias"]), 2, 3)
    norm = [
        torch.from_numpy(arrays[f"bn_conv1/{name}"]) for name in ("moving_mean", "moving_variance", "gamma", "beta")
    ]
    torch.testing.assert_close(levels[0], F.relu(F.batch_norm(stem, *norm, eps=1e-3)), rtol=1e-3, atol=1e-3)
    # The original network: a stage's stride is in its first 1x1.
    second = keras_block(levels[1], arrays, "3a", 2, project=True)
    for letter in "bcd":
        second = keras_block(second, arrays, f"3{letter}", 1, project=False)
    torch.testing.assert_close(levels[2], second, rtol=1e-3, atol=1e-2)


def test_tfjs_shards_are_read_across_their_borders_and_checked(tmp_path):
    values = np.arange(10, dtype="<f4")
    (tmp_path / "a.bin").write_bytes(values.tobytes()[:18])
    (tmp_path / "b.bin").write_bytes(values.tobytes()[18:])
    weights = [{"name": "x", "shape": [2, 3], "dtype": "float32"}, {"name": "y", "shape": [4], "dtype": "float32"}]

    def write(listed):
        (tmp_path / "model.json").write_text(
            json.dumps({"weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": listed}]})
        )

    write(weights)
    found = resnet50.read_tfjs(tmp_path)
    assert found["x"].tolist() == [[0, 1, 2], [3, 4, 5]] and found["y"].tolist() == [6, 7, 8, 9]
    write(weights[:1])
    with pytest.raises(ValueError, match="40 bytes"):
        resnet50.read_tfjs(tmp_path)
    write([{"name": "x", "shape": [10], "dtype": "uint8"}])
    with pytest.raises(ValueError, match="uint8"):
        resnet50.read_tfjs(tmp_path)


@torch.no_grad()
def test_restoration_has_the_papers_channels():
    network = mt_irn.Restoration().eval()
    reference, ssim, features = network(torch.rand(2, 3, 64, 48))
    assert reference.shape == (2, 3, 64, 48) and ssim.shape == (2, 1, 64, 48)
    assert [tuple(one.shape[1:]) for one in features] == [(64, 16, 12), (128, 8, 6), (256, 4, 3)]
    network = export.folded(network)
    inputs = {name: getattr(network, name).in_channels for name in ("d1", "d2", "d3", "d4", "d5", "d6")}
    assert inputs == {"d1": 256, "d2": 256, "d3": 128, "d4": 64, "d5": 16, "d6": 16}  # Table 1


@torch.no_grad()
def test_skips_come_from_e5_e4_and_e3():
    network = mt_irn.Restoration().eval()
    torch.nn.init.normal_(network.d5.weight)  # at first it is zero, and the pseudo-reference the picture itself
    x = torch.rand(1, 3, 32, 32)
    before = network(x)
    for encoder, feature in (("e5", 0), ("e4", None), ("e3", None)):
        changed = mt_irn.Restoration().eval()
        changed.load_state_dict(network.state_dict())
        # What E3 to E5 give to the next encoder is cut, so only the skip can carry the change.
        handles = [getattr(changed, encoder).register_forward_hook(lambda m, i, o: o + 1)]
        following = {"e5": "e6", "e4": "e5", "e3": "e4"}[encoder]
        handles.append(getattr(changed, following).register_forward_pre_hook(lambda m, i: (i[0] - 1,)))
        after = changed(x)
        assert not torch.allclose(before[0], after[0]), encoder
        torch.testing.assert_close(before[2][2], after[2][2], rtol=1e-4, atol=1e-4)  # E6 saw nothing of it
        if feature is not None:
            assert not torch.allclose(before[2][feature], after[2][feature])
        for handle in handles:
            handle.remove()


@torch.no_grad()
def test_an_untrained_restoration_is_the_identity():
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(mt_irn.Restoration().eval()(x)[0], x)


@torch.no_grad()
def test_equation_2_as_printed_weighs_what_came_in():
    fusion = mt_irn.Fusion(4, 6, printed=True)
    restoration, content = torch.rand(2, 4, 8, 8), torch.rand(2, 6, 8, 8)
    parts = []
    for (convolved, attention), maps in ((fusion.restoration, restoration), (fusion.content, content)):
        inner = convolved(maps)
        both = torch.stack((inner.max(1).values, inner.mean(1)), 1)
        parts.append((maps * torch.sigmoid(attention.conv(both))).mean((2, 3)))
    gap = torch.cat(parts, 1)
    torch.testing.assert_close(fusion(restoration, content), gap * torch.sigmoid(fusion.channels(gap)))
    assert fusion.out == 10 and mt_irn.Fusion(4, 6).out == 6 * mt_irn.WIDTH


@torch.no_grad()
@pytest.mark.parametrize("parts", mt_irn.PARTS)
def test_the_parts_of_table_7(parts):
    network = networks.build("mt-irn", parts=parts).eval()
    found = network(torch.rand(2, 3, 64, 64))
    score = found if parts == "baseline" else found[0]
    assert score.shape == (2, 1) and ((score > 0) & (score < 1)).all()
    held = {name.split(".")[0] for name in network.state_dict()}
    more = {"restoration": ["restoration"], "difference": ["restoration", "difference"]}
    assert held == {
        "backbone",
        "head",
        *more.get(parts, [] if parts == "baseline" else [*more["difference"], "fusions"]),
    }
    with pytest.raises(ValueError, match="baseline, restoration, difference, whole, printed"):
        networks.build("mt-irn", parts="fusion")


@torch.no_grad()
def test_mt_irn_gives_a_score_and_a_map():
    score, ssim = networks.build("mt-irn").eval()(torch.rand(2, 3, 64, 64))
    assert score.shape == (2, 1) and ssim.shape == (2, 1, 64, 64)
    assert ((score > 0) & (score < 1)).all()


@torch.no_grad()
@pytest.mark.parametrize("name", ["bpclip-nr", "bpclip-fr"])
def test_bpclip_gives_a_score_and_six_attributes(name):
    network = networks.build(name, tokens=2).eval()
    x = [torch.rand(2, 3, 64, 64) for _ in range(1 + (name == "bpclip-fr"))]
    score, attributes = network(*x)
    assert score.shape == (2, 1) and attributes.shape == (2, 6)
    assert ((attributes > 0) & (attributes < 1)).all()


def test_bpclip_keeps_batch_norm_and_words_as_they_are():
    network = networks.build("bpclip-nr", tokens=2)
    learned = {name for name, p in network.named_parameters() if p.requires_grad}
    norms = {
        f"{name}.{part}"
        for name, m in network.named_modules()
        if isinstance(m, FoldedConv)
        for part in ("scale", "shift")
    }
    assert norms and not norms & learned
    assert not any("words" in name or "contrast" in name for name in learned | set(network.state_dict()))


def test_contrasts_weigh_praise_against_blame():
    matrix = bpclip.contrasts()
    assert matrix.shape == (40, 6)
    torch.testing.assert_close(matrix.sum(0), torch.zeros(6), atol=1e-6, rtol=0)
    words = [word for word, _, _ in text.adjectives()]
    assert matrix[words.index("sharp"), 0] > 0 > matrix[words.index("blurry"), 0]


def test_an_unknown_name_is_named():
    with pytest.raises(ValueError, match="'nima'"):
        networks.build("nima")


def test_tiles_cover_a_picture_of_any_shape_as_the_contract_says():
    for height, width, count in ((384, 384, 1), (384, 683, 2), (918, 384, 3), (700, 900, 6)):
        picture = np.arange(height * width, dtype=np.int64).reshape(height, width, 1)
        found = data.tiles(picture, 384, 320)
        assert found.shape == (count, 384, 384, 1) and len(np.unique(found)) == height * width
    found = tomllib.loads(contracts.contract(networks.build("bpclip-nr")))["geometry"]
    assert found["crops"] == "all" and found["stride"] == [networks.build("bpclip-nr").stride] * 2


def test_crops_lie_where_the_engine_takes_them():
    """The numbers of `src/preprocess/tests/crop_origins.rs`."""
    at = lambda count: [(x, y) for y, x in data.places(10, 21, count)]
    assert at(1) == [(10, 5)] and at(4) == [(0, 0), (21, 0), (0, 10), (21, 10)]
    assert at(7) == [(0, 0), (11, 0), (21, 0), (0, 5), (11, 5), (21, 5), (0, 10)]
    assert at(5) == [(10, 5), (0, 0), (21, 0), (0, 10), (21, 10)]


def test_a_shared_reference_is_as_good_as_a_copy_for_each_picture():
    torch.manual_seed(1)
    network = networks.build("bpclip-fr", tokens=3).eval()
    distorted, references = torch.rand(4, 3, 96, 96), torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        shared, copied = network(distorted, references), network(distorted, references[[0, 0, 1, 1]])
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(shared, copied, strict=True))


def test_pooled_begins_as_the_regression_on_its_frozen_features(tmp_path):
    torch.manual_seed(1)
    network = networks.build("pooled").eval()
    x, opinions = torch.rand(5, 3, 96, 64), np.linspace(0, 1, 5, dtype=np.float32)
    with torch.no_grad():
        features = pooled.pooled(network.backbone(x)[1:]).numpy()
        np.save(tmp_path / "features.npy", features)
        finetune.start_from_probe(network, tmp_path / "features.npy", np.arange(5), opinions)
        found = network(x)[:, 0].numpy()
        finetune.start_from_probe(network, tmp_path / "features.npy", np.arange(5), opinions, strength=0.3)
        weaker = network(x)[:, 0].numpy()
    assert found == pytest.approx(
        features_module.Ridge(features, opinions, finetune.PROBE_STRENGTH)(features), abs=1e-4
    )
    assert weaker == pytest.approx(features_module.Ridge(features, opinions, 0.3)(features), abs=1e-4)
    with pytest.raises(ValueError, match="--features"):
        finetune.start_from_probe(network, None, np.arange(5), opinions)


def test_a_tuned_backbone_goes_over_into_the_networks(tmp_path):
    torch.manual_seed(1)
    first = networks.build("pooled")
    torch.save({"ema": first.state_dict()}, tmp_path / "checkpoint.pt")
    for name in ("mt-irn", "bpclip-nr"):
        network = networks.build(name)
        finetune.load_backbone(network, tmp_path / "checkpoint.pt")
        assert torch.equal(network.backbone.stages[3][2].conv3.weight, first.backbone.stages[3][2].conv3.weight)
    frozen = features_module.Backbone("resnet50", tmp_path / "checkpoint.pt").network
    assert torch.equal(frozen.stem.weight, first.backbone.stem.weight)


def test_a_folded_restoration_gives_what_the_normed_one_gives():
    torch.manual_seed(1)
    network = networks.build("mt-irn")
    network.restoration.train()
    network.restoration(torch.rand(4, 3, 32, 32))  # statistics other than those it begins with
    network.train()
    assert not network.restoration.e1.norm.training  # in the whole they stand still
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        network.eval()
        normed, plain = network.restoration(x), export.folded(network).restoration(x)
    assert isinstance(export.folded(network).restoration.d1, torch.nn.ConvTranspose2d)
    assert torch.allclose(normed[0], plain[0], atol=1e-4) and torch.allclose(normed[1], plain[1], atol=1e-4)


def test_a_position_code_is_stretched_to_more_tokens(tmp_path):
    small, large = (networks.build("bpclip-fr", tokens=n) for n in (3, 6))
    small.position.data[:] = torch.arange(9.0)[None, :, None]
    torch.save({"ema": small.state_dict()}, tmp_path / "checkpoint.pt")
    finetune.load_start(large, tmp_path / "checkpoint.pt")
    found = large.position.reshape(6, 6, -1)[:, :, 0]
    assert found[0, 0] == 0 and found[5, 5] == 8 and (found.diff(dim=0) >= 0).all() and (found.diff(dim=1) >= 0).all()
    assert torch.equal(bpclip.positions(small.position, 9), small.position)
