# SPDX-License-Identifier: MPL-2.0
"""The map of structural similarity (Wang, Bovik, Sheikh, Simoncelli, 2004) that MT-IRN learns to predict."""

import torch
import torch.nn.functional as F

LUMA = (0.299, 0.587, 0.114)


def ssim_map(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """[n, 3, h, w] R'G'B' 0 to 1, twice -> [n, 1, h, w], -1 to 1: of luma, an 11x11 Gaussian of sigma 1.5, edges
    reflected.
    """
    weights = torch.tensor(LUMA, device=x.device).view(1, 3, 1, 1)
    x, y = ((one.float() * weights).sum(1, keepdim=True) for one in (x, y))
    offsets = torch.arange(-5, 6, device=x.device, dtype=torch.float32)
    line = torch.exp(-(offsets**2) / (2 * 1.5**2))
    line = line / line.sum()

    def mean(z):
        z = F.conv2d(F.pad(z, (5, 5, 5, 5), mode="reflect"), line.view(1, 1, 1, 11))
        return F.conv2d(z, line.view(1, 1, 11, 1))

    c1, c2 = 0.01**2, 0.03**2
    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    return ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))
