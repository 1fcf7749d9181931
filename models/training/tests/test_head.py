# SPDX-License-Identifier: MPL-2.0
"""The layers behind the cosines, tuned alone."""

import numpy as np
import pytest
import torch

from iqatrain import export, head, kadid, networks


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "tables.npz"
    mean = np.linspace(0.9, 0.1, kadid.LEVELS) * np.linspace(0.6, 1, kadid.TYPES)[:, None]
    np.savez(path, mean=mean, spread=np.full_like(mean, 0.05))
    return path


def test_labels_are_the_cells_means_moved_by_the_models_own_scores(tables):
    scores = np.random.default_rng(1).random((8, 1 + kadid.TYPES * kadid.LEVELS))
    found, mean = head.wanted(scores, tables), np.load(tables)["mean"].ravel()
    assert (found[:, 0] == 1).all()
    assert found[:, 1:].mean(0) == pytest.approx(mean, abs=0.01)
    assert all(np.corrcoef(found[:, i], scores[:, i])[0, 1] > 0.99 for i in range(1, found.shape[1]))


def test_the_error_on_what_is_held_out_falls(tables, monkeypatch):
    """Types that are moved against each other come back to their means."""
    monkeypatch.setattr(head, "STEPS", 200)
    torch.manual_seed(3)
    layers, random = networks.build("bpclip-fr").head, np.random.default_rng(2)
    cells = random.normal(0, 0.3, (1 + kadid.TYPES * kadid.LEVELS, 1, 160))

    def features(count):
        cosines = (cells + random.normal(0, 0.01, (count, *cells.shape))).astype(np.float32)
        return {"cosines": cosines, "scores": layers.eval()(torch.from_numpy(cosines)).detach().numpy()[..., 0]}

    learned, held_out = features(6), features(3)
    truth = head.wanted(held_out["scores"].mean(2), tables)
    before = head.agreement(held_out["scores"].mean(2), truth)["error"]
    kept = head.tuned(layers, learned, held_out, tables)
    assert kept["step"] > 0 and kept["error"] < before / 2


@pytest.mark.slow
def test_cosines_are_what_the_head_of_the_exported_model_is_given(tmp_path):
    torch.manual_seed(4)
    network = networks.build("bpclip-fr", tokens=3).eval()
    export.write_onnx(network, tmp_path / "model.onnx", "half")
    pictures = np.random.default_rng(5).integers(0, 256, (2, 120, 140, 3), np.uint8)
    cosines, scores = head.Cosines(tmp_path / "model.onnx").of(*pictures, [0, 3])
    assert cosines.shape == (2, 160) and np.abs(cosines).max() <= 1.001
    given = export.rounded(network, "half")[0].head(torch.from_numpy(cosines))[:, 0]
    assert given.numpy() == pytest.approx(scores, abs=1e-5)
