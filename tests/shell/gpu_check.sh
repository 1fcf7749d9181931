#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# scripts/gpu-check.sh on a machine without a GPU: packed in pieces, run from a folder of its own without an
# environment, on the CPU.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

packed=$TEST_TMP/gpu-check
# As `cargo test` has built it: nothing is measured here.
GPU_CHECK_PROFILE=${TEST_PROFILE:-dev} scripts/gpu-check.sh pack "$packed" cpu
[ "$(find "$packed" -name 'gpu-check.tar.xz.*' -size +50M | wc -l)" = 0 ] || fail 'a piece is too large'

# check WANTED OPTION…: runs it, and sees that it ends with that status.
check() {
    wanted=$1 status=0
    shift
    env -i PATH="$PATH" HOME="$TEST_TMP" "$packed/gpu-check.sh" run "$@" >"$TEST_TMP/out" 2>&1 || status=$?
    cat "$TEST_TMP/out"
    [ "$status" = "$wanted" ] || fail "exit status $status, not $wanted: $*"
}

check 0 --quick --streams 2 --threads 1 --model metaiqa
for file in metaiqa/model.onnx metaiqa/model.float.onnx; do
    for line in 'first score' 'answers *right' 'speed *batch 2'; do
        grep -q "^cpu  *$file *$line" "$TEST_TMP/out" || fail "$file: no line '$line'"
    done
done
grep -q '^cpu  *metaiqa/model.onnx *streams *2 streams' "$TEST_TMP/out" || fail 'no line for streams'

# What cannot be run is said, and is no success.
check 2 --quick --model metaiqa --provider cuda
grep -q '^cuda  *metaiqa/model.onnx *not checked' "$TEST_TMP/out" || fail 'a provider that is not there was not named'
check 2 --quick --model nothing
printf x >>"$packed/gpu-check.tar.xz.00"
check 2 --quick --model metaiqa
grep -q 'gpu-check.tar.xz.00: FAILED' "$TEST_TMP/out" || fail 'the damaged piece was not named'
