"""One module per network; `build` finds one by its name."""

from . import metaiqa


def build(name: str, **options):
    """The untrained network called `name`."""
    return {"metaiqa": metaiqa.MetaIqa}[name](**options)
