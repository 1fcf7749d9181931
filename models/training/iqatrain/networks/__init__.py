"""One module per network; `build` finds one by its name."""

from . import bpclip, metaiqa, mt_irn

NAMES = ("metaiqa", "mt-irn", "bpclip-nr", "bpclip-fr")


def build(name: str, **options):
    """The untrained network called `name`, one of NAMES."""
    if name == "metaiqa":
        return metaiqa.MetaIqa(**options)
    if name == "mt-irn":
        return mt_irn.MtIrn(**options)
    if name in ("bpclip-nr", "bpclip-fr"):
        return bpclip.BpClip(reference=name == "bpclip-fr", **options)
    raise ValueError(f"no network is called {name!r}; there are {', '.join(NAMES)}")
