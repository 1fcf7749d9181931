#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Every relative link of the Markdown files leads to a file of the repository, and every anchor to a heading.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

/usr/bin/python3 tests/shell/links.py
# The test can fail.
mkdir -p "$TEST_TMP/links/docs"
printf '# One\n[a](docs/b.md#two)\n[b](#one)\n' >"$TEST_TMP/links/a.md"
printf '# Two\n[a](../a.md)\n' >"$TEST_TMP/links/docs/b.md"
/usr/bin/python3 tests/shell/links.py "$TEST_TMP/links" || fail "links that are right are said to be wrong"
for wrong in 'docs/c.md' 'docs/b.md#three' '#two' 'docs/b.md#'; do
    printf '# One\n[a](%s)\n' "$wrong" >"$TEST_TMP/links/a.md"
    if /usr/bin/python3 tests/shell/links.py "$TEST_TMP/links" 2>"$TEST_TMP/links.txt"; then fail "the link $wrong is not found"; fi
    grep -qF "a.md:2: $wrong" "$TEST_TMP/links.txt" || fail "the wrong link is not named: $(cat "$TEST_TMP/links.txt")"
done
