# SPDX-License-Identifier: MPL-2.0
"""Metrics of PyPI's pyiqa as ONNX files that `iqascore` and `iqacompare` run: see README.md."""
