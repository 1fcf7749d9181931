# SPDX-License-Identifier: MPL-2.0
"""The exported file in the plugin against pyiqa, on picture files of many sizes."""

import contextlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import networks
from .metrics import METRICS, REDUCED

# Of the contract's range.
TOLERANCE = 1e-3
# Of what pyiqa's own scores differ by among the pictures: where a metric says nearly the same of all, small differences
# show nothing.
OF_SPREAD = 1e-2


class Failed(Exception):
    """The check could not be made."""


@dataclass
class Scored:
    """A picture's score, and its attributes as the contract shows them, 0 to 100."""

    score: float
    attributes: list[float]


@dataclass
class Result:
    """One number of every picture, of two origins."""

    pictures: list[str]
    pyiqa: list[float]
    plugin: list[float]
    range: float

    @property
    def largest(self) -> float:
        """The largest difference; NaN is no agreement."""
        differences = [abs(ours - theirs) for ours, theirs in zip(self.plugin, self.pyiqa)]
        return max(differences) if all(one == one for one in differences) else float("inf")

    @property
    def spread(self) -> float:
        return max(self.pyiqa) - min(self.pyiqa)

    @property
    def of_spread(self) -> float:
        return self.largest / self.spread if self.spread else float("inf")

    @property
    def good(self) -> bool:
        """Scores that are all the same show nothing, and are not good."""
        return self.spread > 0 and self.largest <= min(TOLERANCE * self.range, OF_SPREAD * self.spread)

    def table(self) -> str:
        rows = zip(self.pictures, self.pyiqa, self.plugin)
        lines = [f"{'picture':32}{'pyiqa':>14}{'plugin':>14}{'difference':>14}"]
        lines += [f"{one:32}{theirs:14.6f}{ours:14.6f}{ours - theirs:14.2e}" for one, theirs, ours in rows]
        return "\n".join(lines)

    def summary(self) -> str:
        return (
            f"largest difference {self.largest:.2e} on {len(self.pictures)} pictures: {self.largest / self.range:.1e} "
            f"of the range (at most {TOLERANCE:.0e}), {self.of_spread:.1e} of what pyiqa's scores differ by "
            f"(at most {OF_SPREAD:.0e})"
        )


def by_pyiqa(name: str, metric, pairs: list[tuple[Path, Path]]) -> list[Scored]:
    """Each picture as the file it is."""
    known = METRICS[name]
    scored = []
    for distorted, reference in pairs:
        files = [str(distorted), str(reference)][: len(known.inputs)]
        with (
            networks.without_hooks_kept(metric.net),
            known.seen(metric.net) if known.seen else contextlib.nullcontext([]) as numbers,
        ):
            score = float(metric(*files))
        scales = zip(numbers, known.shown, strict=True)
        shown = (100 * (one - worst) / (best - worst) for one, (_, worst, best) in scales)
        scored.append(Scored(score, [min(max(one, 0.0), 100.0) for one in shown]))
    return scored


def pipelines(name: str, model: Path, pairs: list[tuple[Path, Path]], folder: Path) -> list[str]:
    """One for each picture, all in one process: elements of the same model share it."""
    words = []
    for number, (distorted, reference) in enumerate(pairs):
        log = f"! iqalog location={quoted(folder / f'{number}.jsonl')} ! fakesink"
        picture, other = (f"filesrc location={quoted(one)} ! pngdec" for one in (distorted, reference))
        if METRICS[name].kind == "no-reference":
            words += [f"{picture} ! iqascore model={quoted(model)} provider=cpu {log}"]
        else:
            alignment = "still" if METRICS[name].kind == REDUCED else "pts"
            compare = f"iqacompare name=c{number} alignment={alignment} measures=0 model={quoted(model)} provider=cpu"
            words += [f"{compare} {log} {other} ! c{number}.reference {picture} ! c{number}.distorted"]
    return " ".join(words).split(" ")


def quoted(path: Path) -> str:
    text = str(path.resolve())
    if any(character in text for character in " \"'\\\t\n"):
        raise Failed(f"{text}: give a path without spaces, quotes or backslashes")
    return text


def by_plugin(
    name: str, model: Path, pairs: list[tuple[Path, Path]], folder: Path, limit: float = 7200
) -> list[Scored]:
    launch = shutil.which("gst-launch-1.0")
    if launch is None:
        raise Failed("gst-launch-1.0 is not in PATH: install GStreamer's tools (gstreamer1.0-tools)")
    command = [launch, "-q", *pipelines(name, model, pairs, folder)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"the plugin was not done with {len(pairs)} pictures after {limit:.0f} s") from error
    said = (run.stderr + run.stdout).strip()
    if "no element" in said:
        raise Failed(f'GStreamer does not find the plugin: eval "$(make -s env)" in the checkout sets it up\n{said}')
    if run.returncode:
        raise Failed(f"the plugin failed:\n{said}")
    names = tuple(one for one, _, _ in METRICS[name].shown)
    return [logged(folder / f"{number}.jsonl", pair[0], names) for number, pair in enumerate(pairs)]


def logged(log: Path, picture: Path, names: tuple[str, ...] = ()) -> Scored:
    """The model's own number of the one frame that the log has, and its attributes."""
    frames = [line["scores"] for line in map(json.loads, log.read_text().splitlines()) if "scores" in line]
    entries = [entry for frame in frames for entry in frame.values()]
    if len(entries) != 1 or "raw" not in entries[0]:
        raise Failed(f"{picture.name}: the plugin's log has no score of it: {entries}")
    found = entries[0].get("attributes", {})
    if set(found) != set(names):
        raise Failed(f"{picture.name}: the plugin's log has the attributes {', '.join(found)}, not {', '.join(names)}")
    return Scored(entries[0]["raw"], [found[one] for one in names])


def check(name: str, metric, model: Path, pairs: list[tuple[Path, Path]], folder: Path) -> tuple[Result, list[Result]]:
    """The scores, and each attribute."""
    # First the part that fails at once where something is missing.
    plugin = by_plugin(name, model, pairs, folder)
    return compare(name, by_pyiqa(name, metric, pairs), plugin, [distorted.name for distorted, _ in pairs])


def compare(name: str, pyiqa: list[Scored], plugin: list[Scored], shown: list[str]) -> tuple[Result, list[Result]]:
    known = METRICS[name]
    scores = Result(shown, [one.score for one in pyiqa], [one.score for one in plugin], abs(known.best - known.worst))
    print(scores.table(), scores.summary(), sep="\n", file=sys.stderr)
    attributes = []
    for number, (attribute, _, _) in enumerate(known.shown):
        theirs, ours = ([one.attributes[number] for one in scored] for scored in (pyiqa, plugin))
        attributes.append(Result(shown, theirs, ours, 100))
        print(attribute, attributes[-1].table(), sep="\n", file=sys.stderr)
    return scores, attributes
