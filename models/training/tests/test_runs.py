# SPDX-License-Identifier: MPL-2.0
"""Runs: resuming, what the objectives do, the protocol, and the whole chain."""

import contextlib
import io
import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from iqatrain import (
    alignment,
    card,
    coded,
    data,
    datasets,
    features,
    finetune,
    full_reference,
    labels,
    leave_out,
    meta,
    networks,
    restoration,
    smoke,
    synthetic,
)
from iqatrain.auxiliary import SyntheticBatches
from iqatrain.benchmarks import live, protocol


def quietly(training, batch_of, out, workers=0, **options):
    with contextlib.redirect_stdout(io.StringIO()):
        training.fit(datasets.step_loader(batch_of, workers), out, **options)


def assert_same(one, other):
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name]), name
    for name, value in one.ema.shadow.items():
        assert torch.equal(value, other.ema.shadow[name]), name


def interrupted(make, batch_of, out):
    """(run in one go, the same stopped in the middle and resumed from its checkpoint)."""
    whole = make()
    quietly(whole, batch_of, out / "whole")
    first = make()
    quietly(first, batch_of, out / "parts", stop_at=1)
    resumed = make()
    resumed.load(out / "parts" / "checkpoint.pt")
    assert resumed.step == 1
    quietly(resumed, batch_of, out / "parts", workers=1)
    return whole, resumed


def meta_parts(folder, **changes):
    recipe = meta.MetaRecipe(**{"steps": 2, "tasks": 2, "inner": 2, "batch": 2, "bf16": False, **changes})
    tasks = meta.Tasks(synthetic.open_synthetic(folder / "synthetic"), folder / "tables.npz", 64)

    def make():
        torch.manual_seed(0)
        return meta.MetaTrainer(networks.build("metaiqa"), recipe)

    return recipe, tasks, make


@pytest.mark.slow
def test_meta_training_resumes(folder, tmp_path):
    recipe, tasks, make = meta_parts(folder)
    assert_same(*interrupted(make, lambda step: tasks.iteration(recipe, step), tmp_path))


def test_restoration_resumes(folder, tmp_path):
    recipe = restoration.RestorationRecipe(steps=2, batch=2, crop=64, bf16=False)

    def make():
        torch.manual_seed(0)
        return restoration.RestorationTrainer(restoration.RestorationAlone(64), recipe, "reference", "cpu")

    batches = SyntheticBatches(make().network, folder / "synthetic", None, 2, 1)
    assert_same(*interrupted(make, batches.batch, tmp_path))


def test_support_and_query_share_no_reference_and_a_task_is_one_type(folder):
    _, tasks, _ = meta_parts(folder)
    assert not set(tasks.support) & set(tasks.query)
    recipe = meta.MetaRecipe(tasks=5, inner=1, batch=1)
    kinds = [kind for kind, _ in tasks.iteration(recipe, 0)]
    assert len(set(kinds)) == 5 and all(1 <= kind <= 25 for kind in kinds)


def test_the_outer_step_is_the_mean_of_the_inner_ones(folder):
    """With k = 1 and beta = 1 the parameters end where the task's own Adam steps lead; with beta near 0 they stay."""
    recipe, tasks, _ = meta_parts(folder, tasks=1)
    iteration = tasks.iteration(recipe, 0)

    def after(beta):
        torch.manual_seed(0)
        network = networks.build("metaiqa", dropout=0.0)
        training = meta.MetaTrainer(network, meta.MetaRecipe(**{**vars(recipe), "beta": beta}))
        start = {name: value.clone() for name, value in network.state_dict().items()}
        training.training_step(iteration)
        return start, network.state_dict()

    start, full = after(1.0)
    _, half = after(0.5)
    _, none = after(0.0)
    name = "head.3.weight"
    assert not torch.equal(start[name], full[name]) and torch.equal(start[name], none[name])
    torch.testing.assert_close(half[name] - start[name], (full[name] - start[name]) / 2, rtol=1e-3, atol=1e-7)
    torch.manual_seed(0)
    alone = meta.MetaTrainer(networks.build("metaiqa", dropout=0.0), recipe)
    alone.network.train()
    batches = iteration[0][1]
    alone.adapt(batches[: recipe.inner])
    alone.adapt(batches[recipe.inner :])
    torch.testing.assert_close(alone.network.state_dict()[name], full[name])


def test_restoration_learns_the_map(folder, tmp_path):
    torch.manual_seed(0)
    recipe = restoration.RestorationRecipe(steps=100, batch=8, crop=32, warmup=1, lr=3e-3, bf16=False)
    training = restoration.RestorationTrainer(restoration.RestorationAlone(32), recipe, "map", "cpu")
    batches = SyntheticBatches(training.network, folder / "synthetic", None, 8, 1)
    batch = batches.batch(0)
    found = [training.training_step(batch)[0] for _ in range(100)]
    assert found[-1] < 0.7 * found[0]


def test_made_batches_hold_pairs_and_leave_held_out_references_alone(folder):
    network = smoke.small("bpclip-nr")
    distorted, reference, targets, weights = SyntheticBatches(
        network, folder / "synthetic", folder / "tables.npz", 40, 1
    ).batch(0)
    assert distorted.shape == reference.shape == (40, 3, 96, 96) and targets.shape == weights.shape == (40, 6)
    untouched = (distorted == reference).all(1).all(1).all(1)
    assert untouched.any() and (targets[untouched] == 1).any() and (targets[~untouched].min(1).values < 1).any()
    held_out = SyntheticBatches(network, folder / "synthetic", None, 40, 1, held_out=True)
    assert not set(held_out.numbers) & set(synthetic.open_synthetic(folder / "synthetic").part(False))


def test_pairs_of_a_picture_with_itself_are_perfect(folder):
    pairs = full_reference.Pairs(synthetic.open_synthetic(folder / "synthetic"), folder / "tables.npz", held_out=False)
    recipe = full_reference.FullReferenceRecipe(batch=64, crop=64)
    distorted, reference, scores, targets, _, kinds = pairs.batch(recipe, 0)
    reference = reference.repeat_interleave(recipe.share, 0)
    same = (distorted == reference).all(1).all(1).all(1) & (scores == 1)
    assert same.any() and (targets[same] == 1).all() and (kinds[~same] > 0).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_references_with_ladders_come_with_fine_steps_of_one_or_of_all(folder, tmp_path):
    shutil.copytree(folder / "synthetic", tmp_path / "synthetic")
    coded.make(tmp_path / "synthetic", with_measures=False)
    pairs = full_reference.Pairs(
        synthetic.open_synthetic(tmp_path / "synthetic"), folder / "tables.npz", held_out=False
    )
    random = np.random.default_rng(0)
    recipe = full_reference.FullReferenceRecipe(share=4, ladders=1.0)
    with pytest.raises(ValueError, match="iqatrain.coded"):
        full_reference.Pairs(
            synthetic.open_synthetic(folder / "synthetic"), folder / "tables.npz", held_out=False
        ).drawn(recipe, random)
    drawn = [pairs.drawn(recipe, random) for _ in range(30)]
    assert {kind for group in drawn for kind, _ in group} == set(pairs.fine) and len(pairs.fine) == 4
    assert all(len(set(group)) == 4 for group in drawn)
    single = sum(len({kind for kind, _ in group}) == 1 for group in drawn)
    assert 5 < single < 25
    assert (
        len(set(pairs.batch(full_reference.FullReferenceRecipe(batch=16, ladders=1.0, crop=64), 0)[-1].tolist())) == 1
    )


def test_small_steps_count_as_much_as_large_ones():
    kinds, wanted = torch.tensor([3, 3, 4, 3]), torch.tensor([0.9, 0.8, 0.5, 0.79])
    loss = lambda *scores: float(full_reference.order_loss(torch.tensor(scores), wanted, kinds, 4))
    assert loss(0.9, 0.8, 0.0, 0.79) == pytest.approx(0, abs=1e-6) and loss(1.0, 0.7, 0.0, 0.6) == 0
    # Of three steps of type 3, the finest is turned: 1 + 1 of it, and 0.09 of 0.11.
    assert loss(0.9, 0.79, 0.0, 0.8) == pytest.approx((2 + 0.01 / 0.11) / 3, abs=1e-3)
    assert float(full_reference.order_loss(torch.ones(4), wanted, torch.tensor([1, 2, 3, 4]), 4)) == 0


def test_the_restoration_stands_still_in_its_frozen_share(folder):
    network = smoke.small("mt-irn")
    recipe = finetune.FinetuneRecipe(steps=2, batch=2, degraded=0, crop=64, warmup=1, frozen_share=0.5, bf16=False)
    training = finetune.FinetuneTrainer(network, recipe)
    pictures = data.noise_pictures(4, 96).take(range(4))
    courses = []
    for step in range(2):
        before = network.restoration.e6.conv1.conv.weight.clone()
        head = network.head[0].weight.clone()
        training.training_step(datasets.batch_of(pictures, recipe, step))
        courses.append(torch.equal(before, network.restoration.e6.conv1.conv.weight))
        assert not torch.equal(head, network.head[0].weight)
    assert courses == [True, False]


def test_a_start_must_fit(tmp_path):
    torch.save({"ema": {"nonsense": torch.zeros(1)}}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="nonsense"):
        finetune.load_start(networks.build("metaiqa"), tmp_path / "a.pt")


@pytest.fixture
def challenge(tmp_path):
    """A folder laid out as LIVE Challenge: 7 + 20 pictures of various sizes."""
    root = tmp_path / "ChallengeDB_release"
    (root / "Images").mkdir(parents=True)
    (root / "Data").mkdir()
    pictures = data.noise_pictures(27, 112, seed=2)
    names = [f"{i}.bmp" for i in range(27)]
    for i, name in enumerate(names):
        Image.fromarray(pictures.pixels[i][: 100 + i % 3]).save(root / "Images" / name)
    savemat(
        root / "Data" / "AllImages_release.mat",
        {"AllImages_release": np.array([[name] for name in names], dtype=object)},
    )
    savemat(root / "Data" / "AllMOS_release.mat", {"AllMOS_release": 100 * pictures.mos[None]})
    return root


def protocol_says(monkeypatch, command: str) -> str:
    """What `python -m iqatrain.benchmarks.protocol` prints."""
    monkeypatch.setattr("sys.argv", ["protocol", *command.split()])
    with contextlib.redirect_stdout(io.StringIO()) as said:
        protocol.main()
    return said.getvalue()


def test_splits_are_fixed_and_disjoint(challenge):
    pictures = live.open_live(challenge)
    assert len(pictures) == 20 and pictures.names[0] == "7.bmp"
    for seed in range(live.SPLITS):
        training, test = live.split(1162, seed)
        assert len(training) == 930 and len(test) == 232 and not set(training) & set(test)
    assert not np.array_equal(live.split(1162, 0)[1], live.split(1162, 1)[1])
    assert live.split(1162, 0)[1][:5].tolist() == [2, 3, 9, 14, 18]


def test_the_protocol_trains_each_split_once_and_logs_each_look(challenge, tmp_path, monkeypatch):
    out = tmp_path / "protocol"
    command = f"train --network metaiqa --live {challenge} --out {out} --seeds 0,1 --steps 2 --batch 4 --degraded 0"
    command += " --crop 64 --warmup 1 --fp32 --device cpu"
    monkeypatch.setattr(networks.metaiqa.MetaIqa, "crop", 64)

    def told(more):
        return protocol_says(monkeypatch, f"{command} {more}")

    for _ in range(2):  # the second time nothing is left to do
        told("--name tiny --keep")
    lines = protocol.Results(out).lines()
    assert [(line["name"], line["seed"], line["pictures"]) for line in lines] == [("tiny", 0, 4), ("tiny", 1, 4)]
    assert len((out / "results.jsonl").read_text().splitlines()) == 2
    # What follows starts from what the same split's training part taught, and keeps nothing itself.
    said = told(f"--name second --start {out}/tiny/seed{{seed}}/checkpoint.pt")
    for seed in (0, 1):
        assert (
            f"{out}/tiny/seed{seed}/checkpoint.pt: " in said
            and not (out / "second" / f"seed{seed}" / "checkpoint.pt").exists()
        )
    assert [line["start"] for line in protocol.Results(out).lines()[2:]] == [
        ["seed0/checkpoint.pt"],
        ["seed1/checkpoint.pt"],
    ]


def test_choosing_looks_at_no_test_part(challenge, tmp_path, monkeypatch):
    out = tmp_path / "protocol"
    command = (
        f"choose --name a --live {challenge} --out {out} --seeds 3 --steps 1 --batch 4 --degraded 0 --crop 64 "
        f"--warmup 1 --fp32 --device cpu"
    )
    monkeypatch.setattr(networks.metaiqa.MetaIqa, "crop", 64)
    protocol_says(monkeypatch, command)
    (line,) = protocol.Results(out, choices=True).lines()
    assert (line["name"], line["seed"], line["pictures"]) == ("a", 3, 3)
    assert not protocol.Results(out).lines() and not (out / "results.jsonl").exists()
    assert (out / "choices" / "a" / "seed3").is_dir() and not (
        out / "a"
    ).exists()  # no checkpoint that `train` would go on from
    training, test = live.split(1162, 3)
    chosen, measured = protocol.parts_of(1162, 3, choosing=True)
    assert len(chosen) == 744 and len(measured) == 186 and set(chosen) | set(measured) == set(training)
    assert all(np.array_equal(a, b) for a, b in zip(protocol.parts_of(1162, 3, choosing=False), (training, test)))


def test_frozen_weights_are_looked_at_once(challenge, tmp_path, monkeypatch):
    network = networks.build("metaiqa")
    torch.save({"ema": network.state_dict()}, tmp_path / "a.pt")
    out = tmp_path / "protocol"
    command = (
        f"unseen --name shipped --checkpoint {tmp_path}/a.pt --short-side 64 --live {challenge} --out {out} "
        f"--device cpu"
    )
    monkeypatch.setattr(networks.metaiqa.MetaIqa, "crop", 64)
    protocol_says(monkeypatch, command)
    assert protocol.Results(out).lines()[0]["pictures"] == 20
    assert protocol.summary(protocol.Results(out).lines()) == []
    with pytest.raises(ValueError, match="has been looked at"):
        protocol_says(monkeypatch, command)


def test_the_floor_learns_from_scored_features_and_is_looked_at_once(challenge, tmp_path, monkeypatch):
    """Features that are the opinions: the regression learns that from one set and tells the other's order."""
    out, scored = tmp_path / "protocol", data.noise_pictures(12, 32)
    monkeypatch.setattr(data, "open_biq2021", lambda cache, part: scored)
    opinions = live.open_live(challenge).mos
    for name, values in (("scored", scored.mos), ("live", opinions)):
        np.save(tmp_path / f"{name}.npy", np.stack([values, np.ones(len(values))], 1).astype(np.float32))
    command = (
        f"floor --name ridge --features {tmp_path}/live.npy --scored-features {tmp_path}/scored.npy --live "
        f"{challenge} --out {out}"
    )
    protocol_says(monkeypatch, command)
    (line,) = protocol.Results(out).lines()
    assert line["seed"] is None and line["srocc"] == pytest.approx(1)
    with pytest.raises(ValueError, match="has been looked at"):
        protocol_says(monkeypatch, command)


def test_the_splits_floor_is_a_regression_of_each_splits_own_part(challenge, tmp_path, monkeypatch):
    out, opinions = tmp_path / "protocol", live.open_live(challenge).mos
    np.save(tmp_path / "live.npy", np.stack([opinions, np.ones(len(opinions))], 1).astype(np.float32))
    common = f"--features {tmp_path}/live.npy --live {challenge} --out {out} --seeds 0,3"
    for how in ("--name ridge --regression ridge --probe-strength 0.3", "--name svr"):
        protocol_says(monkeypatch, f"frozen {how} {common}")
    ridge, svr = (protocol.Results(out).lines()[2 * i :][:2] for i in range(2))
    assert [(line["seed"], line["strength"]) for line in ridge] == [(0, 0.3), (3, 0.3)]
    assert [line["srocc"] for line in ridge] == [pytest.approx(1)] * 2 and [line["regression"] for line in svr] == [
        "svr"
    ] * 2


def test_the_cards_protocol_says_what_is_preliminary_and_what_the_paper_has(tmp_path):
    results, opinions = protocol.Results(tmp_path), np.arange(5.0)
    for seed in (0, 1):
        for name, scores in (("mt-irn", opinions), ("floor", opinions[[1, 0, 2, 3, 4]])):
            with contextlib.redirect_stdout(io.StringIO()):
                results.add(name, seed, scores, opinions)
    text = " ".join(" ".join(card.protocol_section("mt-irn", tmp_path, ["mt-irn", "floor"], "floor")).split())
    assert "**mt-irn**, 2 splits only: preliminary: SROCC mean 1.000" in text and "0.865" in text
    assert "Above floor, split by split: +0.100 (+0.100, +0.100)." in text


def test_scaling_keeps_the_aspect():
    picture = np.zeros((100, 150, 3), np.uint8)
    assert live.scaled(picture, 50).shape == (50, 75, 3)
    assert live.scaled(picture, 0) is picture


def test_summary_pairs_splits():
    lines = [
        {"name": name, "seed": seed, "srocc": base + seed / 10, "plcc": base}
        for name, base in (("a", 0.5), ("b", 0.6))
        for seed in (0, 1)
    ]
    rows = {row["name"]: row for row in protocol.summary(lines, against="a")}
    assert rows["b"]["srocc above a"]["each"] == [0.1, 0.1] and rows["b"]["preliminary"]
    assert rows["a"]["srocc"]["median"] == pytest.approx(0.55)


def test_leaving_a_subset_out_trains_on_the_others_only(tmp_path, monkeypatch):
    pictures = data.noise_pictures(24, 80, seed=4)
    names = [f"ss0{1 + i % 3} ({i}).jpg" for i in range(24)]
    np.save(tmp_path / "biq2021-train.npy", pictures.pixels)
    np.savez(tmp_path / "biq2021-train.npz", mos=pictures.mos, names=np.array(names))
    seen = []
    original = finetune.train
    monkeypatch.setattr(
        finetune,
        "train",
        lambda training, chosen, *rest, **more: (
            seen.append(set(data.subsets(chosen.names))),
            original(training, chosen, *rest, **more),
        ),
    )
    monkeypatch.setattr(networks.metaiqa.MetaIqa, "crop", 64)
    command = (
        f"leave_out --name tiny --cache {tmp_path} --out {tmp_path}/out --steps 1 --batch 4 --degraded 0 "
        f"--warmup 1 --fp32 --device cpu"
    )
    monkeypatch.setattr("sys.argv", command.split())
    with contextlib.redirect_stdout(io.StringIO()):
        leave_out.main()
    assert seen == [{"ss02", "ss03"}, {"ss01", "ss03"}, {"ss01", "ss02"}]
    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert [line["subset"] for line in lines] == list(leave_out.SUBSETS)


def test_subsets_are_drawn_as_they_are_or_equally():
    pictures = data.noise_pictures(60, 8)
    pictures.names = [f"ss0{1 if i < 6 else 2 if i < 18 else 3} ({i}).jpg" for i in range(60)]
    assert sorted(datasets.order_of(pictures, finetune.FinetuneRecipe(), 0)) == list(range(60))
    drawn = np.concatenate(
        [datasets.order_of(pictures, finetune.FinetuneRecipe(subsets="equal"), epoch) for epoch in range(60)]
    )
    shares = [np.mean(drawn < 6), np.mean((drawn >= 6) & (drawn < 18)), np.mean(drawn >= 18)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)
    with pytest.raises(ValueError, match="drawn or equal"):
        datasets.order_of(pictures, finetune.FinetuneRecipe(subsets="even"), 0)


def rated_in_three_places(random, count=600):
    """Features whose level differs between subsets, opinions that follow them, and each subset's own level on top."""
    subset = np.array([f"ss0{1 + i % 3}" for i in range(count)])
    which = np.arange(count) % 3
    features = random.normal(size=(count, 12)) + random.normal(size=(3, 12))[which]
    true = features @ random.normal(size=12) / 40
    return features.astype(np.float32), true, true + np.array([-0.2, 0.05, 0.15])[which], subset


def test_subsets_levels_are_told_from_what_their_pictures_deserve():
    features, true, opinions, subset = rated_in_three_places(np.random.default_rng(5))
    found = alignment.offsets(features, opinions, subset, 0.01)
    assert list(found.values()) == pytest.approx([-0.2, 0.05, 0.15], abs=0.01)
    means = [opinions[subset == name].mean() for name in found]
    assert abs(means[0] - opinions.mean() + 0.2) > 0.02  # the means alone would have said something else


def test_only_the_pictures_that_are_given_are_aligned(tmp_path):
    features, true, opinions, subset = rated_in_three_places(np.random.default_rng(6))
    np.save(tmp_path / "features.npy", features)
    names = [f"{name} ({i}).jpg" for i, name in enumerate(subset)]
    whole = data.Pictures(np.zeros((len(names), 1, 1, 3), np.uint8), opinions.astype(np.float32), names)
    others = whole.take(np.flatnonzero(subset != "ss02"))
    aligned = alignment.align(others, tmp_path / "features.npy", strength=0.01)
    half = alignment.align(others, tmp_path / "features.npy", 0.5, 0.01)
    assert half.mos == pytest.approx((others.mos + aligned.mos) / 2, abs=1e-6)
    assert np.ptp(aligned.mos - true[others.indices]) < 0.02 < np.ptp(others.mos - true[others.indices])
    assert aligned.names == others.names and others.mos.mean() == pytest.approx(aligned.mos.mean(), abs=1e-6)
    assert np.array_equal(aligned.whole.mos[subset == "ss02"], whole.mos[subset == "ss02"])


def test_agreement_is_said_of_each_subset_too():
    pictures = data.noise_pictures(8, 8)
    pictures.names = [f"ss0{1 + i % 2} ({i}).jpg" for i in range(8)]
    scores = pictures.mos.copy()
    scores[::2] = 1 - scores[::2]
    found = finetune.agreement(scores, pictures)
    assert found["within"] == pytest.approx({"ss01": -1, "ss02": 1}) and -1 < found["validation_srocc"] < 1


def test_ridge_is_the_same_in_both_forms():
    random = np.random.default_rng(0)
    x, w = random.normal(size=(60, 20)), random.normal(size=20)
    y = x @ w + 0.01 * random.normal(size=60)
    primal = features.Ridge(x, y, 1e-3)
    assert np.corrcoef(primal(x), y)[0, 1] > 0.99
    wide = np.concatenate([x, random.normal(size=(60, 80))], 1)
    dual = features.Ridge(wide, y, 0.5)
    standard = (wide - dual.mean) / dual.scale
    direct = np.linalg.solve(standard.T @ standard / 100 + 0.5 * np.eye(100), standard.T @ (y - y.mean()) / 100)
    np.testing.assert_allclose(dual.weights, direct, rtol=1e-5, atol=1e-7)


def test_a_share_of_two_is_the_picture_twice():
    random = np.random.default_rng(3)
    x, y, times = random.normal(size=(60, 20)), random.normal(size=60), random.integers(1, 4, 60)
    repeated = features.Ridge(np.repeat(x, times, 0), np.repeat(y, times), 0.5 * times.sum() / 60)
    np.testing.assert_allclose(features.Ridge(x, y, 0.5, times / times.sum())(x), repeated(x), rtol=1e-6)


def test_leaving_out_a_regression_is_trained_on_the_others_only(tmp_path, monkeypatch):
    x, true, opinions, subset = rated_in_three_places(np.random.default_rng(7))
    np.save(tmp_path / "features.npy", x)
    np.save(tmp_path / "biq2021-train.npy", np.zeros((len(x), 1, 1, 3), np.uint8))
    np.savez(tmp_path / "biq2021-train.npz", mos=opinions, names=[f"{name} ({i}).jpg" for i, name in enumerate(subset)])
    for name, further in (("as they are", ""), ("aligned", "--alignment 1 --subsets equal")):
        command = (
            f"leave_out --ridge 0.01 --features {tmp_path}/features.npy --cache {tmp_path} --out {tmp_path} "
            f"{further} --name"
        ).split()
        monkeypatch.setattr("sys.argv", [*command, name])
        leave_out.main()
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [(line["name"], line["subset"], line["alignment"]) for line in lines] == [
        (name, subset, float(name == "aligned")) for name in ("as they are", "aligned") for subset in leave_out.SUBSETS
    ]
    assert all(line["pictures"] == 200 and line["srocc"] > 0.999 for line in lines[3:])
    assert min(line["srocc"] for line in lines[:3]) < 0.995


def test_label_weight_is_used(folder):
    pictures = synthetic.open_synthetic(folder / "synthetic")
    flat = labels.label(folder / "tables.npz", pictures, weight=0.0)
    assert np.ptp(flat.scores, 0).max() == 0


@pytest.mark.slow
def test_the_smoke_test_exports_four_models_that_agree(tmp_path):
    with contextlib.redirect_stdout(io.StringIO()):
        lines = smoke.smoke(tmp_path)
    assert [line["network"] for line in lines] == list(networks.NAMES)
    for line in lines:
        assert line["bytes"] < 30_000_000 and max(line["differences"]) < 1e-3, line
        assert 0 < line["score"] < 1, line
