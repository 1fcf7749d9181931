#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The demo runs from end to end on a short clip, the hard re-encode scores lower, and a ladder is compared.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

scripts/demo.sh "$ONNX_IQA_CLIPS/bigbuckbunny.mp4" >"$TEST_TMP/demo.txt" </dev/null
cat "$TEST_TMP/demo.txt"
grep -q '┬' "$TEST_TMP/demo.txt" || fail "no curves"
for row in original re-encoded; do
    grep -Eq "^  $row +132 +[0-9]" "$TEST_TMP/demo.txt" || fail "no pool of 132 frames for $row"
done
if grep -q "$(printf '\033')" "$TEST_TMP/demo.txt"; then fail "colours in a file"; fi
less "$(mean .cache/demo/re-encoded.jsonl)" "$(mean .cache/demo/original.jsonl)" 3 || fail "the re-encode is not 3 points lower"
for rung in 720p 540p 360p; do
    grep -Eq "^ *$rung" "$TEST_TMP/demo.txt" || fail "no verdict on $rung"
done
[ -s .cache/demo/report/report.html ] || fail "no report"
