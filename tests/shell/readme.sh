#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Every ```sh block of README.md runs as it stands, and prints what README.md says: see blocks.py.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

# The runner itself: a page that is right, and pages that are wrong in one thing each.
fence='```'
right="${fence}sh
echo '1.00 dB'; echo b; echo 'c 1'
${fence}
${fence}text output about
1.04 dB
…
c …
${fence}
${fence}sh exit=3
echo no >&2; exit 3
${fence}
${fence}text errors
no
${fence}
${fence}c examples/read_meta.c
  gst_init (&argc, &argv);
  …
  return status;
${fence}
"
page() { printf '%s' "$2" >"$TEST_TMP/$1.md"; }
page right "$right"
page number "$(printf %s "$right" | sed 's/1.04 dB/1.50 dB/')"
page line "$(printf %s "$right" | sed 's/^c …/d …/')"
page status "$(printf %s "$right" | sed 's/exit=3/exit=2/')"
page errors "$(printf %s "$right" | sed 's/^no$/yes/')"
page excerpt "$(printf %s "$right" | sed 's/argc, &argv/argv, \&argc/')"
/usr/bin/python3 tests/shell/blocks.py "$TEST_TMP/right.md" >"$TEST_TMP/blocks.txt" 2>&1 || fail "$(cat "$TEST_TMP/blocks.txt")"
for wrong in number line status errors excerpt; do
    if /usr/bin/python3 tests/shell/blocks.py "$TEST_TMP/$wrong.md" >"$TEST_TMP/blocks.txt" 2>&1; then
        fail "a page with another $wrong is taken for right"
    fi
done

/usr/bin/python3 tests/shell/blocks.py README.md
