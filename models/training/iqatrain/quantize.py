"""An exported network in 8-bit integer arithmetic: weights int8 for each channel, activations uint8, static.

    python -m iqatrain.quantize make    --network metaiqa --cache cache --float ../metaiqa/model.float.onnx --out ../metaiqa/model.onnx
    python -m iqatrain.quantize compare --network metaiqa --cache cache --float ../metaiqa/model.float.onnx --model ../metaiqa/model.onnx

`make` calibrates on training pictures, of which none is held out; `compare` scores the held-out ones with both graphs.

What comes before the first pooling stays in float: a uint8 for each value of the three normalised channels costs a third
of all the rounding there is, and a convolution of three channels is slower in ONNX Runtime's integers than in float.
What the first residual block works on spans half of its range: what smooth and dark pictures say there are small numbers, and at the
whole range a blurred picture's score moved by up to 9 points of 100, while strong edges lose nothing by being clipped.
Activations are uint8, for with int8 ONNX Runtime leaves half of a ResNet's convolutions in float and says nothing.
"""

import argparse
import json
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QDQQuantizer, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData, create_calibrator
from PIL import Image, ImageFilter

from . import contracts, data, networks, run
from .runtime import Exported, open_session

INTEGER = ("Conv", "Add", "Relu", "MaxPool")  # the operators that have integer kernels, and what is fused with them
PERCENTILE = 99.9999  # of an activation's values; what lies beyond is clipped
BINS = 4096
NARROWED, NARROW = r"^/backbone/(MaxPool|blocks\.0/)", 0.5  # activations that span so much of their range only
PICTURES, TOGETHER = 192, 8
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
    result.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in wide.items() if name in used)
    return result


def pooled_first(model: onnx.ModelProto) -> list[str]:
    """Exchanges the first max pooling with the ReLU before it, which changes no value; gives the names of the nodes to there.

    ONNX Runtime moves the rounding that follows a pooling before it, and then pools in a kernel that takes as long as all the
    integer convolutions together. It moves nothing before a ReLU.
    """
    nodes = model.graph.node
    at = next(i for i, node in enumerate(nodes) if node.op_type == "MaxPool")
    relu, pool = nodes[at - 1], nodes[at]
    if relu.op_type != "Relu" or list(pool.input) != list(relu.output):
        raise ValueError(f"{pool.name} does not follow a ReLU")
    between, last = f"{relu.input[0]}.pooled", pool.output[0]
    pool.input[0], pool.output[0] = relu.input[0], between
    relu.input[0], relu.output[0] = between, last
    first, second = onnx.NodeProto(), onnx.NodeProto()
    first.CopyFrom(pool)
    second.CopyFrom(relu)
    nodes[at - 1].CopyFrom(first)
    nodes[at].CopyFrom(second)
    return [node.name for node in nodes[: at + 1]]


class Batches(CalibrationDataReader):
    """One batch, for a calibrator that keeps all the activations of what it is given."""

    def __init__(self, feed: dict):
        self.left = [feed]

    def get_next(self):
        return self.left.pop() if self.left else None


def tensor_of(network, views: np.ndarray) -> np.ndarray:
    """[n, h, w, 3] uint8 -> what the graph takes."""
    return run.inputs(network, torch.from_numpy(views).permute(0, 3, 1, 2)).contiguous(memory_format=torch.contiguous_format).numpy()


def calibration_views(network, pictures) -> np.ndarray:
    """One view of each of PICTURES pictures, drawn at random: the centre of one, a corner of the next."""
    chosen = np.random.default_rng(SEED).permutation(len(pictures))[:PICTURES]
    every = (data.views(pictures.picture(i), network) for i in chosen)
    return np.stack([views[i % len(views)] for i, views in enumerate(every)])


def ranges(model: onnx.ModelProto, network, views: np.ndarray) -> TensorsData:
    """What each activation spans, but for the few values beyond PERCENTILE."""
    (tensor,) = contracts.roles(network.name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, path)
        calibrator = create_calibrator(
            path,
            INTEGER,
            str(Path(folder) / "augmented.onnx"),
            CalibrationMethod.Percentile,
            extra_options={"num_bins": BINS, "percentile": PERCENTILE},
        )
        for first in range(0, len(views), TOGETHER):
            calibrator.collect_data(Batches({tensor: tensor_of(network, views[first : first + TOGETHER])}))
        found = calibrator.compute_data()
    for name in found.keys():
        if re.search(NARROWED, name):
            low, high = found[name].range_value
            found[name] = TensorData(lowest=np.float32(NARROW * low), highest=np.float32(NARROW * high))
    return found


def quantized(model: onnx.ModelProto, network, views: np.ndarray) -> onnx.ModelProto:
    """The model in integer arithmetic; what it says of itself stays."""
    model = widened(model)
    stem = pooled_first(model)
    spans = ranges(model, network, views)
    quantizer = QDQQuantizer(model, True, False, QuantType.QInt8, QuantType.QUInt8, spans, None, stem, INTEGER, {})
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    result = quantizer.model.model
    onnx.checker.check_model(result, full_check=True)
    return result


def kernels(path: Path) -> Counter:
    """How many nodes of each kind ONNX Runtime really runs on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        optimized = Path(folder) / "optimized.onnx"
        open_session(path, 1, optimized)
        return Counter(node.op_type for node in onnx.load(optimized).graph.node)


def milliseconds(paths: list[Path], feed: dict, rounds: int) -> list[float]:
    """The shortest run of each with one thread, in turns, so that what else the machine does falls on all of them."""
    sessions = [open_session(path, 1) for path in paths]
    times = []
    for _ in range(rounds):
        for session in sessions:
            begin = time.perf_counter()
            session.run(["score"], feed)
            times.append(time.perf_counter() - begin)
    return [1000 * min(times[i :: len(paths)]) for i in range(len(paths))]


def make(given, network) -> None:
    learned, _ = data.split(data.open_biq2021(given.cache, "train"), given.held_out)
    onnx.save(quantized(onnx.load(given.float), network, calibration_views(network, learned)), given.out)
    print(f"{given.out}: {given.out.stat().st_size} bytes, {dict(kernels(given.out))}")


class Poor:
    """Pictures with little in them: each second one blurred, sigma 2 to 9, the others darkened to 10 to 50 %."""

    def __init__(self, pictures, count: int):
        self.pictures, self.count = pictures, min(count, len(pictures))

    def __len__(self):
        return self.count

    def picture(self, i) -> np.ndarray:
        given, share = np.asarray(self.pictures.picture(i)), i / self.count
        if i % 2:
            return np.asarray(Image.fromarray(given).filter(ImageFilter.GaussianBlur(2 + 7 * share)))
        return (given * (0.1 + 0.4 * share)).astype(np.uint8)


def moved(given, name: str, pictures) -> dict:
    """By how many points of 100 the scores differ."""
    found = [run.predictions(Exported(path, name), pictures, True, False) for path in (given.float, given.model)]
    points = 100 * (found[1] - found[0])
    size = np.abs(points)
    return {
        "pictures": len(points),
        "mean": float(size.mean()),
        "99th percentile": float(np.percentile(size, 99)),
        "largest": float(size.max()),
        "shift": float(points.mean()),
    }


def compare(given, network) -> None:
    _, held_out = data.split(data.open_biq2021(given.cache, "train"), given.held_out)
    held_out = held_out.take(np.arange(min(given.count, len(held_out))))
    feed = {tensor: tensor_of(network, data.views(held_out.picture(0), network)) for tensor in contracts.roles(network.name)}
    times = milliseconds([given.float, given.model], feed, given.rounds)
    runs = kernels(given.model)
    counts = {"integer convolutions": runs["QLinearConv"], "float convolutions": runs["Conv"]}
    print(json.dumps({"ms, one thread": [round(one, 1) for one in times], "times as fast": times[0] / times[1], **counts}), flush=True)
    print(json.dumps({"of": "held-out pictures", **moved(given, network.name, held_out)}), flush=True)
    print(json.dumps({"of": "blurred or dark ones", **moved(given, network.name, Poor(held_out, given.poor))}), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("make", "compare"))
    options.add_argument("--network", choices=networks.NAMES, default="metaiqa")
    options.add_argument("--cache", type=Path, required=True, help="BIQ2021, as iqatrain.data made it")
    options.add_argument("--float", type=Path, required=True, help="the model that computes in float")
    options.add_argument("--model", type=Path, help="for `compare`: the one in integers")
    options.add_argument("--out", type=Path, help="for `make`")
    options.add_argument("--held-out", type=int, default=500, help="as in training")
    options.add_argument("--count", type=int, default=500, help="for `compare`: how many of the held-out pictures")
    options.add_argument("--poor", type=int, default=200, help="for `compare`: how many of them once more, blurred or dark")
    options.add_argument("--rounds", type=int, default=40, help="for `compare`: how often each graph is timed")
    given = options.parse_args()
    {"make": make, "compare": compare}[given.what](given, networks.build(given.network))


if __name__ == "__main__":
    main()
