#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# onnxruntime.sh [cpu|gpu|gpu-cuda13|openvino]: ONNX Runtime's shared library out of its PyPI wheel, in
# .cache/onnxruntime/<kind>. Without an argument the kind chosen last is kept; at first it is cpu. Prints the path of
# the library. With --keep before the kind, what was chosen stays chosen.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

chosen=$cache/onnxruntime/chosen
choose=yes
[ "${1-}" != --keep ] || { choose='' && shift; }
kind=${1-}
[ -n "$kind" ] || kind=$(cat "$chosen" 2>/dev/null || echo cpu)
machine=$(uname -m)

# The last version that is built for CUDA 12; the wheels of CPython 3.11 are taken whatever Python is here, for nothing
# of them but the shared libraries is used.
case $kind-$machine in
cpu-x86_64) name=onnxruntime version=1.26.0 sum=11a8df4dcfe9ad5ff0bd71a7571dbed019fabc7594676c89fe8b86ea029c246f ;;
cpu-aarch64) name=onnxruntime version=1.26.0 sum=35c7c7b0ac2e02001d28fab6c9fc24e9abc5e6faa35e6e19c63cecf1406ba89f ;;
gpu-x86_64) name=onnxruntime-gpu version=1.26.0 sum=4fa231294c2643911d2a7d16469c4808b0bdcdc4b5f4063d3a53744ce25b683a ;;
# CUDA 13.
gpu-cuda13-x86_64) name=onnxruntime-gpu version=1.31.1 sum=e26c475fe361b2015f45b4b824bd13f0bb20204e59b62814e6f0acd5f3d491a6 ;;
openvino-x86_64) name=onnxruntime-openvino version=1.24.1 sum=3007c803634cc69c6d52af1dea7ce729d9bb62b9a11070fd2f959119199007a8 ;;
cpu-* | gpu-* | openvino-*) die "PyPI has no ONNX Runtime ($kind) for $machine: build it, and set ORT_DYLIB_PATH to its libonnxruntime.so" ;;
*) die "unknown kind of ONNX Runtime '$kind': cpu, gpu, gpu-cuda13 or openvino" ;;
esac

folder=$cache/onnxruntime/$kind
library=$folder/libonnxruntime.so.$version
if [ "$(cat "$folder/from" 2>/dev/null)" != "$sum" ] || [ ! -f "$library" ]; then
    archive=$(wheel "$name" "$version" "$sum" --python-version 3.11 --implementation cp --abi cp311 \
        --platform "manylinux_2_27_$machine" --platform "manylinux_2_28_$machine")
    say "unpacking ONNX Runtime $version ($kind)"
    rm -rf "$folder"
    unpack "$archive" "$folder" onnxruntime/capi/lib onnxruntime/LICENSE onnxruntime/ThirdPartyNotices.txt
    [ -f "$library" ] || die "$archive does not hold libonnxruntime.so.$version"
    echo "$sum" >"$folder/from"
fi
[ -z "$choose" ] || echo "$kind" >"$chosen"

# The machine must have what the provider needs beyond the wheel; say what is missing.
case $kind in gpu*)
    lost=$(ldd "$folder/libonnxruntime_providers_cuda.so" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | tr '\n' ' ')
    [ -z "$lost" ] || say "provider=cuda needs CUDA 12 (gpu) or 13 (gpu-cuda13) and cuDNN 9; the loader does not find: $lost(see docs/gpu.md)" ;;
esac
printf '%s\n' "$library"
