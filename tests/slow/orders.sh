#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Orders at random (plugins/onnxiqa/tests/orders): 10,000 sequences for each element, and then some during which
# GStreamer's tracer `leaks` keeps account of every object. A warning of GLib ends the run.
# ONNX_IQA_ORDERS=500 runs fewer sequences, ONNX_IQA_ORDERS_SEED=7 others than usual.
set -eu
# shellcheck source=../../scripts/common.sh
. "$(dirname -- "$0")/../../scripts/common.sh"
cd "$root"

orders() {
    env -u GST_PLUGIN_PATH G_DEBUG=fatal-warnings GST_REGISTRY="$root/target/gstreamer-registry-tests.bin" \
        ORT_DYLIB_PATH="${ORT_DYLIB_PATH:-$stage/libonnxruntime.so.1}" \
        ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" \
        "$@"
}

orders ONNX_IQA_ORDERS="${ONNX_IQA_ORDERS:-10000}" cargo test --locked --workspace --test orders
orders ONNX_IQA_ORDERS=200 GST_TRACERS=leaks \
    cargo test --locked --workspace --test orders -- --test-threads=1 --include-ignored
