#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# docs/plugins/gst_plugins_cache.json describes the staged plugin: elements, properties, pads, signals and types.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

scripts/plugin-cache.sh --check || fail "docs/plugins/gst_plugins_cache.json is out of date"
python3 - docs/plugins/gst_plugins_cache.json <<'PY'
import json, sys

plugin = json.load(open(sys.argv[1]))["onnxiqa"]
assert sorted(plugin["elements"]) == ["iqacompare", "iqalog", "iqaoverlay", "iqascore"], plugin["elements"].keys()
for name, element in plugin["elements"].items():
    assert element["author"] == "The onnx-iqa authors", name
    assert all(one["blurb"] for one in element["properties"].values()), name
types = {one["type"] for element in plugin["elements"].values() for one in element["properties"].values()}
assert set(plugin["other-types"]) <= types and "GstIqaProvider" in plugin["other-types"], plugin["other-types"].keys()
assert plugin["elements"]["iqalog"]["signals"]["reopen"]["action"] is True
PY
