# SPDX-License-Identifier: MPL-2.0
"""What the graphs give beside pyiqa's score."""

import torch

from iqa_export import metrics, networks


def test_spread_of_a_histogram():
    opinions = torch.zeros(1, 10)
    opinions[0, 0] = opinions[0, 9] = 0.5
    assert float(networks.spread(opinions)) == metrics.SPREAD.best
    assert float(networks.spread(torch.eye(10)[:1])) == metrics.SPREAD.worst


def test_probabilities_of_texts():
    """LIQE's texts run over qualities, scenes and distortions, the last fastest."""
    scenes, distortions = len(networks.SCENES), len(networks.DISTORTIONS)
    assert (scenes, distortions, len(metrics.LABELS.names)) == (9, 11, 20)
    probabilities = torch.zeros(1, 5 * scenes * distortions)
    for share, quality, scene, distortion in ((0.75, 3, "night", "blur"), (0.25, 1, "night", "noise")):
        place = networks.SCENES.index(scene) * distortions + networks.DISTORTIONS.index(distortion)
        probabilities[0, quality * scenes * distortions + place] = share
    score, labels = networks.of_texts(probabilities)
    assert float(score) == 0.75 * 4 + 0.25 * 2
    found = dict(zip(metrics.LABELS.names, labels[0].tolist()))
    expected = {"scene-night": 1.0, "distortion-blur": 0.75, "distortion-noise": 0.25}
    assert found == {name: expected.get(name, 0.0) for name in metrics.LABELS.names}


def test_what_a_layer_gives_is_seen_and_then_left_alone():
    layer = torch.nn.Linear(2, 2)
    with networks.seen_by_layer(layer, lambda both: both[:, 1]) as found:
        given = layer(torch.ones(1, 2))
    assert found == [given[0, 1].item()]
    layer(torch.zeros(1, 2))
    assert found == [given[0, 1].item()]
