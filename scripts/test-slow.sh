#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# What takes minutes or needs root: the faults of cameras (docs/reliability.md), of farms (docs/scale.md) and of silent
# servers, hand-written synchronization in every order, then the scripts in tests/slow.
# test-slow.sh NAME…: only the faults whose names have NAME.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

scripts/servers.sh rtsp >/dev/null
scripts/servers.sh prometheus >/dev/null
scripts/servers.sh nats >/dev/null
scripts/servers.sh faketime >/dev/null
date -u '+%Y-%m-%d %H:%M UTC'
env -u GST_PLUGIN_PATH ONNX_IQA_SLOW=1 GST_REGISTRY="$root/target/gstreamer-registry-tests.bin" \
    ORT_DYLIB_PATH="${ORT_DYLIB_PATH:-$stage/libonnxruntime.so.1}" \
    ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" \
    ONNX_IQA_CLIPS="$cache/clips" ONNX_IQA_FFMPEG="$(scripts/ffmpeg.sh)" \
    cargo test --locked -p iqa-cli --test watch --test farm --test compare -- --nocapture --test-threads=1 "${@:-slow::}"
[ $# = 0 ] || exit 0

say 'testing: hand-written synchronization in every order of its threads'
scripts/loom.sh

TEST_TMP=$(mktemp -d)
export TEST_TMP
trap 'rm -rf "$TEST_TMP"' EXIT
eval "$(scripts/env.sh)"
for script in tests/slow/*.sh; do
    say "testing: $script"
    folder=$TEST_TMP/$(basename -- "$script" .sh)
    mkdir -p "$folder"
    TEST_TMP=$folder "$script"
done
