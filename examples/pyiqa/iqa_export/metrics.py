# SPDX-License-Identifier: MPL-2.0
"""The metrics: what pyiqa calls them, how they are traced, and what their contracts say."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial

from torch import nn

from . import networks


@dataclass(frozen=True)
class Attributes:
    """Further numbers: another output of the graph."""

    tensor: str
    names: tuple[str, ...]
    worst: float
    best: float


@dataclass(frozen=True)
class Metric:
    """One of pyiqa's, by its name there."""

    wrap: Callable[[nn.Module], nn.Module]
    worst: float
    best: float
    kind: str = "no-reference"
    # "own": its reference may have another size.
    sizes: str = "equal"
    # Its network sees every pixel of the picture at its own size: large ones cost time and memory.
    whole: bool = False
    # pyiqa's option for the number of crops.
    crops: str | None = None
    # pyiqa refuses a shorter side.
    shortest: int = 1
    # What the contract does before the graph, by its keys: of each input, and of `[geometry]`.
    prepared: dict[str, object] = field(default_factory=dict)
    geometry: dict[str, object] = field(default_factory=dict)
    # The score's numbers are a histogram over these values, or its logits.
    distribution: tuple[int, ...] = ()
    softmax: bool = False
    attributes: tuple[Attributes, ...] = ()
    # The numbers of `shown` in pyiqa's own network, filled in as it runs.
    seen: Callable[[nn.Module], AbstractContextManager[list[float]]] | None = None

    @property
    def inputs(self) -> list[str]:
        return ["distorted"] if self.kind == "no-reference" else ["distorted", "reference"]

    @property
    def outputs(self) -> list[str]:
        return ["score", *(table.tensor for table in self.attributes)]

    @property
    def shown(self) -> list[tuple[str, float, float]]:
        """What a frame has beside its score: name, and the values shown as 0 and as 100."""
        tables = [(name, table.worst, table.best) for table in self.attributes for name in table.names]
        # A half of all opinions at each end is the most that they can be spread.
        largest = (max(self.distribution) - min(self.distribution)) / 2 if self.distribution else 0
        return [*tables, (SPREAD, 0, largest)] if self.distribution else tables


FULL = "full-reference"
REDUCED = "reduced-reference"
SPREAD = "spread"


def cropped(arch: str) -> Callable[[nn.Module], nn.Module]:
    return partial(networks.UniformCrops, arch=arch)


UNCERTAINTY = Attributes("uncertainty", ("uncertainty",), 0, 3)
PAIRS = Attributes("pairs", networks.PAIRS, 0, 1)
SCENES = Attributes("scene", tuple(f"scene-{one}" for one in networks.SCENES), 0, 1)
DISTORTIONS = Attributes("distortion", tuple(f"distortion-{one}" for one in networks.DISTORTIONS), 0, 1)
OPINIONS = tuple(range(1, 11))

HALVES = {"mean": 0.5, "std": 0.5}
# torchvision's Resize(299). Its centre crop rounds half a pixel otherwise than the contract's: the graph cuts it.
SHORT_SIDE = {"short-side": 299, "rounding": "down"}
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
SQUEEZED = {"resize": [224, 224], "antialias": False}

METRICS = {
    "lpips": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    "dists": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    "nima": Metric(
        networks.Nima,
        worst=1,
        best=10,
        prepared=HALVES,
        geometry=SHORT_SIDE,
        distribution=OPINIONS,
        seen=networks.seen_nima,
    ),
    "dbcnn": Metric(networks.AsItIs, 0, 1, whole=True),
    "hyperiqa": Metric(cropped("hypernet"), 0, 1, crops="num_crop"),
    "arniqa": Metric(networks.AsItIs, 0, 1, whole=True),
    "topiq_nr": Metric(networks.Topiq, 0, 1, whole=True),
    "topiq_fr": Metric(networks.Topiq, 0, 1, FULL, whole=True),
    "clipiqa": Metric(networks.ClipIqa, 0, 1, whole=True, attributes=(PAIRS,), seen=networks.seen_clipiqa),
    "clipiqa+": Metric(networks.ClipIqa, 0, 1, whole=True),
    "liqe": Metric(
        networks.Liqe, 1, 5, shortest=224, distribution=networks.QUALITIES, softmax=True, seen=networks.seen_liqe
    ),
    "liqe_mix": Metric(
        networks.Liqe,
        worst=1,
        best=5,
        shortest=224,
        distribution=networks.QUALITIES,
        attributes=(SCENES, DISTORTIONS),
        seen=networks.seen_liqe,
    ),
    "unique": Metric(networks.Unique, -3, 3, whole=True, attributes=(UNCERTAINTY,), seen=networks.seen_unique),
    "pieapp": Metric(networks.PieApp, 5, 0, FULL, whole=True, shortest=64),
    "stlpips": Metric(networks.AsItIs, 1, 0, FULL, whole=True),
    # Its reference is the degraded picture that the other one was restored from, smaller if that one was enlarged.
    "ckdn": Metric(networks.Ckdn, 0, 1, FULL, sizes="own"),
    "ahiq": Metric(partial(networks.DeformableCrops, arch="ahiq"), 0, 1, FULL, crops="num_crop"),
    "tres": Metric(cropped("tres"), 0, 100, crops="test_sample"),
    "maniqa": Metric(cropped("maniqa"), 0, 1, crops="test_sample"),
    "metaiqa": Metric(networks.MetaIqa, 0, 1, prepared=IMAGENET, geometry=SQUEEZED),
    "musiq": Metric(networks.Musiq, 0, 100, whole=True),
}


def contract(name: str, licence: str) -> str:
    """The TOML text. What the metric has no key for is in the graph: without keys it takes the frame as it is."""
    metric = METRICS[name]
    sizes = {} if metric.sizes == "equal" else {"sizes": metric.sizes}
    lines = toml({"contract": 1, "name": f"pyiqa-{name}", "kind": metric.kind, **sizes, "licence": licence})
    for tensor in metric.inputs:
        lines += ["", "[[input]]", *toml({"tensor": tensor, "role": tensor, **metric.prepared})]
    if metric.geometry:
        lines += ["", "[geometry]", *toml(metric.geometry)]
    lines += ["", "[output]", *toml({"tensor": "score", "worst": float(metric.worst), "best": float(metric.best)})]
    if metric.distribution:
        lines += toml({"distribution": metric.distribution, "spread": SPREAD})
    if metric.softmax:
        lines += toml({"softmax": True})
    tables = [
        ", ".join(toml({"tensor": one.tensor, "names": one.names, "worst": float(one.worst), "best": float(one.best)}))
        for one in metric.attributes
    ]
    if len(tables) == 1:
        lines.append(f"attributes = {{ {tables[0]} }}")
    elif tables:
        lines += ["attributes = [", *(f"    {{ {table} }}," for table in tables), "]"]
    return "\n".join(lines) + "\n"


def toml(entries: dict[str, object]) -> list[str]:
    """Strings, numbers, truth values and lists are written as in JSON."""
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items()]
