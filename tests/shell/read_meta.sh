#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# examples/read_meta.py prints for each frame what iqalog writes, and fails with the reason when there is nothing to
# read. What its functions give stays as it is after buffers and messages are gone.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

clip=$ONNX_IQA_CLIPS/carphone_pristine.mp4
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert ! iqascore ! iqalog location="$TEST_TMP/scores.jsonl" ! fakesink
/usr/bin/python3 examples/read_meta.py "$clip" >"$TEST_TMP/scores.tsv" 2>"$TEST_TMP/mean.txt"
grep -Eq '^iqascore0: mean score [0-9.]+ of 120 frames$' "$TEST_TMP/mean.txt" || fail "no mean: $(cat "$TEST_TMP/mean.txt")"
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

/usr/bin/python3 - <<'PY'
import gc, sys

sys.dont_write_bytecode = True
sys.path.insert(0, "examples")
from read_meta import Gst, scores, told

Gst.init(None)
# Two elements, one with a map of quality; every picture is pulled, and every message kept.
pipeline = Gst.parse_launch(
    "videotestsrc num-buffers=5 pattern=ball ! video/x-raw,format=I420,width=320,height=240"
    " ! iqascore name=one frame-messages=true ! iqascore name=two model=mt-irn interval=2 ! appsink name=out sync=false"
)
out, bus = pipeline.get_by_name("out"), pipeline.get_bus()
pipeline.set_state(Gst.State.PLAYING)
buffers, texts = [], []
while (sample := out.emit("try-pull-sample", 120 * Gst.SECOND)) is not None:
    buffers.append(dict(scores(sample.get_buffer())))
    texts.append(repr(list(scores(sample.get_buffer()))))
del sample
messages = []
while (message := bus.pop()) is not None:
    assert message.type != Gst.MessageType.ERROR, message.parse_error()
    messages.append(told(message))
pipeline.set_state(Gst.State.NULL)
del pipeline, out, bus, message
gc.collect()
# Memory that was freed is used again by this.
ballast = [Gst.Structure.new_from_string(f"ballast, n=(int){n}, text=(string)abcdefgh") for n in range(10000)]

count = len(buffers)
assert count == 5, count
for entries, text in zip(buffers, texts):
    assert repr(list(entries.items())) == text, "it has changed since"
    assert type(entries["one"]) is dict and 0 <= entries["one"]["score"] <= 100, entries["one"]
    assert (entries["one"]["model"], entries["one"]["kind"], entries["one"]["state"]) == ("metaiqa", "nr", "scored")
states = [entries["two"]["state"] for entries in buffers]
assert states == (["scored", "skipped"] * 3)[:count], states
quality = buffers[0]["two"]["map"]
assert len(quality["data"]) == quality["width"] * quality["height"] > 0, (quality["width"], quality["height"])
names = [name for name, _ in messages if name]
assert names.count("iqa-score") == count and names.count("iqa-summary") == 2, names
told_scores = [fields["score"] for name, fields in messages if name == "iqa-score"]
assert told_scores == [entries["one"]["score"] for entries in buffers]
summaries = [fields for name, fields in messages if name == "iqa-summary"]
means = {fields["model"]: fields["score"]["mean"] for fields in summaries}
assert abs(means["metaiqa"] - sum(told_scores) / count) < 1e-9, (means, told_scores)
PY

if timeout 60 /usr/bin/python3 examples/read_meta.py /nonexistent.mp4 2>"$TEST_TMP/error.txt"; then fail "a missing file is no error"; fi
grep -q 'not found\|No such file' "$TEST_TMP/error.txt" || fail "the error does not say why: $(cat "$TEST_TMP/error.txt")"
