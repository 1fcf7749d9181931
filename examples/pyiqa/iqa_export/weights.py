# SPDX-License-Identifier: MPL-2.0
"""Where a metric's weights come from: pyiqa's own downloads, the user's files, or a seed.

pyiqa fetches weights while it constructs a network. With files or a seed nothing is fetched: at the few functions
through which pyiqa, torchvision, timm and CLIP download, the file of that name among the user's is handed over instead.
What no file has is drawn from the seed; without a seed it becomes NaN, and what is still NaN at the end is an error
that lists the files.
"""

import contextlib
import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock
from urllib.parse import unquote, urlparse

import torch
from torch.jit import load as load_script

# Vision layers, width and patch, text width and heads of OpenAI's CLIP models (arXiv 2103.00020, tables 19 and 20).
CLIP_SHAPES = {
    "RN50": dict(
        embed_dim=1024, image_resolution=224, vision_layers=(3, 4, 6, 3), vision_width=64, vision_patch_size=None
    ),
    "ViT-B/32": dict(embed_dim=512, image_resolution=224, vision_layers=12, vision_width=768, vision_patch_size=32),
}
CLIP_TEXT = dict(context_length=77, vocab_size=49408, transformer_width=512, transformer_heads=8, transformer_layers=12)
ARCHES = """lpips dists nima dbcnn hypernet arniqa topiq clipiqa liqe unique pieapp stlpips ckdn ahiq tres maniqa
musiq metaiqa""".split()
WRAPPERS = ("params", "params_ema", "state_dict", "model")


class Missing(Exception):
    """Weights that nothing gives, with what to do."""


class Given:
    """The user's files, and which of them was asked for."""

    def __init__(self, files: list[Path], seeded: bool):
        self.seeded, self.wanted = seeded, []
        self.files = {file.name: file for file in files}
        self.used: set[str] = set()

    def file(self, name: str) -> Path | None:
        self.wanted.append(name)
        if name in self.files:
            self.used.add(name)
            return self.files[name]
        return None

    def beginning(self, start: str) -> Path | None:
        """For weights whose publisher names them by more than the network."""
        name = next((name for name in self.files if name.startswith(start)), f"{start}*")
        return self.file(name)

    def left(self) -> list[Path]:
        return [file for name, file in self.files.items() if name not in self.used]

    def without(self, network: torch.nn.Module) -> None:
        """What no file has."""
        if self.seeded:
            return
        with torch.no_grad():
            for tensor in network.state_dict().values():
                if tensor.is_floating_point():
                    tensor.fill_(float("nan"))


class Absent(dict):
    """Weights of no file, as they pass through whoever asked for them."""

    def __getitem__(self, _):
        return self


def read(path: Path) -> dict:
    """Tensors by name; only weights are unpickled, no code. From safetensors, a checkpoint, or TorchScript."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except RuntimeError:
        return load_script(path, map_location="cpu").state_dict()


@contextlib.contextmanager
def replaced(given: Given) -> Iterator[None]:
    """pyiqa's construction without a network connection."""
    arches = {name: importlib.import_module(f"pyiqa.archs.{name}_arch") for name in ARCHES}
    clip_model = importlib.import_module("pyiqa.archs.clip_model")
    arch_util = importlib.import_module("pyiqa.archs.arch_util")
    timm = importlib.import_module("timm")
    load_into, create = torch.nn.Module.load_state_dict, timm.create_model

    def name_of(url: str) -> str:
        return Path(unquote(urlparse(url).path)).name

    def state_dict(url, *_, **__):
        found = given.file(name_of(url))
        return read(found) if found else Absent()

    def load_state_dict(network, state, *arguments, **options):
        # Whoever picks tensors out of nothing has nothing.
        if not state:
            return given.without(network)
        return load_into(network, state, *arguments, **options)

    def pretrained(network, url, strict=True, weight_keys=None):
        state = state_dict(url)
        if isinstance(state, Absent):
            return given.without(network)
        state = state[weight_keys] if weight_keys else state
        return load_into(network, arch_util.clean_state_dict(state), strict=strict)

    def timm_model(name, *arguments, pretrained=False, **options):
        network = create(name, *arguments, pretrained=False, **options)
        if pretrained:
            found = given.beginning(name)
            if found is None:
                given.without(network)
            elif options.get("features_only"):
                raise Missing(f"{found.name}: a backbone's weights do not fit here; give the metric's whole checkpoint")
            else:
                load_into(network, read(found))
        return network

    def clip(name, *_, **__):
        # Its constructor leaves OpenAI's initialisation.
        found = given.file(name_of(clip_model._MODELS[name]))
        if found:
            network = clip_model.build_model(dict(read(found)))
        else:
            network = clip_model.CLIP(**CLIP_SHAPES[name], **CLIP_TEXT)
            given.without(network)
        return network.float().eval()

    def regressor(path, *_, **__):
        found = given.file(Path(path).name)
        if found:
            return load_script(found, map_location="cpu")
        network = torch.nn.Linear(2 * 2048, 1)  # ARNIQA's: a ridge regression on the two scales' features
        given.without(network)
        return network

    def downloaded(url, **_):
        """A path, for those who read the file themselves."""
        name = name_of(url)
        found = given.file(name)
        if found is None:
            found = folder / name
            torch.save(prompts(given) if name.startswith("CLIP-IQA+") else Absent(), found)
        return str(found)

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(torch.serialization.safe_globals([Absent]))
        patches = [
            (torch.hub, "load_state_dict_from_url", state_dict),
            (importlib.import_module("torchvision.models._api"), "load_state_dict_from_url", state_dict),
            (torch.nn.Module, "load_state_dict", load_state_dict),
            (timm, "create_model", timm_model),
            (arches["ckdn"], "load_state_dict_from_url", state_dict),
            (arches["arniqa"], "load_file_from_url", lambda url, **_: name_of(url)),
            (arches["arniqa"].torch.jit, "load", regressor),
            (arches["clipiqa"], "load", clip),
            (arches["clipiqa"], "load_file_from_url", downloaded),
            (arches["ahiq"], "load_file_from_url", downloaded),
            (arches["metaiqa"], "load_file_from_url", downloaded),
            (arches["liqe"], "load", clip),
            # Features of texts, which belong to the weights that they were made with.
            (arches["liqe"], "DEFAULT_CACHE_DIR", str(folder)),
        ]
        patches += [
            (module, "load_pretrained_network", pretrained)
            for module in arches.values()
            if hasattr(module, "load_pretrained_network")
        ]
        for module, name, function in patches:
            stack.enter_context(mock.patch.object(module, name, function))
        yield


def prompts(given: Given) -> torch.Tensor:
    """CLIP-IQA+'s: 16 words for each of good and bad."""
    return torch.randn(2, 16, CLIP_TEXT["transformer_width"]) * (0.02 if given.seeded else float("nan"))


def finish(network: torch.nn.Module, given: Given) -> None:
    """A file that nobody asked for by name is the whole network's; then nothing may be missing."""
    for file in given.left():
        state = read(file)
        state = next((state[key] for key in WRAPPERS if key in state), state)
        state = {key.removeprefix("module."): value for key, value in state.items()}
        try:
            network.load_state_dict(state, strict=True)
        except (RuntimeError, AttributeError, TypeError) as error:
            raise Missing(
                f"{file}: neither one of {', '.join(given.wanted)} nor weights of the whole network: {error}"
            ) from error
    lost = [name for name, tensor in tensors(network) if tensor.is_floating_point() and tensor.isnan().any()]
    if lost:
        raise Missing(
            f"no file gives {len(lost)} of the network's tensors, {lost[0]} among them. pyiqa takes its weights from: "
            f"{', '.join(dict.fromkeys(given.wanted))}. Give them with --weights, or let --seed draw what is missing"
        )


def tensors(network: torch.nn.Module):
    for one in (network, *aside(network)):
        yield from one.state_dict().items()


def aside(network: torch.nn.Module) -> list[torch.nn.Module]:
    """CLIP, where pyiqa keeps it in a list so that it is no part of the network's own weights."""
    kept = getattr(network, "clip_model", None)
    return kept if isinstance(kept, list) else []


def enliven(network: torch.nn.Module, seed: int, pictures: list[tuple[torch.Tensor, ...]]) -> None:
    """Makes drawn weights answer to pictures.

    Fresh batch norms pass everything on, and some libraries start their residual branches at 0, where an error could
    not be seen. Scale and shift are drawn, then the statistics taken over some pictures.
    """
    draw = torch.Generator().manual_seed(seed)
    norms = [one for one in modules(network) if isinstance(one, torch.nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    with torch.no_grad():
        for norm in norms:
            norm.weight.copy_(0.5 + torch.rand(norm.weight.shape, generator=draw))
            norm.bias.copy_(0.2 * torch.randn(norm.bias.shape, generator=draw))
            if isinstance(norm, torch.nn.BatchNorm1d):
                continue  # one picture gives it one number a channel, which has no variance
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        # Some networks set their backbone's norms to `eval` as they run.
        with mock.patch.object(torch.nn.modules.batchnorm._BatchNorm, "train", lambda self, mode=True: self):
            for one in pictures:
                network(*one)
    for norm in norms:
        norm.eval()


def modules(network: torch.nn.Module):
    for one in (network, *aside(network)):
        yield from one.modules()
