# SPDX-License-Identifier: MPL-2.0
"""What each exported model says of itself: the text under `iqa.contract` in the ONNX file."""

from . import networks

LICENCE = "MPL-2.0"


def scaled(short_side: int | None) -> list[str]:
    """The frame scaled to a short side, or as it is."""
    return [f"short-side = {short_side}", 'filter = "bilinear"', "antialias = true"] if short_side else []


def crops(side: int, short_side: int | None, small: str, count: int = 5) -> list[str]:
    """So many crops, of the frame scaled to `short_side` or as it is."""
    return [
        *scaled(short_side),
        f"crop = [{side}, {side}]",
        f"crops = {count}",
        'sampling = "grid"',
        f'small = "{small}"',
    ]


def tiles(side: int, stride: int) -> list[str]:
    """The frame scaled to a short side of `side`, and as many crops along it as cover it."""
    return [*scaled(side), f"crop = [{side}, {side}]", 'crops = "all"', f"stride = [{stride}, {stride}]"]


def geometry(network) -> list[str]:
    if network.name == "bpclip-nr":
        return tiles(network.crop, network.stride)
    if network.name in networks.FULL_REFERENCE:  # what differs from the reference is seen at the frame's own scale
        return crops(network.crop, None, "mirror", network.crops)
    return crops(network.crop, getattr(network, "short_side", 384), "upscale", network.crops)


def roles(name: str) -> dict[str, str]:
    """The ONNX inputs and what they take, in the network's order."""
    with_reference = name in networks.FULL_REFERENCE
    return {"distorted": "distorted", "reference": "reference"} if with_reference else {"input": "distorted"}


def outputs(network) -> list[str]:
    """The ONNX outputs, in the network's order."""
    if network.name == "mt-irn":
        return ["score", "map"]
    return ["score", "attributes"] if getattr(network, "attributes", ()) else ["score"]


def contract(network) -> str:
    """The contract of `network`, TOML."""
    name = network.name
    if name not in networks.EXPORTED:
        raise ValueError(f"no contract is known for {name!r}")
    kind = "full-reference" if name in networks.FULL_REFERENCE else "no-reference"
    lines = ["contract = 1", f'name = "{name}"', f'kind = "{kind}"', f'licence = "{LICENCE}"']
    for tensor, role in roles(name).items():
        lines += ["", "[[input]]", f'tensor = "{tensor}"', f'role = "{role}"', 'layout = "nchw"', 'channels = "rgb"']
        lines += [f"mean = {list(network.mean)}", f"std = {list(network.std)}"]
    lines += ["", "[geometry]", *geometry(network), "", "[output]", 'tensor = "score"', "worst = 0.0", "best = 1.0"]
    if "map" in outputs(network):
        lines.append('map = { tensor = "map", worst = 0.0, best = 1.0 }')
    if "attributes" in outputs(network):
        names = ", ".join(f'"{one}"' for one in network.attributes)
        lines.append(f'attributes = {{ tensor = "attributes", names = [{names}], worst = 0.0, best = 1.0 }}')
    return "\n".join(lines) + "\n"
