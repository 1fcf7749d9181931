# SPDX-License-Identifier: MPL-2.0
"""The papers' protocol on kept activations, and the restoration that it needs."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from iqatrain import data, networks, restoration, synthetic, trainer
from iqatrain.auxiliary import SyntheticBatches
from iqatrain.benchmarks import kept, live
from iqatrain.networks import mt_irn
from iqatrain.networks.resnet50 import ResNet50

COUNT, CROP = 12, 64
SLOW = ("restoration", "difference", "whole")  # of mt_irn.PARTS


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A LIVE Challenge of noise, a backbone and a restoration; and what `make` kept of them."""
    folder = tmp_path_factory.mktemp("kept")
    noise = data.noise_pictures(live.TRAINING_PICTURES + COUNT, 96)
    (folder / "live" / "Data").mkdir(parents=True)
    (folder / "live" / "Images").mkdir()
    names = np.empty((len(noise), 1), object)
    for i, pixels in enumerate(noise.pixels):
        names[i, 0] = f"{i}.bmp"
        Image.fromarray(pixels).save(folder / "live" / "Images" / f"{i}.bmp")
    savemat(folder / "live" / "Data" / "AllImages_release.mat", {"AllImages_release": names})
    savemat(folder / "live" / "Data" / "AllMOS_release.mat", {"AllMOS_release": 100 * noise.mos[None]})
    torch.manual_seed(5)
    backbone, alone = ResNet50(), restoration.RestorationAlone(CROP)
    torch.nn.init.normal_(alone.restoration.d5.weight, std=0.1)
    trainer.write_atomically(
        {"ema": {f"backbone.{key}": value for key, value in backbone.state_dict().items()}}, folder / "backbone.pt"
    )
    trainer.write_atomically({"ema": alone.state_dict()}, folder / "restored.pt")
    both = f"--restoration multi={folder}/restored.pt --features single={folder}/restored.pt"
    run(folder, f"make --live {folder}/live {both} --short-side 80 --out {folder}/kept")
    return folder


def run(folder, line):
    kept.main([*line.split(), "--backbone", str(folder / "backbone.pt"), "--crop", str(CROP)])


@torch.no_grad()
@pytest.mark.parametrize(
    "name", ["baseline", "printed", "bpclip-nr", *(pytest.param(one, marks=pytest.mark.slow) for one in SLOW)]
)
def test_what_is_kept_gives_the_networks_own_score(places, name):
    network = networks.build("bpclip-nr", tokens=2) if name == "bpclip-nr" else networks.build("mt-irn", parts=name)
    network.backbone.load(places / "backbone.pt")
    if getattr(network, "restoration", None) is not None:
        network.restoration = mt_irn.load_restoration(places / "restored.pt")
    upper = kept.Upper(network).eval()
    pictures = live.open_live(places / "live")
    pictures.short_side = 80
    x = torch.from_numpy(kept.patches(pictures.picture(3), CROP, 3)).permute(0, 3, 1, 2).float() / 255
    levels = network.backbone(x)
    if name == "bpclip-nr":
        wanted = torch.cat(network.cosines(network.tokens(x, None)), 1)
    elif network.restoration is None:
        wanted = network.features(levels, None, None)
    else:
        reference, _, restored = network.restoration(x)
        better = None if network.difference is None else network.backbone(reference.clamp(0, 1))[4]
        wanted = network.features(levels, restored, better)
    whole = kept.Kept(places / "kept", kept.names_for(network, "multi"))
    found = upper.features(whole.some(3 * kept.PATCHES + np.arange(kept.PATCHES)))
    torch.testing.assert_close(found, wanted, atol=2e-3, rtol=2e-3)  # half precision
    assert wanted.std(0).max() > 0
    kept.start_from_probe(upper, whole, np.arange(8), 0.3)
    scores = upper.linear(wanted).flatten()
    assert kept.predictions(upper, whole, np.array([3]))[0] == pytest.approx(float(scores.mean()), abs=2e-2)
    assert scores.std() > 0


def test_a_round_has_every_patch_of_the_chosen_pictures_once(places):
    whole = kept.Kept(places / "kept", ("level3",))
    chosen = np.array([0, 2, 5, 7])
    loader = kept.batches(whole, chosen, kept.finetune.FinetuneRecipe(batch=10))
    mos = torch.cat([targets for _, targets in loader(0, 2)])
    assert sorted(mos.tolist()) == sorted(np.repeat(whole.mos[chosen], kept.PATCHES).tolist())
    again = [targets for _, targets in loader(1, 4)]  # a run that goes on sees what one that did not stop sees
    assert torch.equal(again[0], mos[10:]) and not torch.equal(torch.cat(again[1:]), mos)


@pytest.mark.parametrize(
    "options",
    [
        "--parts baseline",
        pytest.param("--parts printed --restored multi", marks=pytest.mark.slow),
        pytest.param("--network bpclip-nr --tokens 2", marks=pytest.mark.slow),
    ],
)
def test_a_split_is_trained_measured_and_logged_once(places, tmp_path, options):
    line = f"--kept {places}/kept --name one --seeds 1 --steps 1 --batch 2 --out {tmp_path} {options}"
    run(places, f"choose {line}")
    assert not (tmp_path / "results.jsonl").exists()
    for _ in range(2):
        run(places, f"train {line}")
    (row,) = [json.loads(one) for one in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert (row["name"], row["seed"], row["pictures"]) == ("one", 1, 2) and -1 <= row["srocc"] <= 1
    assert row["kept"] == f"short side 80, patches of {CROP}" and row["recipe"]["steps"] == 1


def test_the_probe_adds_part_by_part(places, tmp_path):
    run(places, f"probe --kept {places}/kept --restored multi --name p --seeds 0 --out {tmp_path}")
    names = [json.loads(one)["name"] for one in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert names == ["p-baseline", "p-restoration", "p-difference"]
    run(places, f"choose-probe --kept {places}/kept --restored single --name p --seeds 0 --out {tmp_path}")
    names = [json.loads(one)["name"] for one in (tmp_path / "choices.jsonl").read_text().splitlines()]
    assert names == ["p-baseline", "p-restoration"]


def test_restoration_is_asked_for_by_name(places, tmp_path):
    with pytest.raises(ValueError, match="--restored"):
        run(places, f"train --kept {places}/kept --name x --parts whole --seeds 0 --steps 1 --out {tmp_path}")
    with pytest.raises(ValueError, match="no restoration called other"):
        run(places, f"probe --kept {places}/kept --restored other --name x --seeds 0 --out {tmp_path}")
    with pytest.raises(ValueError, match="not finished"):
        run(places, f"probe --kept {tmp_path} --name x --out {tmp_path}")
    with pytest.raises(SystemExit):
        run(places, f"make --restoration a-b=x --out {tmp_path}")


@pytest.fixture(scope="module")
def two_types(folder, tmp_path_factory):
    """Two types of distortion on five references, of which one is held out."""
    out = tmp_path_factory.mktemp("some")
    files = synthetic.pristine_files([folder / "pristine"])[:5]
    synthetic.make(out, files, side=96, with_measures=False, types=(10, 11))
    return out


def test_gains_are_none_for_the_identity_and_known_for_a_shift(two_types):
    pictures = synthetic.open_synthetic(two_types, some_types=True)
    network = mt_irn.Restoration()
    with torch.no_grad():
        same = restoration.gains(network, pictures)
        network.d5.bias.fill_(1.0)  # white
        white = restoration.gains(network, pictures)
    assert [(kind, row["pictures"]) for kind, row in same.items()] == [("jpeg", 5), ("white-noise", 5), ("all", 10)]
    for row in same.values():
        assert row["PSNR, distorted"] == row["PSNR, pseudo-reference"]
        assert row["SSIM, distorted"] == row["SSIM, pseudo-reference"]
    reference = pictures.reference(4).astype(np.float64) / 255
    known = -10 * np.log10(((1 - reference) ** 2).mean())
    assert white["all"]["PSNR, pseudo-reference"] == pytest.approx(known, abs=1e-3)


def test_evaluate_prints_each_type_and_refuses_what_has_no_restoration(two_types, places, capsys):
    on = ["evaluate", "--synthetic", str(two_types), "--start"]
    restoration.main([*on, str(places / "restored.pt")])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["type"] for row in rows] == ["jpeg", "white-noise", "all"]
    with pytest.raises(ValueError, match="no restoration network"):
        restoration.main([*on, str(places / "backbone.pt")])
    with pytest.raises(SystemExit):
        restoration.main(on[:3])


def test_a_stage_learns_from_some_types_alone(two_types):
    batches = SyntheticBatches(restoration.RestorationAlone(32), two_types, None, 8, 1, types=(11,))
    distorted, reference = (one.float() for one in batches.batch(0)[:2])
    changed = (distorted != reference).flatten(1).float().mean(1)
    assert batches.types == (11,) and ((changed == 0) | (changed > 0.5)).all() and changed.max() > 0
    with pytest.raises(ValueError, match="not all of"):
        SyntheticBatches(restoration.RestorationAlone(32), two_types, None, 8, 1, types=(1,))
