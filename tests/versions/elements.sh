#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# All elements under this version: the numbers are those of the GStreamer that the plugin was built with, pictures are
# drawn on, and what a frame carries survives an encoder and a decoder.
set -eu
# shellcheck source=../shell/common.sh
. "$(dirname -- "$0")/../shell/common.sh"

gst-launch-1.0 --version | grep -q "^GStreamer $GST_VERSION\." || fail "this is $(gst-launch-1.0 --version | tail -n 2 | head -n 1), not $GST_VERSION"
for element in iqascore iqacompare iqalog iqaoverlay; do
    gst-inspect-1.0 "$element" >"$TEST_TMP/$element.txt" || fail "gst-inspect-1.0 does not know $element"
    grep -q "Factory Details" "$TEST_TMP/$element.txt" || fail "gst-inspect-1.0 says nothing of $element"
done

# system COMMAND…: under the GStreamer that the plugin was built with.
system() { env -u GST_REGISTRY_1_0 GST_REGISTRY="$SYSTEM_REGISTRY" PATH="$SYSTEM_PATH" "$@"; }

# Decoders give the same samples everywhere, and nothing is converted.
clip=$ONNX_IQA_CLIPS/carphone_distorted.mp4
reference=$ONNX_IQA_CLIPS/carphone_pristine.mp4
score() {
    log=$1
    shift
    "$@" gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! iqascore interval=30 ! iqalog location="$log" ! fakesink
}
score "$TEST_TMP/here.jsonl" env
score "$TEST_TMP/system.jsonl" system
compare() {
    log=$1
    shift
    "$@" gst-launch-1.0 -q iqacompare name=c measures=psnr+ssim+vmaf ! iqalog location="$log" ! fakesink \
        filesrc location="$reference" ! decodebin ! queue ! c.reference filesrc location="$clip" ! decodebin ! queue ! c.distorted
}
compare "$TEST_TMP/here-pairs.jsonl" env
compare "$TEST_TMP/system-pairs.jsonl" system

# B-frames: a decoded frame carries what was said of it before it was encoded, and a copy says so.
source="videotestsrc num-buffers=20 pattern=snow ! video/x-raw,format=I420,width=128,height=96,framerate=25/1 ! iqascore"
# shellcheck disable=SC2086 # words, on purpose
gst-launch-1.0 -q $source ! iqalog location="$TEST_TMP/before.jsonl" ! x264enc bframes=2 b-adapt=false ! h264parse ! avdec_h264 \
    ! iqalog location="$TEST_TMP/decoded.jsonl" ! videorate ! video/x-raw,framerate=50/1 ! iqalog location="$TEST_TMP/doubled.jsonl" ! fakesink

# The overlay draws where the picture lies.
# shellcheck disable=SC2086 # words, on purpose
gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xff808080 ! video/x-raw,format=I420,width=640,height=360 ! tee name=t \
    ! queue ! filesink location="$TEST_TMP/plain.yuv" t. ! queue ! iqascore ! iqaoverlay ! filesink location="$TEST_TMP/drawn.yuv"

python3 - "$TEST_TMP" <<'PY'
import json, sys

folder = sys.argv[1]


def read(name):
    *frames, pool = map(json.loads, open(f"{folder}/{name}.jsonl"))
    ((_, pool),) = pool["pool"].items()
    entries = [(frame["running-time"], next(iter(frame["scores"].values()))) for frame in frames]
    return entries, pool


for name, fields, least in [("", ["score", "raw"], 4), ("-pairs", ["psnr-y", "ssim", "vmaf"], 100)]:
    (here, pool), (system, _) = read("here" + name), read("system" + name)
    assert len(here) == len(system), (name, len(here), len(system))
    assert pool["scored"] >= least, pool
    for (_, a), (_, b) in zip(here, system):
        assert a["state"] == b["state"] and a.get("pairing") == b.get("pairing"), (a, b)
        for field in fields:
            assert abs(a[field] - b[field]) < 1e-3, (field, a[field], b[field])
    print(f"{pool['scored']} scored, as under the system's GStreamer:", {f: pool[f]["mean"] for f in fields})

(before, pool), (decoded, again), (doubled, counted) = read("before"), read("decoded"), read("doubled")
assert decoded == before and again == pool == counted, (pool, again, counted)
states = [entry["state"] for _, entry in doubled]
assert states.count("scored") == 20 and states.count("skipped") >= 19, states
assert all((entry["age"] == 0) == (entry["state"] == "scored") for _, entry in doubled), doubled

plain, drawn = (open(f"{folder}/{name}.yuv", "rb").read() for name in ("plain", "drawn"))
changed = sum(a != b for a, b in zip(plain, drawn))
assert len(plain) == len(drawn) == 640 * 360 * 3 // 2 and 1000 < changed < len(plain) // 2, (len(plain), changed)
print(f"overlay: {changed} of {len(plain)} samples drawn on")
PY
