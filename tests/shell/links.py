#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""links.py [FOLDER]: the relative links and anchors in the Markdown files of a folder, by default of this repository."""

import pathlib
import re
import subprocess
import sys
import urllib.parse

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*(\S+)|<a\s[^>]*href=\"([^\"]+)\"|<img\s[^>]*src=\"([^\"]+)\"", re.M)


def files(folder, is_repository):
    if not is_repository:
        return sorted(folder.rglob("*.md"))
    # Those that git knows or would add: not what is built or downloaded.
    command = ["git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode != 0:
        skipped = {".cache", "target", ".git", "node_modules"}
        return sorted(file for file in folder.rglob("*.md") if not skipped & set(file.relative_to(folder).parts))
    return sorted(folder / name for name in set(listed.stdout.split("\0")) - {""} if (folder / name).is_file())


def without_code(text):
    """Blanks code, and keeps the number of lines."""
    text = re.sub(r"^(```|~~~).*?^\1[^\n]*$", lambda match: "\n" * match.group().count("\n"), text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(file):
    """The anchors of a file's headings, as GitHub makes them."""
    text = re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", file.read_text(), flags=re.M | re.S)
    found = {}
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", text, re.M):
        heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        count = found.get(anchor, 0)
        found[anchor] = count + 1
        if count:
            found[f"{anchor}-{count}"] = 1
    return set(found) | set(re.findall(r"<a\s[^>]*(?:id|name)=\"([^\"]+)\"", text))


def problem(file, link):
    if re.match(r"[a-z][a-z0-9+.-]*:|//", link, re.I):
        return None
    path, has_anchor, anchor = urllib.parse.unquote(link).partition("#")
    target = file if not path else (file.parent / path)
    if not target.exists():
        return "there is no such file"
    if has_anchor and (target.suffix == ".md" or not path) and anchor not in anchors(target):
        return f"{target.name} has no such heading"
    return None


def main():
    is_repository = len(sys.argv) < 2
    folder = pathlib.Path(__file__).resolve().parents[2] if is_repository else pathlib.Path(sys.argv[1])
    wrong = checked = 0
    for file in files(folder, is_repository):
        text = without_code(file.read_text())
        for match in LINK.finditer(text):
            link = next(group for group in match.groups() if group)
            checked += 1
            reason = problem(file, link)
            if reason:
                line = text.count("\n", 0, match.start()) + 1
                print(f"{file.relative_to(folder)}:{line}: {link}: {reason}", file=sys.stderr)
                wrong += 1
    print(f"{checked} links, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
