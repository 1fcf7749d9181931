#!/bin/sh
# examples/read_meta.py prints for each frame what iqalog writes, and fails with the reason when there is nothing to read.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

clip=$ONNX_IQA_CLIPS/carphone_pristine.mp4
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert ! iqascore ! iqalog location="$TEST_TMP/scores.jsonl" ! fakesink
/usr/bin/python3 examples/read_meta.py "$clip" >"$TEST_TMP/scores.tsv"
/usr/bin/python3 - "$TEST_TMP/scores.jsonl" "$TEST_TMP/scores.tsv" <<'PY'
import json, sys

log = [line for line in map(json.loads, open(sys.argv[1])) if "scores" in line]
rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[2])]
assert len(log) == len(rows) == 120, (len(log), len(rows))
for line, (pts, element, state, score, raw) in zip(log, rows):
    ((name, entry),) = line["scores"].items()
    assert (element, state) == (name, entry["state"]) == ("iqascore0", "scored"), (line, element, state)
    assert abs(float(pts) - line["pts"] / 1e9) < 0.001, (line, pts)
    assert abs(float(score) - entry["score"]) < 0.01 and 0 <= float(score) <= 100, (line, score)
    assert abs(float(raw) - entry["raw"]) < 0.0001, (line, raw)
assert len({row[3] for row in rows}) > 10, "all frames alike"
PY

if timeout 60 /usr/bin/python3 examples/read_meta.py /nonexistent.mp4 2>"$TEST_TMP/error.txt"; then fail "a missing file is no error"; fi
grep -q 'not found\|No such file' "$TEST_TMP/error.txt" || fail "the error does not say why: $(cat "$TEST_TMP/error.txt")"
