# SPDX-License-Identifier: MPL-2.0
"""pyiqa's networks in a form that can be traced at one size and runs at all.

Each takes pictures [1, 3, height, width] as the contract prepares them, R'G'B' from 0 to 1 unless it says otherwise,
the distorted one first. It gives the score's numbers [1, n], and [1, n] for each of the contract's tables of
attributes. The layers are those of the object that pyiqa built; only what depends on the picture's size, or is the same
for every picture, is said anew.

`seen_…` take what is shown beside the score from pyiqa's own network as it runs.
"""

import contextlib
import importlib
import math
from collections.abc import Callable, Iterator
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import sampling


class Traceable(nn.Module):
    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.eval()


class AsItIs(Traceable):
    """Whose every operation follows the picture's size already."""

    def forward(self, *pictures: Tensor) -> Tensor:
        return self.network(*pictures).reshape(1, -1)


class UniformCrops(AsItIs):
    """pyiqa's own forward over crops that follow the picture's size."""

    def __init__(self, network: nn.Module, arch: str):
        super().__init__(network)
        self.arch = importlib.import_module(f"pyiqa.archs.{arch}_arch")

    def forward(self, *pictures: Tensor) -> Tensor:
        with mock.patch.object(self.arch, "uniform_crop", sampling.uniform_crops):
            return super().forward(*pictures)


class DeformableCrops(UniformCrops):
    """AHIQ: deformable convolution (Dai et al., ICCV 2017, eq. 2) as bilinear samples through a 1×1 convolution."""

    def forward(self, *pictures: Tensor) -> Tensor:
        with mock.patch.object(self.network.deform_net.deform, "forward", self.deform):
            return super().forward(*pictures)

    def deform(self, x: Tensor, offset: Tensor) -> Tensor:
        layer = self.network.deform_net.deform
        height, width = (int(one) for one in x.shape[2:])  # crops have one size
        down, right = layer.kernel_size
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        columns_of_taps = []
        for tap in range(down * right):
            y = offset[:, 2 * tap] + (rows + tap // right - layer.padding[0])
            x_ = offset[:, 2 * tap + 1] + (columns + tap % right - layer.padding[1])
            grid = torch.stack([x_ * (2 / (width - 1)) - 1, y * (2 / (height - 1)) - 1], -1)
            columns_of_taps.append(F.grid_sample(x, grid, "bilinear", "zeros", align_corners=True))
        weight = layer.weight.flatten(2).permute(0, 2, 1).flatten(1)[:, :, None, None]
        return F.conv2d(torch.cat(columns_of_taps, 1), weight, layer.bias)


class Nima(Traceable):
    """The histogram of opinions, of a picture whose short side the contract has made that of the crop."""

    def forward(self, x: Tensor) -> Tensor:
        x = sampling.centre(x, self.network.base_model.default_cfg["input_size"][-1])
        return self.network.classifier(self.network.global_pool(self.network.base_model(x)[-1]))


class MetaIqa(Traceable):
    """Of a picture that the contract has resized and normalised."""

    def forward(self, x: Tensor) -> Tensor:
        return self.network.head(self.network.resnet_layer(x))


class Unique(Traceable):
    """The mean and the standard deviation, which pyiqa does not give: as its publisher reads the second number."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        network = self.network
        x, body = network.preprocess(x), network.backbone
        x = body.maxpool(body.relu(body.bn1(body.conv1(x))))
        x = body.layer4(body.layer3(body.layer2(body.layer1(x)))).flatten(2)
        pooled = x @ x.transpose(1, 2) / x.shape[2]
        rooted = pooled.sign() * torch.sqrt(pooled.abs() + network.representation.thresh)
        both = network.fc(F.normalize(rooted.flatten(1)))
        return both[:, :1], F.softplus(both[:, 1:])


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Of [tokens, 1, channels] each; no number of tokens is frozen."""

    def split(x):  # [heads, tokens, channels of a head]
        return x.reshape(-1, heads, x.shape[2] // heads).transpose(0, 1)

    q, k, v = split(q), split(k), split(v)
    weights = (q / math.sqrt(q.shape[2]) @ k.transpose(1, 2)).softmax(-1)
    return (weights @ v).transpose(0, 1).flatten(1).unsqueeze(1)


def attend(layer: nn.MultiheadAttention, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, None]:
    """The layer without dropout and masks; PyTorch's own freezes the number of tokens."""
    weights, biases = layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3)
    q, k, v = (F.linear(x, *both) for x, *both in zip((query, key, value), weights, biases, strict=True))
    return layer.out_proj(attention(q, k, v, layer.num_heads)), None


class Topiq(AsItIs):
    """With pooling and interpolation to sizes that are worked out from the picture's."""

    def forward(self, *pictures: Tensor) -> Tensor:
        def interpolate(x, size, mode, align_corners):
            assert not align_corners
            return sampling.resize(x, *(torch.as_tensor(one, dtype=torch.int64) for one in size), mode)

        with (
            mock.patch.object(F, "adaptive_avg_pool2d", sampling.adaptive_avg_pool2d),
            mock.patch.object(F, "interpolate", interpolate),
            mock.patch.object(nn.MultiheadAttention, "forward", attend),
        ):
            return super().forward(*pictures)


def unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


# What the first text of each of CLIP-IQA's pairs says, in the order of its texts.
PAIRS = ("good", "sharp", "sharp-edges", "high-resolution", "noise-free")


def of_pairs(logits: Tensor) -> Tensor:
    """The probability of the first text of each pair [1, n], of a logit for each text."""
    return logits.reshape(1, -1, 2).softmax(-1)[..., 0]


class ClipIqa(Traceable):
    """The texts' features are constants; of attention pooling's answers only the first token's is asked for.

    With several pairs of texts their probabilities are a second output.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network)
        clip = network.clip_model[0]
        self.visual = clip.visual
        with torch.no_grad():
            learned = "clipiqa+" in network.model_type
            texts = network.prompt_learner(clip) if learned else clip.encode_text(network.prompt_pairs)
            self.register_buffer("texts", clip.logit_scale.exp() * unit(texts).transpose(0, 1))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        x = (x - self.network.default_mean) / self.network.default_std
        x = self.visual.forward_features(x)[-1].flatten(2).permute(2, 0, 1)
        mean = x.mean(0, keepdim=True)
        pairs = of_pairs(unit(self.pool(mean, torch.cat([mean, x]))) @ self.texts)
        return (pairs.mean(1, keepdim=True), pairs) if pairs.shape[1] > 1 else pairs

    def pool(self, query: Tensor, tokens: Tensor) -> Tensor:
        layer = self.visual.attnpool
        pooled = attention(layer.q_proj(query), layer.k_proj(tokens), layer.v_proj(tokens), layer.num_heads)
        return layer.c_proj(pooled.flatten(1))


# LIQE's scenes and distortions, in the order of its texts.
SCENES = "animal cityscape human indoor landscape night plant still-life others".split()
DISTORTIONS = """jpeg2000 jpeg noise blur color contrast overexposure underexposure spatial quantization
other""".split()
QUALITIES = (1, 2, 3, 4, 5)


def of_texts(probabilities: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The probability of each quality, scene and distortion [1, n], of a probability for each text."""
    texts = probabilities.reshape(1, len(QUALITIES), len(SCENES), len(DISTORTIONS))
    return texts.sum((2, 3)), texts.sum((1, 3)), texts.sum((1, 2))


class Liqe(Traceable):
    """15 windows out of a raster of 32 pixels. A picture below 224 pixels has none and no score, as in pyiqa.

    It gives the logits of five qualities. With texts on scenes and distortions, one softmax over all texts makes the
    probabilities of all three.
    """

    def __init__(self, network: nn.Module):
        super().__init__(network)
        self.visual = network.clip_model.visual
        with torch.no_grad():
            scale = network.clip_model.logit_scale.exp()
            self.register_buffer("texts", scale * network.text_features.transpose(0, 1))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        network = self.network
        x = (x - network.default_mean) / network.default_std
        _, columns, every = sampling.sliding(x, 224, network.step)
        count = torch.clamp(every, max=network.num_patch)
        step = torch.clamp(torch.div(every, torch.clamp(count, min=1), rounding_mode="floor"), min=1)
        place = torch.arange(count) * step
        tops = torch.div(place, torch.clamp(columns, min=1), rounding_mode="floor")
        x = sampling.windows(x, tops * network.step, (place - tops * columns) * network.step, 224)
        logits = (unit(self.features(x)) @ self.texts).mean(0, keepdim=True)
        return of_texts(logits.softmax(1)) if network.mtl else logits

    def features(self, x: Tensor) -> Tensor:
        """CLIP's vision transformer with its embedding of positions, which pyiqa interpolates to the same size."""
        visual = self.visual
        x = visual.conv1(x).flatten(2).transpose(1, 2)
        first = visual.class_embedding.expand(x.shape[0], 1, -1)
        x = visual.ln_pre(torch.cat([first, x], 1) + visual.positional_embedding)
        x = visual.transformer(x.transpose(0, 1))[0]
        return visual.ln_post(x) @ visual.proj


class PieApp(Traceable):
    """Windows of 64 pixels, 27 apart, weighed by the network."""

    def forward(self, distorted: Tensor, reference: Tensor) -> Tensor:
        network = self.network
        size, stride = network.patch_size, network.stride
        _, columns, every = sampling.sliding(distorted, size, stride)
        place = torch.arange(every)
        tops = torch.div(place, columns, rounding_mode="floor")
        tops, lefts = tops * stride, (place - tops * columns) * stride
        found = [
            network.compute_features(sampling.windows(network.preprocess(x), tops, lefts, size))
            for x in (distorted, reference)
        ]
        fine, coarse = (theirs - ours for ours, theirs in zip(*found))
        scores = network.ref_score_subtract(0.01 * network.fc2_score(F.relu(network.fc1_score(fine))))
        weights = network.fc2_weight(F.relu(network.fc1_weight(coarse))) + 1e-6
        return ((weights * scores).sum() / weights.sum()).reshape(1, 1)


class Ckdn(Traceable):
    def forward(self, distorted: Tensor, reference: Tensor) -> Tensor:
        network = self.network
        size = math.floor(288 / 0.875)
        distorted = sampling.centre_of_resized(distorted, size, 288, "bicubic")
        reference = sampling.centre_of_resized(reference, size, 288, "nearest")
        normal = ((x - network.default_mean) / network.default_std for x in (distorted, reference))
        return network.net(*normal)


class Musiq(Traceable):
    """Patches of 32 pixels of the picture at two sizes and its own.

    pyiqa fills up with patches that no other attends to; they are left out.
    """

    def forward(self, x: Tensor) -> Tensor:
        network, options = self.network, self.network.data_preprocess_opts
        x = (x - 0.5) * 2
        grid, encoder = options["hse_grid_size"], network.transformer_encoder
        tokens = []
        longer = sorted(options["longer_side_lengths"])
        for scale, scaled in enumerate([*(self.scaled(x, one) for one in longer), x]):
            patches, rows, columns = self.patches(scaled)
            place = (self.hashed(rows, grid)[:, None] * grid + self.hashed(columns, grid)[None]).reshape(-1)
            embedded = self.embedded(patches)[None]
            embedded = encoder.posembed_input(embedded, place[None])
            if encoder.use_scale_emb:
                embedded = encoder.scaleembed_input(embedded, torch.full((1, 1), scale))
            tokens.append(embedded)
        x = torch.cat([encoder.cls, *tokens], 1)
        for block in encoder.transformer.values():
            x = block(x, None)
        return network.head(encoder.encoder_norm(x)[:, 0])

    @staticmethod
    def scaled(x: Tensor, longer: int) -> Tensor:
        """In double precision, with halves to the even neighbour, as Python works the size out."""
        height, width = sampling.side(x, 2).double(), sampling.side(x, 3).double()
        ratio = longer / torch.maximum(height, width)
        return sampling.resize(x, *(torch.round(one * ratio).long() for one in (height, width)), "bicubic")

    @staticmethod
    def patches(x: Tensor, size: int = 32) -> tuple[Tensor, Tensor, Tensor]:
        """All of it, with zeros around so that the last ones are whole: TensorFlow's SAME."""
        counts = [torch.div(sampling.side(x, axis) + size - 1, size, rounding_mode="floor") for axis in (2, 3)]
        for axis, count in zip((2, 3), counts):
            old = sampling.side(x, axis)
            before = torch.div(count * size - old, 2, rounding_mode="floor")
            place = torch.arange(count * size) - before
            inside = ((place >= 0) & (place < old)).float()
            shape = [1, 1, -1, 1] if axis == 2 else [1, 1, 1, -1]
            x = x.index_select(axis, torch.minimum(torch.clamp(place, min=0), old - 1)) * inside.reshape(shape)
        x = x.reshape(3, counts[0], size, counts[1], size).permute(1, 3, 0, 2, 4).reshape(-1, 3, size, size)
        return x, *counts

    @staticmethod
    def hashed(count: Tensor, grid: int) -> Tensor:
        """Which of the grid's positions each patch of a row or column has: the nearest, in single precision."""
        scale = torch.as_tensor(grid).float() / count.float()
        return torch.clamp(torch.floor(torch.arange(count).float() * scale).long(), max=grid - 1)

    def embedded(self, patches: Tensor) -> Tensor:
        network = self.network
        x = network.block1(network.root_pool(network.gn_root(network.conv_root(patches))))
        return network.embedding(x.permute(0, 2, 3, 1).flatten(1))


@contextlib.contextmanager
def without_hooks_kept(network: nn.Module):
    """Networks that collect layers' outputs in hooks start and end with none collected."""
    saved = getattr(network, "save_output", None)
    if saved is not None:
        saved.outputs.clear()
    yield
    if saved is not None:
        saved.outputs.clear()


@contextlib.contextmanager
def seen_by_layer(layer: nn.Module, numbers: Callable[..., Tensor]) -> Iterator[list[float]]:
    """Filled with `numbers` of what `layer` gives when the network runs."""
    found: list[float] = []

    def take(_, __, output):
        found[:] = numbers(output).flatten().tolist()

    hook = layer.register_forward_hook(take)
    try:
        yield found
    finally:
        hook.remove()


def spread(opinions: Tensor) -> Tensor:
    """The standard deviation [1, 1] of a histogram [1, n] over 1 to n."""
    values = torch.arange(1, opinions.shape[1] + 1)
    mean = (opinions * values).sum(1, keepdim=True)
    return torch.sqrt((opinions * (values - mean) ** 2).sum(1, keepdim=True))


def seen_nima(network: nn.Module):
    return seen_by_layer(network.classifier, spread)


def seen_unique(network: nn.Module):
    return seen_by_layer(network.fc, lambda both: F.softplus(both[:, 1]))


def seen_clipiqa(network: nn.Module):
    return seen_by_layer(network.clip_model[0], lambda logits: of_pairs(logits[0]))


@contextlib.contextmanager
def seen_liqe(network: nn.Module) -> Iterator[list[float]]:
    """LIQE's softmax over all texts is no layer: the last one that the network asks for."""
    found: list[float] = []
    softmax = F.softmax

    def take(*arguments, **options):
        output = softmax(*arguments, **options)
        if output.shape[-1] == len(network.text_features):
            qualities, *labels = of_texts(output) if network.mtl else [output]
            found[:] = torch.cat([*labels, spread(qualities)], 1).flatten().tolist()
        return output

    with mock.patch.object(F, "softmax", take):
        yield found
