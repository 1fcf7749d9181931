# SPDX-License-Identifier: MPL-2.0
"""Made codec ladders, what is learned from them, and the rule of the looks at AVT's stills."""

import json

import numpy as np
import pytest
from PIL import Image

from iqatrain import ladder_features, ladder_set, ladders, scales
from iqatrain.benchmarks import stills


def step(**what) -> ladders.Step:
    return ladders.Step(**{"ladder": "rate", "coder": "x265", "height": 1080} | what)


def a_ladder(tmp_path, display=1080, name="a-1080", pixels=None, steps=()):
    steps = [ladders.Step("reference", vmaf=97.4, vif=1.0, ssim=1.0), *steps]
    pixels = np.zeros((len(steps), 512, 640, 3), np.uint8) if pixels is None else pixels
    np.save(tmp_path / f"{name}.npy", pixels)
    described = {
        "reference": name,
        "display": display,
        "scale": min(1, 1080 / display),
        "steps": [vars(one) for one in steps],
    }
    (tmp_path / f"{name}.json").write_text(json.dumps(described))


@pytest.mark.parametrize("display", ladders.REGIONS)
@pytest.mark.parametrize("number", (0, 1, 7))
def test_each_ladder_gets_stronger_in_one_way(display, number):
    steps = ladders.steps_of(display, number)
    assert steps == ladders.steps_of(display, number)
    for name in {one.ladder for one in steps} - set(ladder_set.UNORDERED):
        chain = [one for one in steps if one.ladder == name]
        assert [one.order for one in chain] == list(range(len(chain))) and len(chain) > 1
        strength = {
            "rate": lambda one: one.quantiser,
            "height": lambda one: -one.height,
            "noise": lambda one: one.amount,
            "bands": lambda one: -one.amount,
        }
        grows = list(map(strength[name.removesuffix("-low")], chain))
        assert grows == sorted(grows) and len(set(grows)) == len(grows)
        assert len({(one.coder, one.height) for one in chain}) == 1 or name == "height"


@pytest.mark.parametrize("coder", ladders.CODERS)
def test_a_stronger_quantiser_is_further_from_the_picture(coder):
    picture = np.asarray(
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (12, 16, 3), np.uint8)).resize(
            (128, 96), Image.Resampling.BICUBIC
        )
    )
    mild, strong = (
        np.abs(
            ladders.shown(picture, step(coder=coder, quantiser=q, height=1080), 1080, None).astype(int) - picture
        ).mean()
        for q in ladders.CODERS[coder][3]
    )
    assert mild < strong


def test_views_lie_where_the_frame_has_them():
    """A slope of one level every four lines: scaled, a crop's levels say where it was cut."""
    frame = np.repeat(np.repeat((np.arange(1024) // 4).astype(np.uint8)[:, None, None], 1024, 1), 3, 2)
    coarse, fine, finer = ladder_features.views(frame, 1024, (0.5, 0.5))
    assert coarse.shape == (224, 224, 3) and fine.shape == finer.shape == (160, 160, 3)
    for view in (coarse, fine, finer):
        assert float(view.mean()) == pytest.approx(127.5, abs=1)
    spread = lambda view: (float(view[-1].mean()) - float(view[0].mean())) / (len(view) - 1)
    assert spread(coarse) == pytest.approx(1024 / 384 / 4, rel=0.02)
    assert spread(fine) == pytest.approx(1024 / 768 / 4, rel=0.02)
    assert spread(finer) == pytest.approx(1024 / 1080 / 4, rel=0.02)
    top = ladder_features.views(frame, 1024, (0, 0))[0]
    assert float(top[0].mean()) == pytest.approx(0, abs=1)


def test_labels_fall_with_each_measure_and_tell_apart_what_vmaf_does_not(tmp_path):
    grid = [step(order=i, vmaf=max(0.0, 95 - 8 * i), vif=1 - 0.05 * i, ssim=1 - 0.03 * i) for i in range(16)]
    names = [name for name in map(str, range(20)) if not ladder_set.held_out(name)]
    a_ladder(tmp_path, name=f"{names[0]}-1080", steps=grid)
    opened = ladder_set.open_ladders(tmp_path)
    labels = ladder_set.Scale(opened).labels(opened[0])
    assert labels[0] > 0.99 and (np.diff(labels) < 0).all()
    assert grid[-1].vmaf == grid[-2].vmaf == 0


def test_order_counts_neighbours(tmp_path):
    steps = [
        step(order=0),
        step(order=1),
        ladders.Step("noise", 0, amount=3.0),
        ladders.Step("loose", 0, "x264", 30, 720),
    ]
    a_ladder(tmp_path, steps=steps)
    one = ladder_set.open_ladders(tmp_path)[0]
    assert ladder_set.in_order(np.array([0.9, 0.5, 0.6, 0.95, 0.1]), one) == {"rate": [True, False], "noise": [False]}


def test_a_left_out_reference_is_scored_by_the_others(tmp_path):
    random = np.random.default_rng(4)
    features, labels = [], []
    for name in "abc":
        steps = [step(order=i, height=1080 - 100 * i) for i in range(8)]
        a_ladder(tmp_path, 2160, f"{name}-2160", steps=steps)
        labels.append(np.linspace(1, 0.2, 9))
        features.append(np.c_[labels[-1], random.normal(size=(9, 3))].astype(np.float32))
    scores = scales.left_out(features, labels, 1e-3)
    said = scales.agreement(ladder_set.open_ladders(tmp_path), scores, labels)
    assert said["srocc"] > 0.98 and said["in order"] == 1 and said["2160, fine"] > 0.9
    labels[2] = labels[2][::-1]  # what one's labels are has no part in its scores
    assert scales.left_out(features, labels, 1e-3)[2] == pytest.approx(scores[2])
    assert scales.MEANS.sum() == 960 and scales.PARTS["means of stage 4"].sum() == 512


def test_a_look_needs_a_frozen_model_and_is_one_of_five(tmp_path):
    readme, log = tmp_path / "README.md", tmp_path / "results.jsonl"
    readme.write_text("| a | 29 Nov | `abc` |\n")
    with pytest.raises(ValueError, match="freeze"):
        stills.may_look(tmp_path, "a", "abd")
    stills.may_look(tmp_path, "a", "abc")
    log.write_text(
        json.dumps({"name": "a", "set": stills.SET}) + "\n" + 9 * (json.dumps({"name": "b", "set": "another"}) + "\n")
    )
    with pytest.raises(ValueError, match="has been looked at"):
        stills.may_look(tmp_path, "a", "abc")
    log.write_text("".join(json.dumps({"name": str(i), "set": stills.SET}) + "\n" for i in range(5)))
    with pytest.raises(ValueError, match="5 looks"):
        stills.may_look(tmp_path, "a", "abc")


def test_stills_are_shown_at_the_screens_height(tmp_path):
    images = tmp_path / "test_1" / "images"
    images.mkdir(parents=True)
    for name in ("x_crf_20_height_0144.png", "y_crf_20_height_0512.png"):
        Image.new("RGB", (256, int(name[-8:-4]))).save(images / name)
    (tmp_path / "test_1" / "mos_ci.csv").write_text(
        "image_name,mos,ci,std\nx_crf_20_height_0144,1,0,0\ny_crf_20_height_0512,5,0,0\n"
    )
    opened = stills.open_stills(tmp_path)
    assert list(opened.mos) == [0, 1] and [stills.lines_of(name) for name in opened.names] == [144, 512]
    assert stills.shown(opened.picture(0)).shape == (2160, 3840, 3)
    (images / "large_crf_1_height_0600.png").write_bytes(bytes(stills.MOST))
    assert len(stills.open_stills(tmp_path)) == 2
    Image.new("RGB", (8, 8)).save(images / "z_crf_1_height_0600.png")
    with pytest.raises(ValueError, match="no opinion"):
        stills.open_stills(tmp_path)
