# SPDX-License-Identifier: MPL-2.0
"""Measures a trained network, in single precision, on five crops a picture.

    python -m iqatrain.evaluate test       --cache cache --checkpoint run/checkpoint.pt --scores test.csv
    python -m iqatrain.evaluate pictures   --pictures photographs --checkpoint run/checkpoint.pt
    python -m iqatrain.evaluate rounding   --cache cache --checkpoint run/checkpoint.pt --weights half
    python -m iqatrain.evaluate order      --cache cache --checkpoint run/checkpoint.pt
    python -m iqatrain.evaluate attributes --synthetic synthetic --network bpclip-nr --checkpoint run/checkpoint.pt
    python -m iqatrain.evaluate map        --synthetic synthetic --network mt-irn --checkpoint run/checkpoint.pt
    python -m iqatrain.evaluate static     --ladders ladders --model ../metaiqa/model.onnx

`test` is for a finished network, once: choices are made on held-out training pictures. With --model instead of
--checkpoint it is the exported graph in ONNX Runtime that is tested (`order` and `attributes` too); --log FILE appends
what was found to a results.jsonl. `rounding` and `order` look at those held-out pictures, `attributes` and `map`, and
`rounding` of pairs, at synthetic pictures of held-out references, and `order` of pairs, and `attributes` where
--pristine is given, at pictures that no stage has seen, which are distorted on the way. `static` codes a second of a
scene that stands still, each frame with grain of its own, from references of 1080 lines that are held out of ladders.
"""

import argparse
import csv
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch

from . import coded, data, distortions, export, full_reference, kadid, labels, networks, restoration, runtime, synthetic
from .auxiliary import SyntheticBatches
from .benchmarks import live
from .finetune import inputs, predictions, score, scores_beside, scores_of
from .ladder_set import open_ladders
from .measures import by_subset, plcc, srocc
from .runtime import sha256

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def on_test(network, given):
    """SROCC and PLCC on BIQ2021's official test part, whole and by subset."""
    pictures = data.open_biq2021(given.cache, "test")
    pictures = pictures.take(np.arange(len(pictures)))
    scores = predictions(network, pictures, True, bf16=False)
    if given.scores:
        with open(given.scores, "w", newline="") as file:
            csv.writer(file).writerows(zip(pictures.names, pictures.mos, scores))
    found = [{"subset": subset, **part} for subset, part in by_subset(scores, pictures).items()]
    if given.log:
        of = {"model": sha256(given.model)} if given.model else {"checkpoint": given.checkpoint.name}
        live.record_look(given.log, name=given.name, set="BIQ2021's test part", **of, subsets=found)
    yield from found


def on_pictures(network, given):
    """SROCC and PLCC on the --pictures, and where each stands."""
    pictures = data.open_scored(given.pictures, given.short_side)
    scores = predictions(network, pictures, True, bf16=False)
    rows = list(zip(pictures.names, pictures.mos.tolist(), scores.tolist(), strict=True))
    if given.scores:
        with open(given.scores, "w", newline="") as file:
            csv.writer(file).writerows([("file", "mos", "score"), *rows])
    for name, mos, value in rows:
        yield {"file": name, "mos": round(mos, 4), "score": round(value, 4)}
    yield {"pictures": len(pictures), "srocc": srocc(scores, pictures.mos), "plcc": plcc(scores, pictures.mos)}


def held_out_scored(network, given):
    """(pictures, opinion) of held-out pictures, or (pair, label) of pairs on held-out references, drawn at random."""
    if network.name in networks.FULL_REFERENCE:
        pairs = full_reference.Pairs(synthetic.open_synthetic(given.synthetic), given.tables, held_out=True)
        random = np.random.default_rng(0)
        for _ in range(given.count):
            n, kind, level = random.choice(pairs.numbers), *random.integers(1, (kadid.TYPES + 1, kadid.LEVELS + 1))
            yield (
                (pairs.pictures.picture(n, kind, level), pairs.pictures.reference(n)),
                pairs.labels.score(n, kind, level),
            )
    else:
        held_out = data.split(data.open_biq2021(given.cache, "train"), given.held_out)[1]
        for i in range(min(given.count, len(held_out))):
            yield (held_out.picture(i),), held_out.mos[i]


@torch.no_grad()
def rounding(network, given):
    """What the stored weights cost, all crops in single precision: points of 100, and SROCC with the opinions."""
    stored, _ = export.rounded(network, **export.rounding_of(given))
    found = []
    for pictures, opinion in held_out_scored(network, given):
        found.append([*(score(one, *pictures) for one in (network, stored)), opinion])
    exact, rough, opinions = np.array(found).T
    points = 100 * np.abs(exact - rough)
    change = srocc(rough, opinions) - srocc(exact, opinions)
    yield {
        "weights": given.weights,
        "pictures": len(points),
        "largest": float(points.max()),
        "mean": float(points.mean()),
        "srocc change": change,
    }


def references(given) -> list[np.ndarray]:
    """`count` of the --pristine pictures, evenly over the folder, --side pixels a side."""
    files = sorted(given.pristine.glob("*.png"))
    return [
        synthetic.reference_picture(path, given.side)
        for path in files[:: max(1, len(files) // given.count)][: given.count]
    ]


def at_level_5(given):
    """Of each reference: itself, and its copies by KADID-10k's types at level 5."""
    if given.pristine:
        for number, one in enumerate(references(given)):
            random = lambda kind: np.random.default_rng([26, number, kind])
            yield [one] + [kadid.distort(one, kind, kadid.LEVELS, random(kind)) for kind in range(1, kadid.TYPES + 1)]
        return
    pictures = synthetic.open_synthetic(given.synthetic)
    for n in pictures.part(held_out=True)[: given.count]:
        yield [pictures.reference(n)] + [pictures.picture(n, kind, kadid.LEVELS) for kind in range(1, kadid.TYPES + 1)]


@torch.no_grad()
def attributes(network, given):
    """How often a distortion at level 5 lowers its own attribute more than any other that leaves the network, by
    dimension: held-out references.

    A dimension counts the distortions of `labels.OWN` that name it first; it ships above 80 %.
    """
    dimensions = list(network.attributes)
    hits = {dimension: [] for dimension in dimensions}
    for views in at_level_5(given):
        found = []
        for view in views:
            x = [
                inputs(network, torch.from_numpy(data.views(one, network)).permute(0, 3, 1, 2))
                for one in (view, views[0])
            ]
            found.append(network(*x[: 1 + (network.name == "bpclip-fr")])[1].mean(0).numpy())
        for kind, values in enumerate(found[1:]):
            own = labels.OWN[kadid.NAMES[kind]][0]
            if own in dimensions:
                hits[own].append(int((found[0] - values).argmax()) == dimensions.index(own))
    for dimension, values in hits.items():
        yield {
            "dimension": dimension,
            "pictures": len(values),
            "own moves most": float(np.mean(values)),
            "ships": bool(np.mean(values) >= 0.8),
        }


def quality_map(network, given):
    """MT-IRN's map against the true SSIM map, and its pseudo-reference against the reference."""
    batches = SyntheticBatches(network, given.synthetic, None, 16, 2, held_out=True)
    yield {"pictures": 16 * given.count, **restoration.on_held_out(network.restoration, batches, "cpu", given.count)}


def degraded(crop, kind, strength):
    if strength == 0:
        return crop
    if kind == "h264":
        return distortions.h264([crop] * 3, strength)
    function = {"blur": distortions.blur, "jpeg": distortions.jpeg, "rescale": distortions.rescale}[kind]
    return function(crop, strength, np.random.default_rng(0))


def order_beside(network, given):
    """Of pictures that no stage has seen: agreement of the scores with KADID-10k's means by type and level, and how
    often a coder's neighbouring levels are in order.
    """
    steps, scores = {}, []
    for number, reference in enumerate(references(given)):
        copies = [*list(synthetic.versions(reference, [26, number]).values())[1:], *coded.versions(reference)]
        found = np.reshape(scores_beside(network, reference, copies), (-1, kadid.LEVELS))
        scores.append(found[: kadid.TYPES])
        for name, levels in zip(coded.NAMES, found[kadid.TYPES :]):
            steps.setdefault(name, []).extend(levels[:-1] > levels[1:])
    means = np.broadcast_to(np.load(given.tables)["mean"], (len(scores), kadid.TYPES, kadid.LEVELS))
    agreed = {"srocc": srocc(np.ravel(scores), means.ravel()), "plcc": plcc(np.ravel(scores), means.ravel())}
    yield {
        "pictures": len(scores),
        **agreed,
        "steps in order": {name: float(np.mean(found)) for name, found in steps.items()},
    }


def order(network, given):
    """How often more of a distortion scores lower, on whole pictures: neighbours among STRENGTHS, and first against
    last.
    """
    if network.name == "bpclip-fr":
        yield from order_beside(network, given)
        return
    held_out = data.split(data.open_biq2021(given.cache, "train"), given.held_out)[1]
    for kind in ("h264", "jpeg", "blur", "rescale"):
        rows = []
        for i in range(min(given.count, len(held_out))):
            versions = [data.views(degraded(np.asarray(held_out.picture(i)), kind, s), network) for s in STRENGTHS]
            x = inputs(network, torch.from_numpy(np.concatenate(versions)).permute(0, 3, 1, 2))
            with torch.no_grad():
                rows.append(scores_of(network(x)).numpy().reshape(len(STRENGTHS), -1).mean(1))
        rows = np.array(rows)
        yield {
            "kind": kind,
            "pictures": len(rows),
            "means": [round(100 * float(m), 1) for m in rows.mean(0)],
            "neighbours in order": float((np.diff(rows, axis=1) < 0).mean()),
            "last below first": float((rows[:, -1] < rows[:, 0]).mean()),
        }


FRAMES, GRAIN, FACTORS = 25, 2.0, (20, 28, 36)


def second_of(picture: np.ndarray, factor: int, random: np.random.Generator) -> list[np.ndarray]:
    """A second of the picture as x264 codes it at a rate factor; each frame has grain of its own, GRAIN of 255."""
    encoder, decoder = av.CodecContext.create("libx264", "w"), av.CodecContext.create("h264", "r")
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt, encoder.framerate, encoder.time_base = "yuv420p", Fraction(FRAMES), Fraction(1, FRAMES)
    encoder.options = {"preset": "medium", "crf": str(factor), "threads": "1"}
    packets = []
    for n in range(FRAMES):
        grain = GRAIN * random.standard_normal(picture.shape, np.float32)
        frame = av.VideoFrame.from_ndarray(np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8), "rgb24")
        frame.pts = n
        packets += encoder.encode(frame.reformat(format="yuv420p"))
    packets += encoder.encode()
    if encoder.extradata:
        decoder.extradata = encoder.extradata
    frames = [one for packet in packets for one in decoder.decode(packet)] + decoder.decode()
    return [one.to_ndarray(format="rgb24") for one in frames]


def static(network, given):
    """The standard deviation of a second's scores, in points of 100, while nothing moves."""
    held_out = [one for one in open_ladders(given.ladders) if one.held_out and one.display == 1080]
    for ladder in held_out[: given.count]:
        for factor in FACTORS:
            frames = second_of(np.asarray(ladder.pixels[0]), factor, np.random.default_rng([25, factor]))
            found = [100 * score(network, one) for one in frames]
            yield {
                "reference": ladder.path.stem,
                "crf": factor,
                "frames": len(found),
                "mean": round(float(np.mean(found)), 2),
                "standard deviation": round(float(np.std(found)), 3),
                "range": round(float(np.ptp(found)), 2),
            }


COMMANDS = {
    "test": on_test,
    "pictures": on_pictures,
    "rounding": rounding,
    "order": order,
    "attributes": attributes,
    "map": quality_map,
    "static": static,
}


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=COMMANDS)
    options.add_argument("--network", choices=networks.NAMES, default="metaiqa")
    options.add_argument("--cache", type=Path, help="BIQ2021, as iqatrain.data made it")
    options.add_argument(
        "--synthetic", type=Path, help="what iqatrain.synthetic made, for `attributes`, `map` and pairs"
    )
    options.add_argument("--tables", type=Path, help="what iqatrain.labels wrote, for pairs")
    options.add_argument(
        "--pristine",
        type=Path,
        help="for `order` of pairs, and `attributes`: a folder of pictures that no stage has seen (CID22's "
        "validation part)",
    )
    options.add_argument("--ladders", type=Path, help="for `static`: what iqatrain.ladders made")
    options.add_argument("--pictures", type=Path, help=f"for `pictures`: a folder with {data.SCORES}")
    options.add_argument("--short-side", type=int, default=384, help="--pictures are scaled to it; 0: as they are")
    options.add_argument(
        "--side",
        type=int,
        default=512,
        help="the size of --pristine pictures; at that of a crop each is looked at once",
    )
    runtime.add_options(options, required=True)
    export.add_rounding_options(options)
    options.add_argument(
        "--scores", type=Path, help="where `test` and `pictures` write each picture's name, MOS and score"
    )
    options.add_argument("--log", type=Path, help="for `test`: the results.jsonl that the look is added to")
    options.add_argument("--name", help="for `test`: what it is called in the log")
    options.add_argument("--held-out", type=int, default=500, help="as in training")
    options.add_argument(
        "--count",
        type=int,
        default=200,
        help="how many held-out pictures; `attributes`: references; `map`: batches of 16",
    )
    return options


def main(arguments: list[str] | None = None):
    options = parser()
    given = options.parse_args(arguments)
    if given.model and given.what not in ("test", "pictures", "order", "attributes", "static"):
        options.error("--model is for `test`, `pictures`, `order`, `attributes` and `static`")
    if given.what == "static" and not given.model:
        options.error("`static` wants --model: its contract says at what scale a frame is looked at")
    network = runtime.chosen(given, given.network)
    if given.checkpoint:
        network = network.to(memory_format=torch.channels_last)
    if given.pristine and given.side == network.crop:
        network.crops = 1  # all would be equal
    for line in COMMANDS[given.what](network, given):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
