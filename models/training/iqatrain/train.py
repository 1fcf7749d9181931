# SPDX-License-Identifier: MPL-2.0
"""Runs the stages of a config, one after the other, and goes on where it was stopped.

    python -m iqatrain train configs/metaiqa.toml --data data --out runs/metaiqa
    python -m iqatrain train configs/metaiqa.toml --dry-run               prints the command of each stage
    python -m iqatrain train configs/metaiqa.toml --set base-512.lr=5e-5  changes an option of a stage

A config is a list of [[stage]]s. `run` names the module, `name` the stage and its folder in --out; every other key is
an option of that module's command line (`python -m iqatrain MODULE --help`). In texts, {data} is the folder of what was
fetched, {run} that of --out, {runs} the one that holds it, {models} the repository's models/.

--out holds stages.json, which says what each stage was run with and whether it is done: those are skipped, and a stage
that trains resumes from its checkpoint. A stage whose options changed since is refused, for its result would be of
neither.
"""

import argparse
import importlib
import json
import re
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2]
# What a stage may run. Benchmarks are not among them: a look at one is decided on, and logged, each time.
MODULES = (
    "bundled", "coded", "coding", "content_variant", "data", "evaluate", "export", "features", "finetune",
    "full_reference", "head", "labels", "ladder_features", "ladders", "meta", "parity", "quantize", "restoration",
    "scales", "similarity", "synthetic", "two_scales",
)  # fmt: skip
WRITTEN = {"data": "cache"}  # the option that says where a module writes, where that is not `out`


@dataclass
class Stage:
    name: str
    run: str  # the module
    options: dict  # of its command line

    def parser(self) -> argparse.ArgumentParser:
        return importlib.import_module(f"iqatrain.{self.run}").parser()

    def takes(self, option: str) -> bool:
        return any(f"--{option}" in action.option_strings for action in self.parser()._actions)

    def arguments(self, places: dict[str, Path]) -> list[str]:
        """The stage's command line."""
        actions = self.parser()._actions
        named = {option: action for action in actions for option in action.option_strings}
        positional = {action.dest for action in actions if not action.option_strings}
        first, rest = [], []
        for key, value in self.options.items():
            option = "--" + key.replace("_", "-")
            if key in positional:
                first.append(filled(value, places))
            elif option not in named:
                raise ValueError(
                    f"stage {self.name}: {self.run} has no option {option} (python -m iqatrain {self.run} --help)"
                )
            elif value is True:
                rest.append(option)
            elif isinstance(value, list) and named[option].nargs is None:  # an option that is given once for each
                rest += [word for one in value for word in (option, filled(one, places))]
            elif isinstance(value, list):
                rest += [option, *(filled(one, places) for one in value)]
            elif value is not False:
                rest += [option, filled(value, places)]
        return first + rest


def filled(value, places: dict[str, Path]) -> str:
    """The value as the command line has it, with places in braces replaced by folders."""

    def folder(found: re.Match) -> str:
        if found[1] not in places:
            raise ValueError(f"{value!r}: there is no {found[0]}, only {', '.join(f'{{{one}}}' for one in places)}")
        return str(places[found[1]])

    return re.sub(r"\{(\w+)\}", folder, str(value))


def read_config(path: Path) -> list[Stage]:
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    stages = []
    for table in config.get("stage", []):
        options = dict(table)
        name, run = options.pop("name", None), options.pop("run", None)
        if not name or run not in MODULES:
            raise ValueError(
                f"{path}: stage {name or len(stages) + 1} needs a name, and run = one of {', '.join(MODULES)}"
            )
        if name in [one.name for one in stages]:
            raise ValueError(f"{path}: two stages are called {name}")
        stages.append(Stage(name, run, options))
    if not stages:
        raise ValueError(f"{path} has no [[stage]]")
    return stages


def change(stages: list[Stage], settings: list[str]) -> None:
    """`STAGE.OPTION=VALUE`, the value as in TOML, or a text without quotes."""
    for setting in settings:
        found = re.fullmatch(r"([^.=]+)\.([^=]+)=(.*)", setting)
        chosen = [stage for stage in stages if found and stage.name == found[1]]
        if not chosen:
            raise ValueError(
                f"--set {setting}: STAGE.OPTION=VALUE, STAGE one of {', '.join(one.name for one in stages)}"
            )
        try:
            value = tomllib.loads(f"x = {found[3]}")["x"]
        except tomllib.TOMLDecodeError:
            value = found[3]
        chosen[0].options[found[2]] = value


class Progress:
    """stages.json: name -> {"options": …, "done": bool, "seconds": …}."""

    def __init__(self, out: Path):
        self.path = out / "stages.json"
        self.stages = json.loads(self.path.read_text()) if self.path.exists() else {}

    def done(self, stage: Stage) -> bool:
        """Whether the stage is done; ValueError if it was begun with other options."""
        before = self.stages.get(stage.name)
        if before is None:
            return False
        now = {"run": stage.run, **stage.options}
        if before["options"] != now:
            changed = [key for key in {**before["options"], **now} if before["options"].get(key) != now.get(key)]
            raise ValueError(
                f"stage {stage.name} was begun with other options ({', '.join(changed)}): give another --out, "
                f"or remove "
                f"{self.path.parent / stage.name} and the stage's entry in {self.path} to begin it again"
            )
        return before["done"]

    def note(self, stage: Stage, done: bool, seconds: float) -> None:
        before = self.stages.get(stage.name, {}).get("seconds", 0)
        entry = {"options": {"run": stage.run, **stage.options}, "done": done, "seconds": round(before + seconds)}
        self.stages[stage.name] = entry
        unfinished = self.path.with_suffix(".partial")
        unfinished.write_text(json.dumps(self.stages, indent=1) + "\n")
        unfinished.rename(self.path)


def missing(stage: Stage, places: dict[str, Path]) -> list[str]:
    """What the stage reads of {data} or of other configs' {runs}, and is not there."""
    values = [value for key, value in stage.options.items() if key != WRITTEN.get(stage.run, "out")]
    texts = [str(one) for value in values for one in (value if isinstance(value, list) else [value])]
    read = [filled(one, places) for one in texts if "{data}" in one or "{runs}" in one]
    return [one for one in read if not Path(one).exists()]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("config", type=Path, help="one of configs/*.toml")
    options.add_argument(
        "--data", type=Path, default=Path("data"), help="what was fetched: README.md, Data (default: data)"
    )
    options.add_argument("--out", type=Path, help="default: runs/ and the config's name; a run there is resumed")
    options.add_argument("--stages", type=lambda text: text.split(","), help="only these, with commas between")
    options.add_argument(
        "--set", action="append", default=[], metavar="STAGE.OPTION=VALUE", help="instead of the config's"
    )
    options.add_argument("--device", help="cpu, cuda: for every stage that has the choice")
    options.add_argument(
        "--workers", type=int, help="processes that prepare batches: for every stage that has the choice"
    )
    options.add_argument("--dry-run", action="store_true", help="print the stages' commands and what is missing")
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    stages, out = read_config(given.config), given.out or Path("runs") / given.config.stem
    change(stages, given.set)
    unknown = set(given.stages or ()) - {stage.name for stage in stages}
    if unknown:
        raise ValueError(
            f"{given.config} has no stage {', '.join(sorted(unknown))}; it has {', '.join(s.name for s in stages)}"
        )
    places = {"data": given.data, "run": out, "runs": out.parent, "models": MODELS}
    progress = Progress(out)
    commands = []  # All are looked at before the first begins, which may take hours.
    for stage in stages:
        if given.stages and stage.name not in given.stages:
            continue
        if stage.takes("out"):
            stage.options.setdefault("out", f"{{run}}/{stage.name}")
        line = stage.arguments(places)
        stage.parser().parse_args(line)
        for option in ("device", "workers"):
            if getattr(given, option) is not None and stage.takes(option):
                line += [f"--{option}", str(getattr(given, option))]
        done = progress.done(stage)
        commands.append((stage, line, done))
        if given.dry_run:
            print(f"{stage.name}{' (done)' if done else ''}: python -m iqatrain {stage.run} {' '.join(line)}")
    lacking, made = set(), set()
    for stage, line, done in commands:
        if not done:
            lacking |= set(missing(stage, places)) - made
        made |= set(line)  # an earlier stage's folder
    lacking = sorted(lacking)
    if given.dry_run:
        print("\n".join(f"missing: {one}" for one in lacking) or "nothing is missing")
        return
    if lacking:
        raise ValueError(
            f"missing: {', '.join(lacking)}. README.md, 'Data' and 'Configs', says where each comes from (--data "
            f"{given.data})"
        )
    out.mkdir(parents=True, exist_ok=True)
    for number, (stage, line, done) in enumerate(commands, 1):
        print(f"== {number}/{len(commands)} {stage.name}{': done before' if done else ''}", flush=True)
        if done:
            continue
        started = time.time()
        progress.note(stage, False, 0)
        try:
            importlib.import_module(f"iqatrain.{stage.run}").main(line)
        except BaseException:
            progress.note(stage, False, time.time() - started)
            raise
        progress.note(stage, True, time.time() - started)
    print(f"{out}: all {len(commands)} stages are done", flush=True)


if __name__ == "__main__":
    main()
