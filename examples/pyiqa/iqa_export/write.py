# SPDX-License-Identifier: MPL-2.0
"""An ONNX file out of a network: traced, with free height and width unless told, the contract in its metadata."""

import warnings
from pathlib import Path

import onnx
import torch

OPSET = 17
KEY = "iqa.contract"


def trace(
    network: torch.nn.Module,
    pictures: list[torch.Tensor],
    inputs: list[str],
    outputs: list[str],
    target,
    free: bool = True,
) -> None:
    """Writes `network` to a path or a file, with pictures [1, 3, height, width] of any size, or only of this one."""
    network.eval()  # the exporter puts the mode back that it found
    # The fused attention has no counterpart in ONNX.
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # Each is a number that tracing freezes. Whether one mattered is what the check at other sizes finds.
            warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("ignore", category=UserWarning)
            torch.onnx.export(
                network,
                tuple(pictures),
                target,
                input_names=inputs,
                output_names=outputs,
                dynamic_axes={name: {2: f"{name}_height", 3: f"{name}_width"} for name in inputs if free},
                opset_version=OPSET,
                dynamo=False,
            )
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def add_contract(path: Path, contract: str) -> None:
    """Puts the contract into the file, in place of an earlier one, and checks the graph."""
    model = onnx.load(path)
    kept = [(entry.key, entry.value) for entry in model.metadata_props if entry.key != KEY]
    onnx.helper.set_model_props(model, dict([*kept, (KEY, contract)]))
    onnx.checker.check_model(model)
    onnx.save(model, path)
