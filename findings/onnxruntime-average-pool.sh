#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# One AveragePool over 1..10, three answers: ONNX Runtime by the opset's number, and onnx's own reference evaluator.
#
# Expected: kernel 3, stride 3, ceil_mode=1, no padding: the windows are 1 2 3, 4 5 6, 7 8 9 and the rest, 10, so 2 5
#   8 10. What ceil_mode adds past the end is no padding, so count_include_pad does not count it. The texts of opset
#   18 and 19 both divide a window by the number of its elements; opset 19 adds dilations.
# Actual: onnxruntime 1.26.0 divides the last window by 3 in opsets up to 18 (another kernel) and by 1 from 19 on,
#   when count_include_pad=1. A model converted from 18 to 19 gives other scores. onnxruntime 1.32.0 gives 10 in both.
#   The reference evaluator of onnx 1.23.2 shifts all windows instead, as if the missing columns stood in front: 1 4 7
#   9, or 1.5 4 7 9 without count_include_pad. It is right for MaxPool, so as a yardstick it can't be trusted for
#   average pools.
# Seen with: onnxruntime 1.26.0, onnx 1.23.2. Found by comparing operators with the reference evaluator.
. "$(dirname -- "$0")/common.sh"
pypi onnxruntime==1.26.0 onnx==1.23.2 numpy==2.4.6
cat >pool.py <<'PY'
import sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

program, opset, include = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x = np.arange(1, 11, dtype=np.float32).reshape(1, 1, 1, 10)
node = helper.make_node(
    "AveragePool", ["x"], ["y"], kernel_shape=[1, 3], strides=[1, 3], ceil_mode=1, count_include_pad=include)
graph = helper.make_graph(
    [node], "pool", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 1, 4])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
if program == "reference":
    runner = ReferenceEvaluator(model)
else:
    runner = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
print(*(f"{value:.2f}" for value in runner.run(None, {"x": x})[0].ravel()))
PY
still 'onnxruntime, opset 18, count_include_pad=1' "$(python3 pool.py onnxruntime 18 1)" '2.00 5.00 8.00 3.33'
still 'onnxruntime, opset 19, count_include_pad=1' "$(python3 pool.py onnxruntime 19 1)" '2.00 5.00 8.00 10.00'
still 'onnxruntime, opset 18, count_include_pad=0' "$(python3 pool.py onnxruntime 18 0)" '2.00 5.00 8.00 10.00'
still 'onnx reference, opset 19, count_include_pad=1' "$(python3 pool.py reference 19 1)" '1.00 4.00 7.00 9.00'
still 'onnx reference, opset 19, count_include_pad=0' "$(python3 pool.py reference 19 0)" '1.50 4.00 7.00 9.00'
verdict
