#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# gpu-check.sh pack FOLDER [cpu|gpu|gpu-cuda13]: everything that the check needs, in FOLDER, in pieces of 48 MiB.
# gpu-check.sh run [OPTION…]: the check, from the folder that this script lies in; the options are gpu_check's.
#
# Whether the GPU gives the CPU's answers for every bundled network, in float and in 8 bit, with CUDA and with TensorRT,
# and how fast it is: examples/gpu_check. `pack` needs this checkout, cargo and the network. `run` needs
#   * Linux on x86-64 with a C library of 2.36 or newer, sha256sum, tar and xz;
#   * for CUDA: an NVIDIA driver, and the libraries of CUDA 12 (gpu) or CUDA 13 (gpu-cuda13) with cuDNN 9, where the
#     loader finds them or in python3's `nvidia` packages, as PyTorch brings them;
#   * for TensorRT: its libraries too. Without them it is left out, which is said.
# It needs no network, no compiler, no GStreamer, no Python. 4 GiB of GPU memory are enough. A piece that is missing or
# damaged is named.
#
# Exit status of `run`: 0 all answers right, 1 an answer is wrong, 2 something could not be run.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
usage() {
    sed -n '2,3s/^# //p' "$here/gpu-check.sh" >&2
    exit 2
}

pack() {
    # shellcheck source=common.sh
    . "$here/common.sh"
    [ $# -ge 1 ] || usage
    mkdir -p "$1"
    folder=$(CDPATH='' cd -- "$1" && pwd) kind=${2-gpu-cuda13}
    [ -z "$(ls -A "$folder")" ] || die "$folder is not empty"
    case $kind in
        cpu) library=$("$root/scripts/onnxruntime.sh" cpu) ;;
        gpu | gpu-cuda13) library=$("$root/scripts/onnxruntime.sh" --keep "$kind") ;;
        *) usage ;;
    esac
    say 'building gpu_check'
    # GPU_CHECK_PROFILE=dev is for trying this script.
    (cd "$root" && cargo build --locked --workspace --profile "${GPU_CHECK_PROFILE:-release}" --example gpu_check)
    built=${GPU_CHECK_PROFILE:-release}
    [ "$built" != dev ] || built=debug
    inside=$(mktemp -d "$folder/inside.XXXXXX")
    mkdir "$inside/models"
    cp "$root/target/$built/examples/gpu_check" "$inside/"
    cp "$(dirname "$library")"/libonnxruntime*.so* "$inside/"
    [ -e "$inside/libonnxruntime.so.1" ] || ln -s "$(basename "$library")" "$inside/libonnxruntime.so.1"
    for model in "$root"/models/*/*.onnx; do
        name=$(basename "$(dirname "$model")")
        mkdir -p "$inside/models/$name"
        cp "$model" "$inside/models/$name/"
    done
    say 'packing'
    # Weights and kernels hardly shrink any further: the fastest level.
    tar -C "$inside" -cf - . | xz -1 -T0 | split -b 48M -d - "$folder/gpu-check.tar.xz."
    rm -rf "$inside"
    cp "$here/gpu-check.sh" "$folder/"
    (cd "$folder" && sha256sum gpu-check.tar.xz.* >SHA256SUMS)
    say "$(find "$folder" -name 'gpu-check.tar.xz.*' | wc -l) pieces in $folder: bring them to the machine, then run gpu-check.sh run"
}

# The folders of NVIDIA's libraries, colons between them: python3's packages.
nvidia_packages() {
    command -v python3 >/dev/null || return 0
    python3 - <<'PY' 2>/dev/null || true
import glob, site, sys
roots = [*site.getsitepackages(), site.getusersitepackages(), *sys.path]
found = [folder for root in dict.fromkeys(roots) for pattern in ("nvidia/*/lib", "tensorrt_libs") for folder in glob.glob(f"{root}/{pattern}")]
print(":".join(dict.fromkeys(found)))
PY
}

# Whether the loader finds the library.
has_library() {
    { ldconfig -p 2>/dev/null | grep -q "$1"; } && return
    for folder in $(printf '%s' "${LD_LIBRARY_PATH-}" | tr ':' ' '); do
        for file in "$folder/$1"*; do
            [ ! -e "$file" ] || return 0
        done
    done
    return 1
}

run() {
    cd "$here"
    [ -f SHA256SUMS ] || { echo "error: $here holds no SHA256SUMS: run this in the folder that 'pack' made" >&2; exit 2; }
    sha256sum --quiet --check SHA256SUMS >&2 || { echo "error: pieces are missing or damaged (above): bring them again" >&2; exit 2; }
    inside=$(mktemp -d)
    trap 'rm -rf "$inside"' EXIT
    cat gpu-check.tar.xz.* | xz -dc | tar -C "$inside" -xf -
    # A compiled engine serves this run alone.
    export XDG_CACHE_HOME="$inside/cache"
    unset ORT_DYLIB_PATH
    packages=$(nvidia_packages)
    export LD_LIBRARY_PATH="$inside:${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$packages"
    if command -v nvidia-smi >/dev/null; then
        nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || true
    fi
    providers=
    case " $* " in *' --provider '*) ;; *)
        if [ ! -f "$inside/libonnxruntime_providers_cuda.so" ]; then
            providers='--provider cpu'
            echo 'this ONNX Runtime has no GPU providers: the CPU is checked against itself'
        else
            lost=$(ldd "$inside/libonnxruntime_providers_cuda.so" | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | tr '\n' ' ')
            [ -z "$lost" ] || echo "CUDA: the loader does not find $lost" >&2
            providers='--provider cuda'
            if has_library libnvinfer.so; then
                providers="$providers --provider tensorrt"
            else
                echo 'tensorrt NOT CHECKED: libnvinfer.so is not found'
            fi
        fi ;;
    esac
    # shellcheck disable=SC2086 # words
    "$inside/gpu_check" --models "$inside/models" $providers "$@"
}

case ${1-} in
    pack | run) "$@" ;;
    *) usage ;;
esac
