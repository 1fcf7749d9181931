# SPDX-License-Identifier: MPL-2.0
"""What the tests share: a folder of synthetic pictures with labels, small enough to be made in seconds."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from iqatrain import smoke  # noqa: E402

torch.set_num_threads(2)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Ten references of 96x96 with all their distorted copies; measures drawn at random, tables of falling cells."""
    root = tmp_path_factory.mktemp("pictures")
    smoke.pictures(root)
    return root
