# SPDX-License-Identifier: MPL-2.0
"""What the tests share: a folder of synthetic pictures with labels, small enough to be made in seconds."""

import json
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from iqatrain import ladders, smoke  # noqa: E402

torch.set_num_threads(2)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Ten references of 96x96 with all their distorted copies; measures drawn at random, tables of falling cells."""
    root = tmp_path_factory.mktemp("pictures")
    smoke.pictures(root)
    return root


@pytest.fixture
def write_ladder():
    """Writes the description of a reference and six steps of falling rate; gives the stem of its files."""

    def write(folder: Path, number: int, display: int = 1080) -> str:
        steps = [ladders.Step("reference", vmaf=97.4, vif=1.0, ssim=1.0)]
        for k in range(6):
            measures = {"vmaf": 90.0 - 12 * k, "vif": 0.9 - 0.1 * k, "ssim": 0.98 - 0.04 * k}
            steps.append(ladders.Step("rate", k, "x265", 20 + k, 1080, **measures))
        described = {"reference": "x", "display": display, "scale": 1.0, "steps": [vars(one) for one in steps]}
        (folder / f"r{number}-{display}.json").write_text(json.dumps(described))
        return f"r{number}-{display}"

    return write
