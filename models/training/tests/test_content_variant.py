# SPDX-License-Identifier: MPL-2.0
"""A student that sees a pristine picture of other content beside the one that it judges."""

import json

import numpy as np
import pytest

from iqatrain import content_variant
from iqatrain.networks.two_scales import FEATURES


def made(folder, write_ladder, level: float = 0.0):
    """60 references whose features hold the label above a level of their own, in units of `level`."""
    (folder / "ladders").mkdir()
    (folder / "features").mkdir()
    random = np.random.default_rng(3)
    shared = random.normal(size=2 * FEATURES)  # what differs between displays, and is equal within one
    for i in range(60):
        display = (512, 1080, 2160)[i % 3]
        name = write_ladder(folder / "ladders", i, display)
        features = random.normal(0, 0.1, (7, 2, 2, FEATURES))
        features += (level * (i % 3) * shared).reshape(2, FEATURES)
        features[:, :, 1, :300] += np.linspace(3, 0, 7)[:, None, None]
        np.save(folder / "features" / f"ladder-{name}.npy", features.astype(np.float16))


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.0, 2.0])
def test_both_students_learn_and_are_measured_on_what_is_held_out(tmp_path, monkeypatch, capsys, write_ladder, level):
    monkeypatch.setattr(content_variant, "STEPS", 150)
    made(tmp_path, write_ladder, level)
    folders = ("ladders", "features", "out")
    given = [word for name in folders for word in (f"--{name}", str(tmp_path / name))]
    content_variant.main([*given, "--seeds", "1"])
    counts, *lines = map(json.loads, capsys.readouterr().out.splitlines())
    assert counts["learned"] + counts["held out"] == 60 and counts["taught"] == 0
    found = {line["student"]: line for line in lines}
    assert set(found) == {"alone", "beside 5", *(f"beside one, {n}" for n in range(1, 6))}
    assert found["alone"]["srocc"] > 0.8 and found["beside 5"]["srocc"] > 0.8
    assert (tmp_path / "out" / "measured.jsonl").read_text().count("\n") == 7


def test_references_are_of_other_content_and_as_high(tmp_path, write_ladder):
    made(tmp_path, write_ladder)
    every = content_variant.open_ladders(tmp_path / "ladders")
    data = content_variant.Ladders(every, content_variant.Scale(every), tmp_path / "features", {})
    for i, one in enumerate(data.ladders):
        others = data.other(i, np.random.default_rng(1), 5)
        assert len(set(others)) == 5 and i not in others
        assert {data.ladders[k].display for k in others} == {one.display}
    beside = data.beside(0, 1, [(2, 0)] * 7)
    np.testing.assert_allclose(beside[:, 2 * FEATURES :] + data.features[2][0, 0], beside[:, : 2 * FEATURES], atol=1e-6)


def test_a_teacher_moves_what_is_learned(tmp_path, write_ladder):
    made(tmp_path, write_ladder)
    every = content_variant.open_ladders(tmp_path / "ladders")
    scale, name = content_variant.Scale(every), every[0].path.stem
    data = content_variant.Ladders(every, scale, tmp_path / "features", {name: np.zeros(7)})
    np.testing.assert_allclose(data.targets[0], data.labels[0] / 2, rtol=1e-6)
    np.testing.assert_allclose(data.targets[1], data.labels[1], rtol=1e-6)
