#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# GroupNormalization goes wrong where the mean is large: on 10-bit samples by a quarter, on 16-bit samples by a factor
# of 600.
#
# Expected: y = (x - mean) / sqrt(variance + epsilon) (the operator's text, opset 21). Samples that are half m - d and
#   half m + d have the mean m and the variance d * d, so y is -1 and 1 whatever m is. All numbers here are exact in
#   float32.
# Actual: the operator has no kernel on the CPU; the function body that the onnx package gives for it takes the
#   variance as the mean of the squares minus the square of the mean, in float32. At 940 +- 1 (10-bit white with a
#   dither) y is +-1.26, at 40000 +- 2 +-632; other values give NaN. InstanceNormalization, the same arithmetic with a
#   group a channel, is right.
# Seen with: onnxruntime 1.26.0 and 1.32.0 (CPU), onnx 1.23.2. Found by giving normalizations samples that are not
#   scaled to 0..1.
. "$(dirname -- "$0")/common.sh"
pypi onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat >normalize.py <<'PY'
import sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

operator, mean, step = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x = np.full((1, 2, 16, 16), mean, np.float32)
x[:, :, ::2] += step
x[:, :, 1::2] -= step
groups = {"num_groups": 2} if operator == "GroupNormalization" else {}
graph = helper.make_graph(
    [helper.make_node(operator, ["x", "scale", "bias"], ["y"], epsilon=1e-5, **groups)], "normalize",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, x.shape)],
    [numpy_helper.from_array(np.full(2, value, np.float32), name) for name, value in (("scale", 1), ("bias", 0))])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
onnx.checker.check_model(model)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
print(*(f"{value:.2f}" for value in np.unique(session.run(None, {"x": x})[0])))
PY
for operator in InstanceNormalization GroupNormalization; do
    case $operator in
    Instance*) at_940='-1.00 1.00' at_40000='-1.00 1.00' ;;
    *) at_940='-1.26 1.26' at_40000='-632.46 632.46' ;;
    esac
    still "$operator at   200 +- 1" "$(python3 normalize.py $operator 200 1)" '-1.00 1.00'
    still "$operator at   940 +- 1" "$(python3 normalize.py $operator 940 1)" "$at_940"
    still "$operator at 40000 +- 2" "$(python3 normalize.py $operator 40000 2)" "$at_40000"
done
verdict
