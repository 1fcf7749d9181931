"""Training of the picture-quality networks that onnx-iqa bundles."""
