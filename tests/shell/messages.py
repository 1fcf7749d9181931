#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""messages.py PAGE: whether the messages that a page quotes as **`text`** are in the sources.

… stands for what varies. Texts of other programs are listed below.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOREIGN = ('no element "iqascore"',)


def sources():
    """All sources as one text, in which what is put into a text is … and Rust's continued lines are joined."""
    names = []
    for folder in ("src", "plugins", "cli/src", "scripts"):
        names += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".rs", ".sh")]
    text = "\n".join(path.read_text() for path in sorted(names))
    text = re.sub(r"\\\n\s*", "", text).replace('\\"', '"')
    return re.sub(r"\{[^{}\n]*\}|\$\{?\w+\}?", "…", text)


def main():
    page = pathlib.Path(sys.argv[1])
    text = sources()
    quoted = re.findall(r"\*\*(`+)\s?(.+?)\s?\1\*\*", page.read_text(), re.S)
    wrong = []
    for _, message in quoted:
        message = re.sub(r"\s+", " ", message)
        # Words between what varies; shorter ones are everywhere.
        pieces = [piece.strip() for piece in message.split("…")]
        missing = [piece for piece in pieces if len(piece) > 3 and piece not in text]
        if missing and message not in FOREIGN:
            wrong.append(f"{message}: not in the sources: {missing}")
    if wrong or len(quoted) < 20:
        sys.exit(f"FAILED: {page}, {len(quoted)} messages:\n" + "\n".join(wrong))
    print(f"{page}: {len(quoted)} messages")


if __name__ == "__main__":
    main()
