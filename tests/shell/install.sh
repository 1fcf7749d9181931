#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# What `make install` installs works in an environment that knows nothing of this checkout, wherever it is moved to, and
# goes without a trace.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

clip=$ONNX_IQA_CLIPS/carphone_pristine.mp4
moved="$TEST_TMP/a place"
make -s install DESTDIR="$TEST_TMP/root" PREFIX=/opt/iqa
mv "$TEST_TMP/root/opt/iqa" "$moved"

# bare COMMAND…: with no variable but these.
bare() { env -i PATH=/usr/bin:/bin HOME="$TEST_TMP" GST_REGISTRY="$TEST_TMP/registry.bin" LC_ALL=C.UTF-8 "$@"; }

bare "$moved/bin/iqa" models --json >"$TEST_TMP/models.json"
/usr/bin/python3 - "$TEST_TMP/models.json" "$moved" <<'PY'
import hashlib, json, sys

models = {model["name"]: model for model in json.load(open(sys.argv[1]))}
for name in ("metaiqa", "mt-irn", "bpclip-nr", "bpclip-fr", "vmaf_v0.6.1"):
    model = models[name]
    assert model["path"].startswith(sys.argv[2] + "/share/onnx-iqa/"), model
    digest = hashlib.sha256(open(model["path"], "rb").read()).hexdigest()
    assert model["model-hash"] == digest[:12], model
    assert model["licence"], model
PY
bare "$moved/bin/iqa" models metaiqa | grep -q '^--- card ---' || fail "iqa models metaiqa shows no card"

bare "$moved/bin/iqa" score "$clip" --every 50 --progress none --json >"$TEST_TMP/score.json"
/usr/bin/python3 -c 'import json, sys
report = json.load(open(sys.argv[1]))
(clip,) = report["inputs"]
assert report["exit"] == 0 and clip["scored"] >= 2 and 0 < clip["score"]["mean"] < 100, report' "$TEST_TMP/score.json"

# The plugin beside it finds the same models and the same runtime.
bare env GST_PLUGIN_PATH="$moved/lib/gstreamer-1.0" gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert \
    ! iqascore interval=50 ! iqalog location="$TEST_TMP/plugin.jsonl" ! fakesink
tail -n 1 "$TEST_TMP/plugin.jsonl" | grep -q '"model-hash"' || fail "the plugin's log has no model-hash"

bare "$moved/bin/iqa" --licenses | grep -q 'ONNX Runtime' || fail "iqa --licenses names no ONNX Runtime"
for page in iqa iqa-score iqa-compare iqa-models; do
    [ -s "$moved/share/man/man1/$page.1" ] || fail "there is no man page $page"
done
bash -n "$moved/share/bash-completion/completions/iqa" || fail "the completion is no bash"

mkdir -p "$TEST_TMP/root/opt"
mv "$moved" "$TEST_TMP/root/opt/iqa"
make -s uninstall DESTDIR="$TEST_TMP/root" PREFIX=/opt/iqa
left=$(find "$TEST_TMP/root" ! -type d)
[ -z "$left" ] || fail "left behind: $left"
