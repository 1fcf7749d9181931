#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A real transcode that starts late and loses frames, against its source: every frame finds its own partner, what has
# none is said to have none, and the ledger adds up.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

gst-launch-1.0 -q filesrc location="$ONNX_IQA_CLIPS/bikes.mp4" ! decodebin ! videoconvert ! tee name=t \
    t. ! queue ! c.reference \
    videotestsrc pattern=black num-buffers=12 ! video/x-raw,width=640,height=272,framerate=25/1 ! k. \
    t. ! queue ! x264enc bitrate=300 ! avdec_h264 ! videoconvert ! identity drop-probability=0.04 ! k. \
    concat name=k ! c.distorted \
    iqacompare name=c alignment=track ! iqalog location="$TEST_TMP/tracked.jsonl" ! fakesink

/usr/bin/python3 - "$TEST_TMP/tracked.jsonl" <<'PY'
import collections, json, sys

frames = [line["scores"]["c"] for line in map(json.loads, open(sys.argv[1])) if "scores" in line]
pairings = collections.Counter(frame["pairing"] for frame in frames)
print(len(frames), "frames:", dict(pairings))
assert all(frame["pairing"] == "unmatched" for frame in frames[:12]), "black frames have no partner"
assert pairings["unmatched"] == 12 and pairings["duplicate"] == 0, pairings
assert 12 < len(frames) < 262, "nothing was dropped: the test shows nothing"
partners = [frame["reference-pts"] for frame in frames[12:]]
assert partners == sorted(set(partners)), "partners go back or repeat"
for frame in frames[12:]:
    # Beside its own partner a frame of this clip has 27 dB.
    assert frame["offset"] == -480_000_000 and frame["psnr-y"] > 35, frame
PY
