# SPDX-License-Identifier: MPL-2.0
"""Full-reference measures of one pair, from `piq` (none has learned weights): the teachers of made labels.

All are computed on uint8 RGB pictures of equal size and returned so that higher is better.
"""

import warnings

import numpy as np
import torch

# PSNR in dB; the others as their papers scale them, GMSD and MDSI (distances) with the sign changed.
MEASURES = ("psnr", "ssim", "gmsd", "mdsi", "haarpsi", "vsi")
EQUAL = (100.0, 1.0, 0.0, 0.0, 1.0, 1.0)  # what they give two equal pictures


def _tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255


def measures(reference: np.ndarray, distorted: np.ndarray, device: str = "cpu") -> np.ndarray:
    """[6] float32, in the order of MEASURES; `reference` and `distorted` are [h, w, 3] uint8."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # piq's own deprecated calls
        import piq

        x, y = _tensor(distorted).to(device), _tensor(reference).to(device)
        error = float(((x - y) ** 2).mean())
        found = [
            min(EQUAL[0], -10 * np.log10(error)) if error else EQUAL[0],
            float(piq.ssim(x, y, data_range=1.0)),
            -float(piq.gmsd(x, y, data_range=1.0)),
            -float(piq.mdsi(x, y, data_range=1.0)),
            float(piq.haarpsi(x, y, data_range=1.0)),
            float(piq.vsi(x, y, data_range=1.0)),
        ]
    return np.array(found, np.float32)
