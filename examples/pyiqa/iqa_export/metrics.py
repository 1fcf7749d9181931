# SPDX-License-Identifier: MPL-2.0
"""The metrics: what pyiqa calls them, how they are traced, and what their contracts say."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from torch import nn

from . import networks


@dataclass(frozen=True)
class Attributes:
    """Further numbers: a second output of the graph."""

    names: tuple[str, ...]
    worst: float
    best: float
    # Their values in pyiqa's own network, filled in as it runs.
    seen: Callable[[nn.Module], AbstractContextManager[list[float]]]


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
    attributes: "Attributes | None" = None

    @property
    def inputs(self) -> list[str]:
        return ["distorted"] if self.kind == "no-reference" else ["distorted", "reference"]

    @property
    def outputs(self) -> list[str]:
        return ["score", "attributes"] if self.attributes else ["score"]


FULL = "full-reference"


def cropped(arch: str) -> Callable[[nn.Module], nn.Module]:
    return partial(networks.UniformCrops, arch=arch)


# A half of all opinions at each end.
SPREAD = Attributes(("spread",), 0, 4.5, networks.seen_nima)
UNCERTAINTY = Attributes(("uncertainty",), 0, 3, networks.seen_unique)
NAMES = (*(f"scene-{one}" for one in networks.SCENES), *(f"distortion-{one}" for one in networks.DISTORTIONS))
LABELS = Attributes(NAMES, 0, 1, networks.seen_liqe)

METRICS = {
    "lpips": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    "dists": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    "nima": Metric(networks.Nima, 1, 10, distribution=tuple(range(1, 11)), attributes=SPREAD),
    "dbcnn": Metric(networks.AsItIs, 0, 1, whole=True),
    "hyperiqa": Metric(cropped("hypernet"), 0, 1, crops="num_crop"),
    "arniqa": Metric(networks.AsItIs, 0, 1, whole=True),
    "topiq_nr": Metric(networks.Topiq, 0, 1, whole=True),
    "topiq_fr": Metric(networks.Topiq, 0, 1, FULL, whole=True),
    "clipiqa": Metric(networks.ClipIqa, 0, 1, whole=True),
    "clipiqa+": Metric(networks.ClipIqa, 0, 1, whole=True),
    "liqe": Metric(networks.Liqe, 1, 5, shortest=224),
    "liqe_mix": Metric(networks.Liqe, 1, 5, shortest=224, attributes=LABELS),
    "unique": Metric(networks.Unique, -3, 3, whole=True, attributes=UNCERTAINTY),
    "pieapp": Metric(networks.PieApp, 5, 0, FULL, whole=True, shortest=64),
    "stlpips": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    # Its reference is a degraded picture.
    "ckdn": Metric(networks.Ckdn, 0, 1, "reduced-reference"),
    "ahiq": Metric(partial(networks.DeformableCrops, arch="ahiq"), 0, 1, FULL, crops="num_crop"),
    "tres": Metric(cropped("tres"), 0, 100, crops="test_sample"),
    "maniqa": Metric(cropped("maniqa"), 0, 1, crops="test_sample"),
    "metaiqa": Metric(networks.AsItIs, 0, 1),
    "musiq": Metric(networks.Musiq, 0, 100, whole=True),
}


def contract(name: str, licence: str) -> str:
    """The TOML text. What depends on a picture's size is in the graph: it takes the frame as it is, from 0 to 1."""
    metric = METRICS[name]
    lines = ["contract = 1", f'name = "pyiqa-{name}"', f'kind = "{metric.kind}"', f'licence = "{licence}"']
    for tensor in metric.inputs:
        lines += ["", "[[input]]", f'tensor = "{tensor}"', f'role = "{tensor}"']
    lines += ["", "[output]", 'tensor = "score"', f"worst = {float(metric.worst)}", f"best = {float(metric.best)}"]
    if metric.distribution:
        lines.append(f"distribution = {list(metric.distribution)}")
    if metric.attributes:
        names = ", ".join(f'"{one}"' for one in metric.attributes.names)
        ends = f"worst = {float(metric.attributes.worst)}, best = {float(metric.attributes.best)}"
        lines.append(f'attributes = {{ tensor = "attributes", names = [{names}], {ends} }}')
    return "\n".join(lines) + "\n"
