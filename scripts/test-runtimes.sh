#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# test-runtimes.sh [VERSION…]: everything that opens a model, with other ONNX Runtimes than the one that is bundled: the
# oldest and the newest that this program was tested with, and one between. The exact numbers that the models' cards
# have are those of the bundled one.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

[ "$(uname -m)" = x86_64 ] || die "the checksums in $0 are those of x86-64"
# library VERSION: the path of its shared library, in .cache/onnxruntime/VERSION.
library() {
    folder=$cache/onnxruntime/$1
    file=$folder/libonnxruntime.so.$1
    if [ ! -f "$file" ]; then
        mkdir -p "$folder"
        case $1 in
        # PyPI's wheels of that age have no shared library of their own; npm's package has.
        1.17.3) archive=$(npm_package onnxruntime-node 1.17.3 fd586d4ab53d89fdade19ffcc75b208fd66ab417b247cb6ae299be1bb40d76be) &&
            tar -xzf "$archive" -C "$folder" --strip-components=5 package/bin/napi-v3/linux/x64/libonnxruntime.so.1.17.3 ;;
        1.20.1) pypi 1.20.1 5eec64c0269dcdb8d9a9a53dc4d64f87b9e0c19801d9321246a53b7eb5a7d1bc ;;
        1.32.0) pypi 1.32.0 5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d ;;
        *) die "ONNX Runtime $1 has no checksum in $0: 1.17.3, 1.20.1 or 1.32.0" ;;
        esac
    fi
    printf '%s\n' "$file"
}

pypi() {
    archive=$(wheel onnxruntime "$1" "$2" --python-version 3.11 --implementation cp --abi cp311 \
        --platform manylinux_2_27_x86_64 --platform manylinux_2_28_x86_64)
    unpack "$archive" "$folder" onnxruntime/capi/lib
}

npm_package() {
    file=$cache/wheels/$1-$2.tgz
    if ! has_sum "$file" "$3"; then
        command -v npm >/dev/null 2>&1 || die "npm was not found: it fetches $1"
        mkdir -p "$cache/wheels"
        say "fetching $1 $2 from npm"
        (cd "$cache/wheels" && npm pack --silent "$1@$2" >/dev/null) || die "no network, or npm does not have it: $1 $2"
        has_sum "$file" "$3" || die "$1 $2 is not the file expected"
    fi
    printf '%s\n' "$file"
}

failed=
[ $# -gt 0 ] || set -- 1.17.3 1.20.1 1.32.0
for version; do
    runtime=$(library "$version")
    say "ONNX Runtime $version"
    env -u GST_PLUGIN_PATH GST_REGISTRY="$root/target/gstreamer-registry-tests.bin" ORT_DYLIB_PATH="$runtime" \
        ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" ONNX_IQA_CLIPS="$cache/clips" \
        cargo test --locked --workspace --no-fail-fast --test contracts --test opening --test outputs --test parity \
        --test reduced --test reference_branch --test restart --test scoring --test worker --test iqascore ||
        failed="$failed $version"
done
[ -z "$failed" ] || die "failed with ONNX Runtime$failed"
