#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Installs what is missing, builds, and runs all tests: cargo's, then each script in tests/shell.
# test.sh NAME…: only the scripts tests/shell/NAME.sh.
# TEST_PROFILE: cargo's profile of the tests (default: test). The commands that the scripts use are built as release.
# A test that cannot run on this machine says SKIPPED and why; the last line counts them.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

make build
passed=0 failed=0
TEST_TMP=$(mktemp -d)
export TEST_TMP
trap 'rm -rf "$TEST_TMP"' EXIT
output=$TEST_TMP/output
: >"$output"
# At a terminal Ctrl-C must reach what runs; without one, a command past its limit is ended with all its children.
foreground=
[ ! -t 0 ] || foreground=--foreground
# run WHAT SECONDS COMMAND…
run() {
    what=$1 limit=$2
    shift 2
    say "testing: $what"
    {
        status=0
        # shellcheck disable=SC2086 # empty or one word
        timeout $foreground --kill-after=10 "$limit" "$@" 2>&1 || status=$?
        echo "$status" >"$TEST_TMP/status"
    } | tee -a "$output"
    status=$(cat "$TEST_TMP/status")
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: $what (exit $status)"
    fi
}

# cargo_test WHAT SECONDS OPTION…, with the kernels' level $level, or the best if that is empty. The tests register the
# plugin in their own process, which has no folder with a runtime and models beside it; a staged plugin must not be
# found as well.
cargo_test() {
    what=$1 limit=$2
    shift 2
    run "$what" "$limit" env -u GST_PLUGIN_PATH GST_REGISTRY="$root/target/gstreamer-registry-tests.bin" \
        ORT_DYLIB_PATH="${ORT_DYLIB_PATH:-$stage/libonnxruntime.so.1}" \
        ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" ONNX_IQA_CLIPS="$cache/clips" ONNX_IQA_SIMD="$level" \
        ONNX_IQA_FFMPEG="$ffmpeg" ONNX_IQA_SKIMAGE="$skimage" \
        cargo test --locked --profile "${TEST_PROFILE:-test}" "$@"
}

# Whether this processor can run the kernels' level LEVEL (src/simd/mod.rs).
has_level() {
    case $1 in
        scalar) true ;;
        avx2) grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo ;;
        avx512) grep -qw avx512bw /proc/cpuinfo && grep -qw avx512vl /proc/cpuinfo ;;
    esac
}

if [ $# = 0 ]; then
    level=
    # VMAF is compared with the libvmaf in it; once, for all levels give the same bits.
    ffmpeg=$(scripts/ffmpeg.sh) || ffmpeg=
    # What `iqa watch` watches and tells, and what `iqa farm` runs on.
    for servers in rtsp prometheus mosquitto nats; do
        scripts/servers.sh $servers >/dev/null || true
    done
    # The pools of a ladder are compared with scikit-image's.
    skimage=$(scripts/skimage.sh) || skimage=
    cargo_test 'cargo test' 2400 --workspace --no-fail-fast
    ffmpeg=
    # Everything that has kernels, at each level but the best, at which all tests ran. As one workspace, or cargo would
    # build the engine once more.
    best=scalar
    for level in avx2 avx512; do
        ! has_level "$level" || best=$level
    done
    for level in scalar avx2 avx512; do
        if [ "$level" = "$best" ]; then
            continue
        elif has_level "$level"; then
            # Tests that go through all levels themselves have done so.
            cargo_test "kernels, $level" 900 --workspace --lib --test metrics --test space -- \
                --skip instruction_sets_agree --skip levels_and_threads_agree
        else
            echo "SKIPPED: kernels, $level: this processor does not have it" | tee -a "$output"
        fi
    done
    run 'models/training' 900 scripts/test-training.sh quick
    set -- tests/shell/*.sh
else
    for name; do
        shift
        set -- "$@" "tests/shell/$name.sh"
    done
fi

# These use the staged plugin as a user does.
eval "$(scripts/env.sh)"
for script; do
    case $script in */common.sh) continue ;; esac
    run "$script" 1200 "$script"
done

echo
skipped=$(grep -c 'SKIPPED:' "$output" || true)
[ "$skipped" = 0 ] || grep 'SKIPPED:' "$output"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
