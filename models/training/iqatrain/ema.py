# SPDX-License-Identifier: MPL-2.0
"""An exponential moving average of a network's weights: what is validated, exported and shipped."""

import torch
from torch import nn


class Ema:
    """`shadow` holds the averaged copy, under the names of the network's state dict."""

    def __init__(self, network: nn.Module, decay: float):
        self.decay = decay
        self.shadow = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Takes in the weights after `step` (from 0). The decay rises to its value, or the start would weigh most."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.shadow[name].lerp_(value, 1 - decay)
            else:
                self.shadow[name].copy_(value)
