#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The pipelines of README.md and docs/pipelines.md under this version: each block that starts gst-launch-1.0 runs and
# prints what the page says. Blocks with the command, which has its GStreamer linked in, are those of the system's.
set -eu
# shellcheck source=../shell/common.sh
. "$(dirname -- "$0")/../shell/common.sh"

for page in README.md docs/pipelines.md; do
    # Blocks of other programs are shown and not run.
    python3 - "$page" "$TEST_TMP/$(basename "$page")" <<'PY'
import re, sys

text = open(sys.argv[1]).read()
count, keep = 0, True

def block(match):
    global count, keep
    words, body = match.group(1).split(), match.group(2)
    if words[:1] == ["sh"]:
        keep = "gst-launch-1.0" in body and not re.search(r"\b(iqa|make|python3|pkg-config) ", body)
        count += keep
    if words[:1] in (["sh"], ["text"]) and not keep or words[:1] in (["rust"], ["c"], ["python"]):
        return f"```console\n{body}```"
    return match.group(0)

page = re.sub(r"^```([^\n]*)\n(.*?)^```$", block, text, flags=re.M | re.S)
assert count > 1 or "README" in sys.argv[1], f"{sys.argv[1]} has {count} blocks with gst-launch-1.0"
open(sys.argv[2], "w").write(page)
PY
    /usr/bin/python3 tests/shell/blocks.py "$TEST_TMP/$(basename "$page")" >"$TEST_TMP/blocks.txt" 2>&1 ||
        fail "$page: $(tail -n 40 "$TEST_TMP/blocks.txt")"
    tail -n 1 "$TEST_TMP/blocks.txt"
done
