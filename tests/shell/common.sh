# What the shell tests share. Sourced by them; they run with `make -s env` evaluated and a folder of their own in TEST_TMP.
# shellcheck shell=sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root" || exit 1

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# mean LOG: the mean score in the pool that ends a json-lines log of one element.
mean() {
    tail -n 1 "$1" | /usr/bin/python3 -c 'import json, sys
(pool,) = json.load(sys.stdin)["pool"].values()
print(pool["score"]["mean"])'
}

# less A B: whether A < B by more than MARGIN (a number, 0 if not given).
less() { awk -v a="$1" -v b="$2" -v margin="${3-0}" 'BEGIN { exit !(a + margin < b) }'; }
