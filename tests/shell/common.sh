# SPDX-License-Identifier: MPL-2.0
# What the shell tests share. Sourced by them; they run with `make -s env` evaluated and a folder of their own in
# TEST_TMP.
# shellcheck shell=sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root" || exit 1

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# browser_or_skip WHAT: sets tools to the folder of what drives headless Chromium; ends the test, as skipped, where that
# is missing.
browser_or_skip() {
    for program in chromium node; do
        if ! command -v $program >/dev/null 2>&1; then
            echo "SKIPPED: $1: there is no $program"
            exit 0
        fi
    done
    # shellcheck disable=SC2034 # the test that asked uses it
    if ! tools=$(scripts/browser.sh); then
        echo "SKIPPED: $1: playwright-core and axe-core could not be fetched"
        exit 0
    fi
}

# mean LOG: the mean score in the pool that ends a json-lines log of one element.
mean() {
    tail -n 1 "$1" | /usr/bin/python3 -c 'import json, sys
(pool,) = json.load(sys.stdin)["pool"].values()
print(pool["score"]["mean"])'
}

# less A B: whether A < B by more than MARGIN (a number, 0 if not given).
less() { awk -v a="$1" -v b="$2" -v margin="${3-0}" 'BEGIN { exit !(a + margin < b) }'; }
