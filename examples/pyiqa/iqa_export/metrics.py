# SPDX-License-Identifier: MPL-2.0
"""The metrics: what pyiqa calls them, how they are traced, and what their contracts say."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import nn

from . import networks


@dataclass(frozen=True)
class Metric:
    """One of pyiqa's, by its name there."""

    wrap: Callable[[nn.Module], nn.Module]
    worst: float
    best: float
    kind: str = "no-reference"
    # Its network sees every pixel of the picture at its own size: large ones cost time and memory.
    whole: bool = False
    # pyiqa's option for the number of crops.
    crops: str | None = None
    # pyiqa refuses a shorter side.
    shortest: int = 1
    distribution: tuple[int, ...] = ()
    index: int | None = None

    @property
    def inputs(self) -> list[str]:
        return ["distorted"] if self.kind == "no-reference" else ["distorted", "reference"]


FULL = "full-reference"


def cropped(arch: str) -> Callable[[nn.Module], nn.Module]:
    return partial(networks.UniformCrops, arch=arch)


METRICS = {
    "lpips": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    "dists": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    "nima": Metric(networks.Nima, 1, 10, distribution=tuple(range(1, 11))),
    "dbcnn": Metric(networks.AsItIs, 0, 1, whole=True),
    "hyperiqa": Metric(cropped("hypernet"), 0, 1, crops="num_crop"),
    "arniqa": Metric(networks.AsItIs, 0, 1, whole=True),
    "topiq_nr": Metric(networks.Topiq, 0, 1, whole=True),
    "topiq_fr": Metric(networks.Topiq, 0, 1, FULL, whole=True),
    "clipiqa": Metric(networks.ClipIqa, 0, 1, whole=True),
    "clipiqa+": Metric(networks.ClipIqa, 0, 1, whole=True),
    "liqe": Metric(networks.Liqe, 1, 5, shortest=224),
    "unique": Metric(networks.Unique, -3, 3, whole=True, index=0),
    "pieapp": Metric(networks.PieApp, 5, 0, FULL, whole=True, shortest=64),
    "stlpips": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    # Its reference is a degraded picture of the same content. The contract has no kind of its own for that yet.
    "ckdn": Metric(networks.Ckdn, 0, 1, FULL),
    "ahiq": Metric(partial(networks.DeformableCrops, arch="ahiq"), 0, 1, FULL, crops="num_crop"),
    "tres": Metric(cropped("tres"), 0, 100, crops="test_sample"),
    "maniqa": Metric(cropped("maniqa"), 0, 1, crops="test_sample"),
    "musiq": Metric(networks.Musiq, 0, 100, whole=True),
}


def contract(name: str, licence: str) -> str:
    """The TOML text. What depends on a picture's size is in the graph: it takes the frame as it is, from 0 to 1."""
    metric = METRICS[name]
    lines = ["contract = 1", f'name = "pyiqa-{name}"', f'kind = "{metric.kind}"', f'licence = "{licence}"']
    for tensor in metric.inputs:
        lines += ["", "[[input]]", f'tensor = "{tensor}"', f'role = "{tensor}"']
    lines += ["", "[output]", 'tensor = "score"', f"worst = {float(metric.worst)}", f"best = {float(metric.best)}"]
    if metric.index is not None:
        lines.append(f"index = {metric.index}")
    if metric.distribution:
        lines.append(f"distribution = {list(metric.distribution)}")
    return "\n".join(lines) + "\n"
