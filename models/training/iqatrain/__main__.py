# SPDX-License-Identifier: MPL-2.0
"""`python -m iqatrain COMMAND …` runs the module of that name: `train CONFIG` all stages of a config, others one step.

python -m iqatrain           lists the commands
python -m iqatrain COMMAND --help
"""

import ast
import importlib
import re
import sys
from pathlib import Path


def commands() -> dict[str, str]:
    """Each module that has a command line, and the first sentence of what it says of itself."""
    folder, found = Path(__file__).parent, {}
    for path in sorted([*folder.glob("*.py"), *(folder / "benchmarks").glob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.stem != "__main__" and any(
            isinstance(one, ast.FunctionDef) and one.name == "main" for one in tree.body
        ):
            name = ".".join(path.relative_to(folder).with_suffix("").parts)
            found[name] = re.split(r"(?<=\.) |\n\n", (ast.get_docstring(tree) or "").replace("\n", " ", 1))[0]
    return found


def main(arguments: list[str] | None = None) -> None:
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    known = commands()
    if name in known:
        try:
            importlib.import_module(f"iqatrain.{name}").main(rest)
        except ValueError as error:  # what was given is wrong, and the message says how: a traceback would hide it
            sys.exit(f"error: {error}")
        return
    width = max(map(len, known))
    print(f"usage: python -m iqatrain COMMAND …   ({Path(sys.executable).name} -m iqatrain COMMAND --help)\n")
    print("\n".join(f"  {one:{width}}  {what}" for one, what in known.items()))
    if name not in ("-h", "--help"):
        sys.exit(f"error: there is no command {name!r}")


if __name__ == "__main__":
    main()
