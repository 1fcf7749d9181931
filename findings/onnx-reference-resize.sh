#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# onnx's reference evaluator shifts what Resize makes by a pixel or more: align_corners does not reach the last corner.
#
# Expected: the operator's text (Resize, opset 19), where length_resized is the length of the resized tensor:
#   align_corners is x * (length_original - 1) / (length_resized - 1), so that the last sample is the last one of the
#   input; pytorch_half_pixel takes sample 0 if length_resized is 1. Samples that are a ramp, 0 to 8, show the
#   coordinates that were taken.
# Actual: the evaluator uses input * scale, a fraction, where the text has the integer: nine samples times 0.5 are four,
#   and the last of them is 6.86 instead of 8 (tf_crop_and_resize likewise). With one sample left the scale 1/9 times 9
#   is not 1 to the bit, so the middle is taken for the first. half_pixel_symmetric loses a whole pixel where a
#   coordinate is just below an integer: 0 3 5 7 instead of 1 3 5 7. ONNX Runtime follows the text in all of these.
#   Models that were checked against the evaluator, as a yardstick, are checked against that.
# Seen with: onnx 1.23.2 (source: onnx/reference/ops/op_resize.py, _compute_x_ori and _interpolate_1d_along_axis),
#   onnxruntime 1.32.0. Found by computing the operator's text by hand.
. "$(dirname -- "$0")/common.sh"
pypi onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat >resize.py <<'PY'
import sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

x = np.arange(9, dtype=np.float32).reshape(1, 1, 1, 9)
for case in sys.stdin:
    transformation, mode, scale = case.split()
    constants = {"scales": [1, 1, 1, eval(scale)], "roi": [0, 0, 0, 0, 1, 1, 1, 1]}
    graph = helper.make_graph(
        [helper.make_node("Resize", ["x", "roi" if transformation.startswith("tf") else "", "scales"], ["y"], mode=mode,
                          coordinate_transformation_mode=transformation)], "resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 1, "w"])],
        [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for program, (y,) in (("ONNX Runtime", session.run(None, {"x": x})),
                          ("reference evaluator", ReferenceEvaluator(model).run(None, {"x": x}))):
        print(f"{case.strip()} {program}:", *(f"{value:.2f}" for value in y.ravel()))
PY
python3 resize.py >seen <<'CASES' || cannot 'onnxruntime or onnx failed'
half_pixel linear 0.5
align_corners linear 5/9
align_corners linear 0.5
align_corners nearest 0.5
tf_crop_and_resize linear 0.5
pytorch_half_pixel linear 1/9
half_pixel_symmetric linear 0.5
CASES
resize() { # TRANSFORMATION MODE SCALE BY_THE_TEXT BY_THE_EVALUATOR
    still "$1, $2, times $3: ONNX Runtime" "$(sed -n "s|^$1 $2 $3 ONNX Runtime: ||p" seen)" "$4"
    still "$1, $2, times $3: reference evaluator" "$(sed -n "s|^$1 $2 $3 reference evaluator: ||p" seen)" "$5"
}
resize half_pixel linear 0.5 '0.50 2.50 4.50 6.50' '0.50 2.50 4.50 6.50'
resize align_corners linear 5/9 '0.00 2.00 4.00 6.00 8.00' '0.00 2.00 4.00 6.00 8.00'
resize align_corners linear 0.5 '0.00 2.67 5.33 8.00' '0.00 2.29 4.57 6.86'
resize align_corners nearest 0.5 '0.00 3.00 5.00 8.00' '0.00 2.00 5.00 7.00'
resize tf_crop_and_resize linear 0.5 '0.00 2.67 5.33 8.00' '0.00 2.29 4.57 6.86'
resize pytorch_half_pixel linear 1/9 0.00 4.00
resize half_pixel_symmetric linear 0.5 '1.00 3.00 5.00 7.00' '0.00 3.00 5.00 7.00'
verdict
