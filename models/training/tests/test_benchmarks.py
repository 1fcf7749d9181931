# SPDX-License-Identifier: MPL-2.0
"""Look-alikes, the card, and what the commands that measure print."""

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from iqatrain import (
    bundled,
    card,
    contracts,
    data,
    evaluate,
    export,
    finetune,
    jpeg,
    kadid,
    networks,
    parity,
    smoke,
    text,
)
from iqatrain.benchmarks import lookalikes, pairs
from iqatrain.vmaf import vmaf


def test_look_alikes_meet_the_ladder():
    noise = data.noise_pictures(1, 96, seed=1).pixels[0]
    picture = kadid.distort(noise, 1, 4, np.random.default_rng(0))  # with detail that a blur or a coder can remove
    for kind in (1, 8, 10, 23):
        for target in (30.0, 24.0):
            strength = lookalikes.strength_at({1: picture}, kind, target)
            assert lookalikes.psnr(picture, lookalikes.degraded(picture, kind, strength, 1)) == pytest.approx(
                target, abs=1.0
            )


def test_one_strength_for_all_meets_the_ladder_on_average(monkeypatch):
    noise = data.noise_pictures(1, 96, seed=1).pixels[0]
    pictures = {1: noise, 3: kadid.distort(noise, 1, 4, np.random.default_rng(0))}
    monkeypatch.setattr(lookalikes, "reference", lambda kodak, number: pictures[number])

    def reached(kind):
        found = [lookalikes.psnr(a, b) for _, _, level, a, b in lookalikes.pairs(None, (1, 3), (kind,)) if level == 4]
        return found, np.mean(found)

    common, mean = reached(8)
    assert mean == pytest.approx(24, abs=1) and common[1] - common[0] > 4
    own, _ = reached(1)
    assert own == pytest.approx([24, 24], abs=0.3)


def test_references_are_cropped_where_tid2013_crops_them(tmp_path):
    random = np.random.default_rng(0)
    wide = random.integers(0, 256, (512, 768, 3), np.uint8)
    for name in ("kodim01.png", "kodim05.png"):
        Image.fromarray(wide).save(tmp_path / name)
    assert (lookalikes.reference(tmp_path, 1) == wide[126:510, 104:616]).all()
    assert (lookalikes.reference(tmp_path, 5) == wide[64:448, 128:640]).all()
    with pytest.raises(ValueError, match="number 2"):
        lookalikes.reference(tmp_path, 2)


def test_the_fit_finds_how_far_a_measure_follows_people():
    random = np.random.default_rng(0)
    kind, level = np.repeat([1, 2], 500), np.tile(np.repeat([1, 2], 250), 2)
    human = random.normal(size=1000) + 5 - level
    table = {"type": kind, "level": level, "score": human}
    for measure in lookalikes.fidelity.MEASURES:
        table[measure] = random.normal(size=1000)
    table["mdsi"] = 0.6 * human + 0.8 * random.normal(size=1000) - level
    weights = {row["measure"]: row["weight"] for row in lookalikes.fit(table)}
    assert weights["mdsi"] == pytest.approx(0.6, abs=0.06) and abs(weights["vsi"]) < 0.1


def test_scores_are_read_by_reference_type_and_level(tmp_path):
    with open(tmp_path / "t.txt", "w", newline="") as file:
        csv.writer(file).writerows(
            [("dis_img_path", "dis_type", "ref_img_path", "score"), ("T/I03_10_2.bmp", "JPEG", "r", 4.5)]
        )
    assert lookalikes.human_scores(tmp_path / "t.txt") == {(3, 10, 2): 4.5}


@pytest.mark.parametrize(
    ("name", "rounding"),
    [
        ("metaiqa", "half"),
        pytest.param("mt-irn", "mixed", marks=pytest.mark.slow),
        pytest.param("bpclip-nr", "int8", marks=pytest.mark.slow),
    ],
)
def test_an_exported_network_is_read_back_as_it_was_rounded(name, rounding, tmp_path, monkeypatch):
    torch.manual_seed(3)
    network = networks.build(name)
    if name == "bpclip-nr":
        network.attribute_scale.data += torch.arange(6)
        network.keep_attributes(["cleanness", "sharpness"])
    if name == "mt-irn":
        network.restoration.train()
        network.restoration(torch.rand(4, 3, 32, 32))  # statistics other than those it begins with
    path = tmp_path / "model.onnx"
    written = export.write_onnx(network.eval(), path, rounding)
    x = torch.rand(1, 3, network.crop, network.crop)
    with torch.no_grad():
        wanted, found = written(x), bundled.read(path, name)(x)
    if name == "bpclip-nr":
        chosen = [tuple(text.DIMENSIONS).index(one) for one in ("cleanness", "sharpness")]
        found = found[0], found[1][:, chosen]
    for one, other in zip(wanted, found):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="not an export of pooled"):
        bundled.read(path, "pooled")
    command = f"bundled --network {name} --model {path} --out {tmp_path}/a.pt --without"
    monkeypatch.setattr("sys.argv", [*command.split(), "backbone"])
    bundled.main()
    assert not any(key.startswith("backbone.") for key in torch.load(tmp_path / "a.pt", weights_only=True)["ema"])
    monkeypatch.setattr("sys.argv", [*command.split(), "nonsense"])
    with pytest.raises(ValueError, match="no part called nonsense"):
        bundled.main()


def test_parity_vectors_are_the_rounded_networks_scores():
    network, _ = export.rounded(networks.build("metaiqa"), "int8")
    found = parity.vectors(network, "PyTorch")
    first = found["pictures"][0]
    centre = parity.picture(tuple(first["formula"].values()))[80:304, 144:368]
    mean, std = np.float32(network.mean), np.float32(network.std)
    x = torch.from_numpy((centre / np.float32(255) - mean) / std).permute(2, 0, 1)[None]
    with torch.no_grad():
        assert float(network(x)) == pytest.approx(first["crops"][0], abs=2e-6)
    assert first["raw"] == pytest.approx(np.mean(first["crops"]), abs=2e-6)


def test_formulas_stay_within_eight_bits():
    for width, height in ((parity.WIDTH, parity.HEIGHT), (512, 512)):
        for formula in parity.formulas(width, height).values():
            assert parity.picture(formula, width, height).shape == (height, width, 3)
            parity.picture([parity.COARSER.format(one) for one in formula], width, height)


def test_eight_bits_are_off_by_half_a_step_at_most():
    network = networks.build("metaiqa")
    exact = export.folded(network)
    rough, stored = export.rounded(network, "int8")
    for name, (values, scale) in stored.items():
        weights = exact.state_dict()[name]
        assert values.dtype == np.int8
        assert ((rough.state_dict()[name] - weights).abs() <= torch.from_numpy(scale) * 0.5001).all(), name


def test_mixed_rounding_has_eight_bits_in_the_large_layers_only():
    exact = export.folded(networks.build("metaiqa"))
    rough, stored = export.rounded(exact, "mixed")
    kinds = {len(parts) for parts in stored.values()}
    assert kinds == {1, 2}
    for name, parts in stored.items():
        weight = exact.state_dict()[name]
        assert (len(parts) == 2) == (weight.numel() >= export.LARGE), name
        assert parts[0].dtype == (np.int8 if len(parts) == 2 else np.float16)
        step = torch.from_numpy(parts[1]) if len(parts) == 2 else weight.abs() * 2**-10 + 2**-23
        assert ((rough.state_dict()[name] - weight).abs() <= step * 0.5001).all(), name


def test_weights_that_are_named_stay_in_half_precision():
    network = networks.build("metaiqa")
    _, stored = export.rounded(network, "mixed", 1024, r"blocks\.[0-5]\.|stem")
    assert stored
    for name, parts in stored.items():
        named = "stem" in name or int(name.split(".")[2]) < 6 if name.startswith("backbone") else False
        assert parts[0].dtype == (np.float16 if named else np.int8), name


@pytest.mark.parametrize("unseen", [False, True])
def test_attributes_are_counted_by_dimension(folder, tmp_path, unseen):
    network = smoke.small("bpclip-nr").eval()
    for name, picture in zip("abc", data.noise_pictures(3, 128, seed=3).pixels):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")

    class Given:
        synthetic, count, pristine, side = folder / "synthetic", 1, tmp_path if unseen else None, 96

    lines = list(evaluate.attributes(network, Given))
    assert [line["dimension"] for line in lines] == list(text.DIMENSIONS)
    assert sum(line["pictures"] for line in lines) == 25 and all(0 <= line["own moves most"] <= 1 for line in lines)


def test_the_map_is_measured_on_held_out_references(folder):
    class Given:
        synthetic, count = folder / "synthetic", 2

    network = smoke.small("mt-irn").eval()
    (line,) = evaluate.quality_map(network, Given)
    assert line["pictures"] == 32 and -1 <= line["map, PLCC"] <= 1
    # What the map is measured against is at most 1, so a map of 3 is off by at least 2.
    with torch.no_grad():
        network.restoration.d6.weight.zero_()
        network.restoration.d6.bias.fill_(3.0)
    (line,) = evaluate.quality_map(network, Given)
    assert 2 <= line["map, L1"] <= 4


@pytest.mark.parametrize("kept", [("integrity", "sharpness"), ()])
def test_only_attributes_that_ship_leave_the_exported_network(kept, tmp_path):
    import onnxruntime

    network = smoke.small("bpclip-nr").eval()
    crops = torch.rand(2, 3, network.crop, network.crop)
    with torch.no_grad():
        score, attributes = network(crops)
    network.keep_attributes(kept)
    export.write_onnx(network, tmp_path / "model.onnx", "half")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    found = dict(zip((one.name for one in session.get_outputs()), session.run(None, {"input": crops.numpy()})))
    output = tomllib.loads(session.get_modelmeta().custom_metadata_map["iqa.contract"])["output"]
    assert output.get("attributes", {}).get("names", []) == list(kept)
    assert set(found) == ({"score", "attributes"} if kept else {"score"})
    assert found["score"] == pytest.approx(score.numpy(), abs=0.01)
    if kept:
        columns = [list(text.DIMENSIONS).index(name) for name in kept]
        assert found["attributes"] == pytest.approx(attributes.numpy()[:, columns], abs=0.01)


SECTIONS = ["Intended use", "Limits", "Licence", "Numbers", "Data and method", "History"]


@pytest.mark.parametrize("name", networks.NAMES)
def test_a_shipped_card_begins_with_its_use_and_ends_with_history(name):
    text = (Path(__file__).parents[2] / name / "card.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    for line in [*card.bullets(card.USE[name]), card.COMMANDS]:
        assert line in text


@pytest.mark.parametrize("name", networks.NAMES)
def test_a_card_has_every_section_and_only_what_was_measured(name):
    measured = [
        {"what": "Rounding", "command": "python -m iqatrain.evaluate rounding", "largest": 0.08, "pictures": 200}
    ]
    goal = card.goals_section(["Rounding: reached."])
    text = card.card(name, {"lr": 1e-4}, ["Trained on paper."], measured, [], goal)
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    assert "| 0.08 | 200 |" in text and "Not validated on video" in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120


def test_contracts_name_what_the_graph_has():
    for name in networks.NAMES:
        network = networks.build(name)
        found = tomllib.loads(contracts.contract(network))
        assert found["geometry"]["crop"] == [network.crop] * 2
        assert [one["tensor"] for one in found["input"]] == list(contracts.roles(name))
        assert found["name"] == name and json.dumps(found)


def test_choices_are_read_as_elo_reads_them(tmp_path):
    """Whichever way the answers are written, a measure that follows quality reproduces the choices that do."""
    Image.fromarray(data.noise_pictures(1, 96, seed=1).pixels[0]).save(tmp_path / "1044.png")
    elo = {
        "libjpeg-turbo-q95-yuv444": 2600.0,
        "libjpeg-turbo-q55-yuv420": 1417.0,
        "jpegli-q95-yuv444": 2634.0,
        "mozjpeg-q95-yuv444": 2608.0,
    }
    good, bad, other, third = elo
    compared = (
        (good, bad, "B"),
        (bad, good, "A"),
        (other, bad, "B"),
        (third, bad, "B"),
    )  # jpegli's 4:4:4 cannot be encoded again
    values = pairs.measure_functions()
    for turned in (False, True):
        rows = [
            {
                "methodA": a,
                "methodB": b,
                "originalName": "1044",
                "answerValue": "BA"["AB".index(answer)] if turned else answer,
            }
            for a, b, answer in compared
        ]
        assert pairs.names_the_worse(rows, elo) == (0.0 if turned else 1.0)
        lines = {line["measure"]: line for line in pairs.choices(rows, elo, tmp_path, values)}
        assert lines["psnr"]["choices"] == 3 and lines["psnr"]["reproduced"] == lines["elo"]["reproduced"] == 1.0
        assert lines["psnr"]["groups"] == {"libjpeg-turbo": 2, "between encoders": 1}


@pytest.mark.parametrize(
    ("encoder", "chroma"),
    [("libjpeg-turbo", "444"), ("libjpeg-turbo", "422"), ("mozjpeg", "444"), ("mozjpeg", "420"), ("jpegli", "420")],
)
def test_encoders_lose_more_at_a_lower_quality(encoder, chroma):
    smooth = kadid.distort(data.noise_pictures(1, 96, seed=1).pixels[0], 1, 3, np.random.default_rng(0))
    errors = [
        lookalikes.psnr(jpeg.by_method(smooth, f"{encoder}-q{quality}-yuv{chroma}"), smooth) for quality in (95, 75, 55)
    ]
    assert errors[0] > errors[1] > errors[2] > 20


def test_what_an_encoder_cannot_do_here_is_left_out():
    grey = np.full((64, 64, 3), 128, np.uint8)
    assert jpeg.by_method(grey, "mozjpeg-q80-yuv422") is None and jpeg.by_method(grey, "jpegli-q80-yuv444") is None


def test_copies_are_scored_beside_their_reference_as_each_by_itself():
    network = smoke.small("bpclip-fr")
    reference, *copies = data.noise_pictures(3, 128, seed=3).pixels
    together = finetune.scores_beside(network, reference, copies)
    assert together == pytest.approx([finetune.score(network, copy, reference) for copy in copies], abs=1e-6)
    assert together[0] != pytest.approx(together[1], abs=2e-6)


def test_blurred_pictures_are_matched_with_their_references(tmp_path):
    from scipy.io import savemat

    for folder in ("gblur", "refimgs"):
        (tmp_path / folder).mkdir()
    sharp = kadid.distort(data.noise_pictures(1, 96, seed=1).pixels[0], 1, 3, np.random.default_rng(0))
    Image.fromarray(sharp).save(tmp_path / "refimgs" / "a.bmp")
    sigmas = (0.0, 1.0, 2.0, 4.0)
    for i, sigma in enumerate(sigmas, 1):
        Image.fromarray(kadid.to_bytes(kadid.gaussian(sharp / 255, sigma))).save(tmp_path / "gblur" / f"img{i}.bmp")
    (tmp_path / "gblur" / "info.txt").write_text(
        "".join(f"a.bmp img{i}.bmp {sigma:.6f} \n" for i, sigma in enumerate(sigmas, 1))
    )
    names = np.empty((1, 4), object)
    names[:] = [[np.array(["a.bmp"])] * 4]
    savemat(
        tmp_path / "hw5.mat",
        {"blur_dmos": [[0, 20, 40, 60]], "blur_orgs": np.uint8([[1, 0, 0, 0]]), "refnames_blur": names},
    )
    lines = {line["measure"]: line for line in pairs.blur(tmp_path, pairs.measure_functions())}
    assert lines["sigma"]["pictures"] == 3 and lines["sigma"]["srocc"] == lines["psnr"]["srocc"] == pytest.approx(1)


def test_vmaf_falls_with_noise():
    picture = data.noise_pictures(1, 192, seed=1).pixels[0]
    noisy = [
        np.clip(picture + np.random.default_rng(0).normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)
        for sigma in (8, 30)
    ]
    same, mild, strong = (vmaf(picture, one) for one in (picture, *noisy))
    assert same == pytest.approx(97.43, abs=0.01) and same > mild > strong


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for missing in ("half.png", "none.png"):
        with pytest.raises(ValueError, match=f"{missing} cannot be read"):
            data.read_picture(tmp_path / missing)
