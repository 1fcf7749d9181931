#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Two graphs that ONNX Runtime 1.26 runs rightly without optimization and not with it, which is the default.
#
# Expected: graph optimizations keep what a graph computes (ONNX Runtime's page on graph optimizations: basic ones
#   preserve its semantics).
# Actual: (1) Pad with zeros in front of MaxPool is folded into the pads of MaxPool. Those count as minus infinity and
#   not as zero, so where all samples of a window at the edge are negative, 0 becomes negative. Behind a ReLU it does
#   no harm. (2) In a quantized graph (QDQ), DequantizeLinear, Resize, QuantizeLinear becomes a Resize on uint8. With
#   mode=cubic there is no such kernel: the session is made and each run() fails with "Tensor type mismatch". Without
#   optimization, or with session.disable_quant_qdq=1, it runs.
# Seen with: onnxruntime 1.26.0 (CPU); both are gone in 1.32.0. Found by comparing optimization levels.
. "$(dirname -- "$0")/common.sh"
pypi onnxruntime==1.26.0 onnx==1.23.2 numpy==2.4.6
cat >optimize.py <<'PY'
import sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

graph_name, level = sys.argv[1:]
if graph_name == "pool":
    x = np.full((1, 1, 2, 2), -5, np.float32)
    nodes = [helper.make_node("Pad", ["x", "pads"], ["padded"]),
             helper.make_node("MaxPool", ["padded"], ["y"], kernel_shape=[2, 2], strides=[2, 2])]
    constants = {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)}
else:
    x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    nodes = [helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["a"]),
             helper.make_node("DequantizeLinear", ["a", "scale", "zero"], ["b"]),
             helper.make_node("Resize", ["b", "", "scales"], ["c"], mode="cubic"),
             helper.make_node("QuantizeLinear", ["c", "scale", "zero"], ["d"]),
             helper.make_node("DequantizeLinear", ["d", "scale", "zero"], ["y"])]
    constants = {"scale": np.float32(0.5), "zero": np.uint8(128), "scales": np.array([1, 1, 0.5, 0.5], np.float32)}
graph = helper.make_graph(
    nodes, graph_name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 2, 2])],
    [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
if level == "none":
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
try:
    print(*(f"{value:g}" for value in session.run(None, {"x": x})[0].ravel()))
except Exception as error:
    print("loads, but run() fails:", "type mismatch" if "type mismatch" in str(error) else error)
PY
# Every window of 2 x 2 holds one sample of -5 and three zeros of padding.
still 'Pad and MaxPool, without optimization' "$(python3 optimize.py pool none)" '0 0 0 0'
still 'Pad and MaxPool, by default' "$(python3 optimize.py pool default)" '-5 -5 -5 -5'
# The cubic weights half way between samples are -3/32, 19/32, 19/32, -3/32: the columns 0 1 2 3 become 0.41 2.59, the
# rows 0 4 8 12 become 1.63 10.38.
# Their sums in steps of 0.5 are 2 4 11 13.
still 'quantized cubic Resize, without optimization' "$(python3 optimize.py resize none)" '2 4 11 13'
still 'quantized cubic Resize, by default' "$(python3 optimize.py resize default)" \
    'loads, but run() fails: type mismatch'
verdict
