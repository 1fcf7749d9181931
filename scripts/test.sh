#!/bin/sh
# Installs what is missing, builds, and runs all tests: cargo's, then each script in tests/shell.
# test.sh NAME…: only the scripts tests/shell/NAME.sh.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

make build
passed=0 failed=0
# At a terminal Ctrl-C must reach what runs; without one, a command past its limit is ended with all its children.
foreground=
[ ! -t 0 ] || foreground=--foreground
# run WHAT SECONDS COMMAND…
run() {
    what=$1 limit=$2
    shift 2
    say "testing: $what"
    # shellcheck disable=SC2086 # empty or one word
    if timeout $foreground --kill-after=10 "$limit" "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: $what (exit $?)"
    fi
}

if [ $# = 0 ]; then
    # The tests register the plugin in their own process, which has no folder with a runtime and models beside it; a staged
    # plugin must not be found as well.
    run 'cargo test' 2400 env -u GST_PLUGIN_PATH GST_REGISTRY="$root/target/gstreamer-registry-tests.bin" \
        ORT_DYLIB_PATH="${ORT_DYLIB_PATH:-$stage/libonnxruntime.so.1}" \
        ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" ONNX_IQA_CLIPS="$cache/clips" \
        cargo test --workspace --locked
    set -- tests/shell/*.sh
else
    for name; do
        shift
        set -- "$@" "tests/shell/$name.sh"
    done
fi

# These use the staged plugin as a user does.
eval "$(scripts/env.sh)"
TEST_TMP=$(mktemp -d)
export TEST_TMP
trap 'rm -rf "$TEST_TMP"' EXIT
for script; do
    case $script in */common.sh) continue ;; esac
    run "$script" 600 "$script"
done

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
