# SPDX-License-Identifier: MPL-2.0
"""Weights come from the user's files or the seed, and what neither gives is named."""

import pytest
import torch

from iqa_export import build, weights


def saved(folder, name, value):
    torch.save(value, folder / name)
    return folder / name


def same(one, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_a_seed_gives_the_same_weights_and_another_does_not():
    first, again, other = (build.build("lpips", [], seed).net.state_dict() for seed in (3, 3, 4))
    assert same(first, again)
    assert not same(first, other)


def test_the_whole_network_in_one_file(tmp_path):
    state = build.build("lpips", [], 3).net.state_dict()
    for number, wrapped in enumerate([state, {"params": {f"module.{name}": one for name, one in state.items()}}]):
        file = saved(tmp_path, f"{number}.pth", wrapped)
        assert same(state, build.build("lpips", [file], None).net.state_dict())


def test_files_by_the_names_that_pyiqa_downloads(tmp_path):
    network = build.build("lpips", [], 3).net
    body = {
        f"features.{layer}": tensor
        for name, tensor in network.net.state_dict().items()
        for layer in [name.split(".", 1)[1]]
    }
    head = {name: one for name, one in network.state_dict().items() if name.startswith("lin")}
    from torchvision.models import alexnet

    whole = alexnet(weights=None).state_dict() | body
    files = [saved(tmp_path, "alexnet-owt-7be5be79.pth", whole), saved(tmp_path, "LPIPS_v0.1_alex-df73285e.pth", head)]
    assert same(network.state_dict(), build.build("lpips", files, None).net.state_dict())
    # One of the two alone is not enough, and a seed fills up.
    with pytest.raises(weights.Missing, match="LPIPS_v0.1_alex-df73285e.pth"):
        build.build("lpips", files[:1], None)
    filled = build.build("lpips", files[:1], 5).net.state_dict()
    assert torch.equal(filled["net.slice1.0.weight"], whole["features.0.weight"])


def test_a_file_that_fits_nothing(tmp_path):
    file = saved(tmp_path, "other.pth", {"weight": torch.zeros(3)})
    with pytest.raises(weights.Missing, match="other.pth: neither one of"):
        build.build("lpips", [file], None)


def test_batch_norms_are_drawn_and_answer_to_pictures():
    network = build.build("unique", [], 3).net
    norms = [one for one in network.modules() if isinstance(one, torch.nn.BatchNorm2d)]
    assert norms and not any(one.training for one in norms)
    assert all(one.weight.std() > 0.1 and one.running_var.min() > 0 for one in norms)
    # Of two made pictures only, so the statistics are theirs.
    assert all(one.num_batches_tracked == len(build.SEEN) for one in norms)


def test_no_weights_are_fetched(monkeypatch):
    import socket

    def refuse(*_, **__):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    build.build("dists", [], 3)
