#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The tests of the elements (plugins/onnxiqa/tests) as they were built here, under this version.
set -eu
# shellcheck source=../shell/common.sh
. "$(dirname -- "$0")/../shell/common.sh"
elements='iqascore iqacompare iqalog iqaoverlay'

PATH="$SYSTEM_PATH" cargo test --locked --profile "${TEST_PROFILE:-test}" --workspace --no-run \
    --message-format=json 2>"$TEST_TMP/build.log" |
    PATH="$SYSTEM_PATH" python3 -c '
import json, sys

for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["kind"] == ["test"]:
        print(message["target"]["name"], message["executable"])' >"$TEST_TMP/tests.txt" ||
    fail "the tests are not built: $(tail -n 3 "$TEST_TMP/build.log")"

cd "$root/plugins/onnxiqa"
failed=
for element in $elements; do
    test=$(sed -n "s/^$element //p" "$TEST_TMP/tests.txt")
    [ -x "$test" ] || fail "$element has no tests: $(cut -d' ' -f1 "$TEST_TMP/tests.txt" | tr '\n' ' ')"
    # One test runs its own executable, which is the loader here.
    env -u GST_PLUGIN_PATH GST_REGISTRY_1_0="$TEST_TMP/registry.bin" \
        ORT_DYLIB_PATH="${ORT_DYLIB_PATH:-$root/target/onnxiqa/libonnxruntime.so.1}" \
        ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" \
        with-gstreamer "$test" --skip standard_output::standard_output >"$TEST_TMP/$element.log" 2>&1 ||
        failed="$failed $element"
    printf '%s: ' "$element"
    grep -E '^test (.*FAILED|result:)' "$TEST_TMP/$element.log" || tail -n 3 "$TEST_TMP/$element.log"
done
[ -z "$failed" ] || fail "under GStreamer $GST_VERSION:$failed"
