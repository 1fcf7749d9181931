# SPDX-License-Identifier: MPL-2.0
"""One module per network; `build` finds one by its name."""

from . import bpclip, coding, metaiqa, mt_irn, pooled, resnet18_fr, two_scales

NAMES = ("metaiqa", "mt-irn", "bpclip-nr", "bpclip-fr")
FULL_REFERENCE = ("bpclip-fr", "resnet18-fr")
WITHOUT_REFERENCE = ("metaiqa", "mt-irn", "bpclip-nr", "pooled")  # what `run` trains; `pooled` is not exported
EXPORTED = (*NAMES, "two-scales", "coding", "resnet18-fr")  # two-scales is called metaiqa in its file


def build(name: str, **options):
    """The untrained network called `name`, one of NAMES."""
    if name == "metaiqa":
        return metaiqa.MetaIqa(**options)
    if name == "two-scales":
        return two_scales.TwoScales(**options)
    if name == "coding":
        return coding.Coding(**options)
    if name == "resnet18-fr":
        return resnet18_fr.ResNet18Fr(**options)
    if name == "pooled":
        return pooled.Pooled(**options)
    if name == "mt-irn":
        return mt_irn.MtIrn(**options)
    if name in ("bpclip-nr", "bpclip-fr"):
        return bpclip.BpClip(reference=name == "bpclip-fr", **options)
    raise ValueError(f"no network is called {name!r}; there are {', '.join((*EXPORTED, 'pooled'))}")
