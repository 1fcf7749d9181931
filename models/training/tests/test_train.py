# SPDX-License-Identifier: MPL-2.0
"""Configs and their driver; datasets and loaders."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from iqatrain import __main__ as command_line
from iqatrain import data, datasets, example, finetune, train

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.toml"))
PLACES = {"data": Path("data"), "run": Path("runs/a"), "runs": Path("runs"), "models": train.MODELS}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_stage_is_a_command_line_that_its_module_takes(path):
    stages = train.read_config(path)
    for stage in stages:
        if stage.takes("out"):
            stage.options.setdefault("out", f"{{run}}/{stage.name}")
        stage.parser().parse_args(stage.arguments(PLACES))
    # What a stage reads of its own run is what an earlier one wrote.
    written = set()
    for stage in stages:
        read = [
            str(value)
            for key, value in stage.options.items()
            if key not in ("out", "scores") and str(value).startswith("{run}/")
        ]
        for one in read:
            assert any(one == out or one.startswith(f"{out}/") for out in written), f"{stage.name} reads {one}"
        written.add(stage.options.get("out"))


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text)
    return folder / "config.toml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[stage]", "is not TOML"),
        ("", "has no"),
        ('[[stage]]\nname = "a"\nrun = "benchmarks.live"', "one of bundled"),
        ('[[stage]]\nname = "a"\nrun = "labels"\n[[stage]]\nname = "a"\nrun = "labels"', "two stages are called a"),
        ('[[stage]]\nname = "a"\nrun = "labels"\ntable = "x"', "labels has no option --table"),
        ('[[stage]]\nname = "a"\nrun = "labels"\ntables = "{date}/x"', r"there is no \{date\}"),
        ('[[stage]]\nname = "a"\nrun = "labels"\ntables = "{data}/x"', "missing: .*x"),
    ],
)
def test_what_is_wrong_with_a_config_is_said_before_anything_runs(text, message, tmp_path):
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=message):
        train.main([str(path), "--out", str(tmp_path / "run"), "--data", str(tmp_path / "none")])
    assert not (tmp_path / "run").exists()


def test_ten_pictures_retrain_the_bundled_network_and_a_stopped_run_goes_on(tmp_path, monkeypatch, capsys):
    example.make(tmp_path / "ten")
    settings = ["finetune.steps=3", "finetune.batch=4", "finetune.crop=96", "finetune.early_crop=96"]
    command = [str(Path(__file__).parents[1] / "configs" / "ten-pictures.toml"), "--data", str(tmp_path / "ten")]
    command += ["--out", str(tmp_path / "run"), "--workers", "0", "--device", "cpu"]
    command += [word for one in settings for word in ("--set", one)]
    whole, taken = finetune.FinetuneTrainer.training_step, []

    def cut_off(self, batch):
        if len(taken) == 2:
            self.save(tmp_path / "run" / "finetune" / "checkpoint.pt")
            raise KeyboardInterrupt
        taken.append(self.step)
        return whole(self, batch)

    monkeypatch.setattr(finetune.FinetuneTrainer, "training_step", cut_off)
    with pytest.raises(KeyboardInterrupt):
        train.main(command)
    stages = json.loads((tmp_path / "run" / "stages.json").read_text())
    assert {name: one["done"] for name, one in stages.items()} == {"start": True, "before": True, "finetune": False}
    monkeypatch.setattr(finetune.FinetuneTrainer, "training_step", whole)
    train.main(command)
    said = capsys.readouterr().out
    assert "start: done before" in said and "at step 2" in said and "all 5 stages are done" in said
    assert (tmp_path / "run" / "model.onnx").stat().st_size > 1e7
    assert len((tmp_path / "run" / "scores.csv").read_text().splitlines()) == 11
    with pytest.raises(ValueError, match=r"finetune was begun with other options \(lr\)"):
        train.main([*command, "--set", "finetune.lr=1e-5"])
    with pytest.raises(ValueError, match="STAGE.OPTION=VALUE"):
        train.main([*command, "--set", "tune.lr=1e-5"])


def test_a_batch_follows_from_seed_and_step_alone():
    pictures = data.noise_pictures(10, 96).take(range(10))
    recipe = finetune.FinetuneRecipe(steps=9, batch=4, degraded=2, crop=64, early_crop=48, early_share=0.5)
    loaders = [
        datasets.scored_loader(pictures, recipe, workers)(*steps) for workers, steps in ((0, (0, 6)), (2, (3, 6)))
    ]
    whole, later = map(list, loaders)
    assert len(whole) == 6 and len(later) == 3
    for one, other in zip(whole[3:], later, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert whole[0][0].shape == (8, 3, 48, 48) and whole[5][0].shape == (8, 3, 64, 64)
    assert whole[0][1].shape == (4,) and whole[0][2].shape == (2, 2)
    assert not torch.equal(whole[0][0], whole[1][0])
    both = datasets.together(datasets.scored_loader(pictures, recipe), datasets.step_loader(np.square))
    assert [extra for _, extra in both(2, 4)] == [4, 9]


def test_what_cannot_be_trained_on_is_named(tmp_path):
    with pytest.raises(ValueError, match="scores.csv does not exist"):
        data.open_scored(tmp_path)
    example.make(tmp_path)
    assert len(data.open_scored(tmp_path, 64)) == 10 and data.open_scored(tmp_path, 64).picture(0).shape[0] == 64
    for line, message in (("none.png,0.5", r"lacks \['none.png'\]"), ("temple-0.png,3", "from 0 .* to 3")):
        (tmp_path / data.SCORES).write_text(f"file,mos\n{line}\n")
        with pytest.raises(ValueError, match=message):
            data.open_scored(tmp_path)
    pictures = data.noise_pictures(3, 64).take(range(3))
    with pytest.raises(ValueError, match="give --batch 3"):
        datasets.StepSampler(pictures, finetune.FinetuneRecipe(batch=4)).draws(0)
    with pytest.raises(ValueError, match="noise 0 is 64x64, smaller than a crop of 96"):
        datasets.ScoredCrops(pictures, finetune.FinetuneRecipe(crop=96))[datasets.Draw(0, 0, 0)]


def test_commands_are_listed_and_an_error_has_no_traceback(capsys, tmp_path):
    command_line.main([])
    assert "train" in (said := capsys.readouterr().out) and "benchmarks.protocol" in said
    with pytest.raises(SystemExit, match="no command 'trian'"):
        command_line.main(["trian"])
    with pytest.raises(SystemExit, match="error: .*cannot be read"):
        command_line.main(["train", str(tmp_path / "none.toml")])
