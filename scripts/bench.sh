#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# bench.sh [BENCHMARK] [WORD…]: measures the figures of docs/speed.md; one benchmark (the name of a file in a
# folder `benches`), or all of them. Words choose among its parts.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

benchmark='*'
for file in benches/*.rs plugins/*/benches/*.rs cli/benches/*.rs; do
    if [ $# != 0 ] && [ "$(basename "$file" .rs)" = "$1" ]; then
        benchmark=$1
        shift
        break
    fi
done
say "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(rustc --version)"
# What the fidelity measures are measured against; without it only their own times are given.
ffmpeg=$(scripts/ffmpeg.sh) || ffmpeg=
# As for the tests: the plugin is registered in the benchmark's own process.
exec env -u GST_PLUGIN_PATH GST_REGISTRY="$root/target/gstreamer-registry-tests.bin" \
    ORT_DYLIB_PATH="${ORT_DYLIB_PATH:-$stage/libonnxruntime.so.1}" \
    ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" ONNX_IQA_CLIPS="$cache/clips" \
    ONNX_IQA_FFMPEG="${ONNX_IQA_FFMPEG:-$ffmpeg}" \
    cargo bench --workspace --locked --bench "$benchmark" -- "$@"
