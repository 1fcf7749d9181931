# SPDX-License-Identifier: MPL-2.0
"""An exported network in 8-bit integer arithmetic: weights int8 for each channel, activations uint8, static.

    python -m iqatrain.quantize make    --network metaiqa --cache cache --float ../metaiqa/model.float.onnx \\
        --out ../metaiqa/model.onnx
    python -m iqatrain.quantize compare --network metaiqa --cache cache --float ../metaiqa/model.float.onnx \\
        --model ../metaiqa/model.onnx

`make` calibrates on training pictures, of which none is held out; `compare` scores the held-out ones with both graphs.

What comes before the first pooling stays in float: a uint8 for each value of the three normalised channels costs a
third of all the rounding there is, and a convolution of three channels is slower in ONNX Runtime's integers than in
float. What `metaiqa`'s first residual block works on spans half of its range: what smooth and dark pictures say there
are small numbers, and at the whole range a blurred picture's score moved by up to 9 points of 100, while strong edges
lose nothing by being clipped. Activations are uint8, for with int8 ONNX Runtime leaves half of a ResNet's convolutions
in float and says nothing. `bpclip-nr`'s first stage stays in float: in integers, dark pictures' scores moved by up to
31 points. Where a backbone sees two pictures, both have the same ranges: equal pictures keep equal features.
"""

import argparse
import json
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QDQQuantizer, QuantType
from onnxruntime.quantization.calibrate import PercentileCalibrater, TensorData, TensorsData
from PIL import Image, ImageFilter

from . import contracts, data, export, finetune, kadid, networks, synthetic
from .runtime import Exported, open_session


@dataclass(frozen=True)
class Plan:
    """What of a network is computed in integers, as regular expressions for the names of nodes and tensors."""

    integer: str = r"^/backbone"
    floats: str = r"$^"  # of these, what stays in float all the same
    narrowed: str = r"$^"  # activations that span NARROW of their range only
    pictures: int = 64  # that it is calibrated on
    centred: str | None = (
        None  # the bias of a score without a curve, from which the mean shift of the scores of these pictures is taken
    )
    few_bits: bool = True  # whether weights that stay in float are stored as the float model stores them


PLANS = {
    "metaiqa": Plan(narrowed=r"^/backbone/(MaxPool|blocks\.0/)", pictures=192, few_bits=False),
    "coding": Plan(narrowed=r"^/backbone/(MaxPool|blocks\.0/)", pictures=192, few_bits=False),
    "mt-irn": Plan(integer=r"^/(backbone|restoration|fusions)"),
    "bpclip-nr": Plan(integer=r"^/(backbone|gates\.\d/mask)", floats=r"^/backbone/stages\.0/", centred="head.3.bias"),
    "bpclip-fr": Plan(integer=r"^/(backbone|gates\.\d/mask)"),
}
INTEGER = ("Conv", "Add", "Relu", "MaxPool")  # the operators that have integer kernels, and what is fused with them
PERCENTILE = 99.9999  # of an activation's values; what lies beyond is clipped
BINS = 4096
NARROW = 0.5
TOGETHER = 8
SEED = 8


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the weights in float32 that `export.store_in_few_bits` stores in few bits."""
    wide, nodes = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}, []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in wide:
            wide[node.output[0]] = wide[node.input[0]].astype(np.float32)
        elif node.op_type == "Mul" and all(name in wide for name in node.input):
            wide[node.output[0]] = wide[node.input[0]] * wide[node.input[1]]
        elif node.op_type == "Identity" and node.input[0] in wide:  # equal tensors, of which the exporter keeps one
            wide[node.output[0]] = wide[node.input[0]]
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:], result.graph.initializer[:]
    result.graph.node.extend(nodes)
    result.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in wide.items() if name in used
    )
    return result


def in_few_bits(result: onnx.ModelProto, model: onnx.ModelProto) -> None:
    """Stores the weights that stay in float as `model` does, before they are widened."""
    kept = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    left = {one.name for one in result.graph.initializer}
    names = [name.removesuffix(".stored") for name in kept if name.endswith(".stored")]
    parts = {
        name: (kept[f"{name}.stored"], *([kept[f"{name}.scale"]] if f"{name}.scale" in kept else []))
        for name in names
        if name in left
    }
    export.store_in_few_bits(result, parts)


def pooled_first(model: onnx.ModelProto) -> list[str]:
    """Exchanges each max pooling with the ReLU before it, which changes no value; gives the names of the convolutions
    before them and on to there.

    ONNX Runtime moves the rounding that follows a pooling before it, and then pools in a kernel that takes as long as
    all the integer convolutions together. It moves nothing before a ReLU. A ReLU that others read too stays for them.
    """
    nodes, found = model.graph.node, []
    producer = {output: node for node in nodes for output in node.output}
    for pool in [node for node in nodes if node.op_type == "MaxPool"]:
        relu = producer[pool.input[0]]
        if relu.op_type != "Relu":
            raise ValueError(f"{pool.name} does not follow a ReLU")
        shared = sum(relu.output[0] in node.input for node in nodes) > 1
        between, name = f"{relu.input[0]}.pooled", f"{relu.name}.pooled" if shared else relu.name
        later = helper.make_node("Relu", [between], [pool.output[0]], name)
        pool.input[0], pool.output[0] = relu.input[0], between
        nodes.insert(list(nodes).index(pool) + 1, later)
        found += [producer[relu.input[0]].name, pool.name, later.name, *([relu.name] if shared else [])]
        if not shared:
            nodes.remove(relu)
    return found


class Rounded(PercentileCalibrater):
    """Looks at what is rounded only: of an operator and the ReLU that is fused with it, at the ReLU's output."""

    def select_tensors_to_calibrate(self, model):
        chosen, known = super().select_tensors_to_calibrate(model)
        readers = {}
        for node in model.graph.node:
            for name in node.input:
                readers.setdefault(name, set()).add(node.op_type)
        return {name for name in chosen if readers.get(name) != {"Relu"}}, known


class Batches(CalibrationDataReader):
    """One batch, for a calibrator that keeps all the activations of what it is given."""

    def __init__(self, feed: dict):
        self.left = [feed]

    def get_next(self):
        return self.left.pop() if self.left else None


def tensor_of(network, views: np.ndarray) -> np.ndarray:
    """[n, h, w, 3] uint8 -> what the graph takes."""
    return (
        finetune.inputs(network, torch.from_numpy(views).permute(0, 3, 1, 2))
        .contiguous(memory_format=torch.contiguous_format)
        .numpy()
    )


def feed_of(network, views: list[np.ndarray]) -> dict:
    """Views [n, h, w, 3] uint8 for each of the graph's inputs, in the network's order -> what ONNX Runtime is fed."""
    return {tensor: tensor_of(network, one) for tensor, one in zip(contracts.roles(network.name), views, strict=True)}


def alone_or_pair(given) -> tuple[np.ndarray, ...]:
    """What a network looks at together: a picture, or a distorted one and its reference."""
    return given if isinstance(given, tuple) else (given,)


def calibration_views(network, pictures) -> list[np.ndarray]:
    """One view of each of some pictures or pairs, drawn at random: the first of one, the second of the next."""
    chosen = np.random.default_rng(SEED).permutation(len(pictures))[: PLANS[network.name].pictures]
    every = ([data.views(one, network) for one in alone_or_pair(pictures.picture(i))] for i in chosen)
    return [
        np.stack(of_one) for of_one in zip(*([one[i % len(one)] for one in views] for i, views in enumerate(every)))
    ]


def apart(ranges: dict) -> dict[str, list[str]]:
    """The activations that are one in the network, by the name in its first pass: a backbone that sees two pictures has
    all of them twice.
    """
    found = {}
    for name in ranges:
        found.setdefault(re.sub(r"_1(?=/)", "", name) if name.startswith("/backbone") else name, []).append(name)
    return found


def ranges(model: onnx.ModelProto, network, views: list[np.ndarray]) -> TensorsData:
    """What each activation spans, but for the few values beyond PERCENTILE."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, path)
        calibrator = Rounded(path, INTEGER, str(Path(folder) / "augmented.onnx"), num_bins=BINS, percentile=PERCENTILE)
        calibrator.augment_graph()
        calibrator.create_inference_session()
        for first in range(0, len(views[0]), TOGETHER):
            calibrator.collect_data(Batches(feed_of(network, [one[first : first + TOGETHER] for one in views])))
        found = calibrator.compute_data().data
    fused = {
        node.input[0]: node.output[0]
        for node in model.graph.node
        if node.op_type == "Relu" and node.input[0] not in found
    }
    for name, same in apart(found).items():
        low, high = np.array([found[one].range_value for one in same], np.float32).reshape(-1, 2).T
        share = np.float32(NARROW if re.search(PLANS[network.name].narrowed, name) else 1)
        for one in same:
            found[one] = TensorData(lowest=share * low.min(), highest=share * high.max())
    # The quantizer wants to know of those too, and then forgets them.
    return TensorsData(
        CalibrationMethod.Percentile,
        found | {before: found[after] for before, after in fused.items() if after in found},
    )


def centre(result: onnx.ModelProto, model: onnx.ModelProto, bias: str, network, views: list[np.ndarray]) -> None:
    """Moves the bias that is added last, so that scores of `views` have the mean that `model` gives them."""
    sessions = [open_session(one.SerializeToString()) for one in (result, model)]
    each = (feed_of(network, [one[i : i + 1] for one in views]) for i in range(len(views[0])))
    shift = np.mean([np.subtract(*(session.run(["score"], feed)[0] for session in sessions)) for feed in each])
    stored = next(one for one in result.graph.initializer if one.name == bias)
    stored.CopyFrom(numpy_helper.from_array((numpy_helper.to_array(stored) - shift).astype(np.float32), bias))


def quantized(model: onnx.ModelProto, network, views: list[np.ndarray]) -> onnx.ModelProto:
    """The model in integer arithmetic; what it says of itself stays."""
    plan, given = PLANS[network.name], model
    model = widened(model)
    floats = pooled_first(model)
    spans = ranges(model, network, views)
    floats += [
        node.name
        for node in model.graph.node
        if not re.search(plan.integer, node.name) or re.search(plan.floats, node.name)
    ]
    quantizer = QDQQuantizer(model, True, False, QuantType.QInt8, QuantType.QUInt8, spans, None, floats, INTEGER, {})
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    result = quantizer.model.model
    if plan.few_bits:
        in_few_bits(result, given)
    if plan.centred:
        centre(result, given, plan.centred, network, views)
    onnx.checker.check_model(result, full_check=True)
    return result


def kernels(path: Path) -> Counter:
    """How many nodes of each kind ONNX Runtime really runs on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        optimized = Path(folder) / "optimized.onnx"
        open_session(path, 1, optimized)
        return Counter(node.op_type for node in onnx.load(optimized).graph.node)


def milliseconds(paths: list[Path], feeds: list[dict], rounds: int) -> list[float]:
    """The processor time of each one's shortest run with one thread, in turns, so that what else the machine does falls
    on all of them.
    """
    sessions = [open_session(path, 1) for path in paths]
    times = []
    for _ in range(rounds):
        for session, feed in zip(sessions, feeds):
            begin = time.process_time()
            session.run(["score"], feed)
            times.append(time.process_time() - begin)
    return [1000 * min(times[i :: len(paths)]) for i in range(len(paths))]


class Pairs:
    """Synthetic pictures beside their references, in an order drawn at random."""

    def __init__(self, pictures: synthetic.Synthetic, held_out: bool):
        kinds, levels = range(1, pictures.kinds + 1), range(1, kadid.LEVELS + 1)
        triples = [(n, kind, level) for n in pictures.part(held_out) for kind in kinds for level in levels]
        self.pictures, self.triples = pictures, np.random.default_rng(SEED).permutation(triples)

    def __len__(self):
        return len(self.triples)

    def picture(self, i) -> tuple[np.ndarray, np.ndarray]:
        n, kind, level = self.triples[i]
        return self.pictures.picture(n, kind, level), self.pictures.reference(n)


def parts(given, network):
    """(pictures or pairs for training, those held out)."""
    if network.name in networks.FULL_REFERENCE:
        pictures = synthetic.open_synthetic(given.synthetic)
        return Pairs(pictures, False), Pairs(pictures, True)
    return data.split(data.open_biq2021(given.cache, "train"), given.held_out)


def make(given, network) -> None:
    learned, _ = parts(given, network)
    onnx.save(quantized(onnx.load(given.float), network, calibration_views(network, learned)), given.out)
    print(f"{given.out}: {given.out.stat().st_size} bytes, {dict(kernels(given.out))}")


class Poor:
    """Pictures with little in them: each second one blurred, sigma 2 to 9, the others darkened to 10 to 50 %."""

    def __init__(self, pictures, count: int):
        self.pictures, self.count = pictures, min(count, len(pictures))

    def __len__(self):
        return self.count

    def picture(self, i) -> tuple[np.ndarray, ...]:
        share = i / self.count
        if i % 2:
            poor = lambda one: np.asarray(Image.fromarray(one).filter(ImageFilter.GaussianBlur(2 + 7 * share)))
        else:
            poor = lambda one: (one * (0.1 + 0.4 * share)).astype(np.uint8)
        return tuple(poor(np.asarray(one)) for one in alone_or_pair(self.pictures.picture(i)))


def moved(given, name: str, pictures, count: int) -> dict:
    """By how many points of 100 the scores of the first `count` differ."""
    graphs, every = (
        [Exported(path, name, given.threads) for path in (given.float, given.model)],
        range(min(count, len(pictures))),
    )
    found = [[finetune.score(graph, *alone_or_pair(pictures.picture(i))) for i in every] for graph in graphs]
    points = 100 * (np.array(found[1]) - found[0])
    size = np.abs(points)
    return {
        "pictures": len(points),
        "mean": float(size.mean()),
        "99th percentile": float(np.percentile(size, 99)),
        "largest": float(size.max()),
        "shift": float(points.mean()),
    }


def compare(given, network) -> None:
    _, held_out = parts(given, network)
    first, paths = alone_or_pair(held_out.picture(0)), [given.float, given.model]
    graphs = [Exported(path, network.name) for path in paths]
    times = milliseconds(
        paths, [feed_of(graph, [data.views(one, graph) for one in first]) for graph in graphs], given.rounds
    )
    runs = kernels(given.model)
    counts = {"integer convolutions": runs["QLinearConv"], "float convolutions": runs["Conv"] + runs["FusedConv"]}
    print(
        json.dumps(
            {"ms, one thread": [round(one, 1) for one in times], "times as fast": times[0] / times[1], **counts}
        ),
        flush=True,
    )
    print(json.dumps({"of": "held-out pictures", **moved(given, network.name, held_out, given.count)}), flush=True)
    print(
        json.dumps(
            {"of": "blurred or dark ones", **moved(given, network.name, Poor(held_out, given.poor), given.poor)}
        ),
        flush=True,
    )


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("make", "compare"))
    options.add_argument("--network", choices=[*PLANS], default="metaiqa")
    options.add_argument("--cache", type=Path, help="BIQ2021, as iqatrain.data made it")
    options.add_argument("--synthetic", type=Path, help="bpclip-fr: what iqatrain.synthetic made")
    options.add_argument("--float", type=Path, required=True, help="the model that computes in float")
    options.add_argument("--model", type=Path, help="for `compare`: the one in integers")
    options.add_argument("--out", type=Path, help="for `make`")
    options.add_argument("--held-out", type=int, default=500, help="as in training")
    options.add_argument("--count", type=int, default=500, help="for `compare`: how many of the held-out pictures")
    options.add_argument(
        "--poor", type=int, default=200, help="for `compare`: how many of them once more, blurred or dark"
    )
    options.add_argument("--threads", type=int, default=0, help="for `compare`, except its times: 0, one a core")
    options.add_argument("--rounds", type=int, default=40, help="for `compare`: how often each graph is timed")
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    {"make": make, "compare": compare}[given.what](given, Exported(given.float, given.network))


if __name__ == "__main__":
    main()
