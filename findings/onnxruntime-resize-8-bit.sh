#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ONNX Runtime's Resize on 8-bit tensors: int8 loses everything below zero, cubic loads and does not run.
#
# Expected: the operator's specification (Resize, opset 18 and 19) allows every tensor type for X. Interpolation
#   weights add up to one, so a constant tensor stays what it is under every mode, with and without antialias.
# Actual: on the CPU, with antialias=1 an int8 tensor is clipped to 0..255 in between, so that each negative value
#   becomes 0, without an error; mode=cubic without antialias makes a session of a uint8 or int8 model and fails in
#   run() with "Tensor type mismatch"; mode=linear cuts the fraction off without antialias and rounds it with
#   antialias, so 31.75 is 31 or 32. The same tensors in float32 are right.
# Seen with: onnxruntime 1.26.0 and 1.32.0 (CPU). Found by comparing with onnx's reference evaluator.
. "$(dirname -- "$0")/common.sh"
pypi onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat >resize.py <<'PY'
import sys
import numpy as np, onnx, onnxruntime
from onnx import helper, numpy_helper

kind, mode, antialias, *values = sys.argv[1:]
x = np.array(values, kind).reshape(1, 1, 1, -1)
element = helper.np_dtype_to_tensor_dtype(x.dtype)
graph = helper.make_graph(
    [helper.make_node("Resize", ["x", "", "scales"], ["y"], mode=mode, antialias=int(antialias))], "resize",
    [helper.make_tensor_value_info("x", element, x.shape)],
    [helper.make_tensor_value_info("y", element, [1, 1, 1, 2 * len(values)])],
    [numpy_helper.from_array(np.array([1, 1, 1, 2], np.float32), "scales")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
onnx.checker.check_model(model)
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
try:
    print(*session.run(None, {"x": x})[0].ravel())
except Exception as error:
    print("loads, but run() fails:", "type mismatch" if "type mismatch" in str(error) else error)
PY
resize() { # RECORDED TYPE MODE ANTIALIAS VALUE…
    recorded=$1
    shift
    still "$*" "$(python3 resize.py "$@")" "$recorded"
}
resize '-100.0 -100.0 -100.0 -100.0 -100.0 -100.0' float32 linear 1 -100 -100 -100
resize '0 0 0 0 0 0' int8 linear 1 -100 -100 -100
resize '0 0 0 0 0 0' int8 cubic 1 -100 -100 -100
resize '-100 -100 -100 -100 -100 -100' int8 linear 0 -100 -100 -100
resize 'loads, but run() fails: type mismatch' uint8 cubic 0 0 127
resize '0.0 31.75 95.25 127.0' float32 linear 0 0 127
resize '0 31 95 127' uint8 linear 0 0 127
resize '0 32 95 127' uint8 linear 1 0 127
verdict
