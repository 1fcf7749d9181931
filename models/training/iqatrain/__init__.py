# SPDX-License-Identifier: MPL-2.0
"""Training of the picture-quality networks that onnx-iqa bundles."""
