# SPDX-License-Identifier: MPL-2.0
"""What the graphs give beside pyiqa's score."""

import pytest
import torch

from iqa_export import metrics, networks


def test_spread_of_a_histogram():
    opinions = torch.zeros(1, 10)
    opinions[0, 0] = opinions[0, 9] = 0.5
    assert metrics.METRICS["nima"].shown == [("spread", 0, float(networks.spread(opinions)))]
    assert float(networks.spread(torch.eye(10)[:1])) == 0


def test_probabilities_of_texts():
    """LIQE's texts run over qualities, scenes and distortions, the last fastest."""
    scenes, distortions = len(networks.SCENES), len(networks.DISTORTIONS)
    assert (scenes, distortions) == (9, 11)
    probabilities = torch.zeros(1, 5 * scenes * distortions)
    for share, quality, scene, distortion in ((0.75, 3, "night", "blur"), (0.25, 1, "night", "noise")):
        place = networks.SCENES.index(scene) * distortions + networks.DISTORTIONS.index(distortion)
        probabilities[0, quality * scenes * distortions + place] = share
    qualities, *labels = networks.of_texts(probabilities)
    assert qualities.tolist() == [[0, 0.25, 0, 0.75, 0]]
    *names, spread = (name for name, _, _ in metrics.METRICS["liqe_mix"].shown)
    assert len(names) == 20 and spread == "spread"
    expected = {"scene-night": 1.0, "distortion-blur": 0.75, "distortion-noise": 0.25}
    found = dict(zip(names, torch.cat(labels, 1)[0].tolist(), strict=True))
    assert found == {name: expected.get(name, 0.0) for name in names}


def test_pairs_of_texts():
    """Good and bad, one pair after the other, as CLIP-IQA's texts are."""
    logits = torch.log(torch.tensor([[0.9, 0.1, 0.2, 0.8, 0.5, 0.5, 0.25, 0.75, 1.0, 1.0]]))
    found = dict(zip(metrics.PAIRS.names, networks.of_pairs(logits)[0].tolist(), strict=True))
    expected = {"good": 0.9, "sharp": 0.2, "sharp-edges": 0.5, "high-resolution": 0.25, "noise-free": 0.5}
    assert found == pytest.approx(expected)


def test_what_a_layer_gives_is_seen_and_then_left_alone():
    layer = torch.nn.Linear(2, 2)
    with networks.seen_by_layer(layer, lambda both: both[:, 1]) as found:
        given = layer(torch.ones(1, 2))
    assert found == [given[0, 1].item()]
    layer(torch.zeros(1, 2))
    assert found == [given[0, 1].item()]
