#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# Every ```sh block of README.md that uses gst-launch-1.0, iqa or Python runs as it stands, in a folder of its own. A block without
# end is one that says so in its last words, `# until Ctrl-C`, and is interrupted as a person would.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

/usr/bin/python3 - "$TEST_TMP" <<'PY'
import pathlib, re, sys

blocks = re.findall(r"^```sh\n(.*?)^```$", pathlib.Path("README.md").read_text(), re.M | re.S)
blocks = [block for block in blocks if re.search(r"gst-(launch|inspect)-1\.0|python3 |^iqa ", block, re.M)]
for index, block in enumerate(blocks):
    # The environment is there already; the folder that a block runs in has no Makefile.
    pathlib.Path(sys.argv[1], f"readme{index}.sh").write_text(block.replace('eval "$(make -s env)"\n', ""))
PY

count=0
for block in "$TEST_TMP"/readme*.sh; do
    count=$((count + 1))
    echo "--- README block $count:"
    cat "$block"
    work=$TEST_TMP/work$count
    mkdir "$work"
    ln -s "$root/examples" "$root/models" "$work"
    limit=(timeout --kill-after=10 300)
    endless=
    if grep -q '# until Ctrl-C$' "$block"; then
        endless=yes
        limit=(timeout --signal=INT --kill-after=10 15)
    fi
    status=0
    (cd "$work" && "${limit[@]}" sh -eu "$block") >"$work.log" 2>&1 </dev/null || status=$?
    tail -n 5 "$work.log"
    if [ -n "$endless" ]; then
        [ $status = 124 ] || [ $status = 130 ] || fail "block $count ended by itself (exit $status)"
    else
        [ $status = 0 ] || fail "block $count: exit $status"
    fi
    if grep -qE '(ERROR|CRITICAL|erroneous)' "$work.log"; then fail "block $count reports an error: $(cat "$work.log")"; fi
    # Whatever a block logs has scores in it.
    for log in "$work"/*.jsonl "$work"/*.csv; do
        [ -e "$log" ] || continue
        [ -s "$log" ] || fail "block $count left an empty $(basename "$log")"
    done
done
[ $count -ge 7 ] || fail "README.md has only $count blocks to run"
