#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# tsan.sh [TEST…]: the engine's threads under ThreadSanitizer, with a standard library that was built for it: the unit
# tests and these tests in tests/, by default those that score and compare. Needs a nightly compiler with rust-src.
# ONNX Runtime is not built for it: what happens inside is not seen, and what is reported from there, or from the C++
# library that only it uses, is left out. Unit tests of kernels, which share nothing, take too long in it.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

host=$(rustc -vV | sed -n 's/^host: //p')
case $host in
    x86_64-unknown-linux-gnu | aarch64-unknown-linux-gnu) ;;
    *) die "ThreadSanitizer is for x86-64 and aarch64 with glibc, not for $host" ;;
esac
cargo +nightly --version >/dev/null 2>&1 || die 'no nightly compiler: rustup toolchain install nightly'
[ -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ] ||
    die 'nightly has no sources of the standard library: rustup component add --toolchain nightly rust-src'
[ -n "${ORT_DYLIB_PATH-}" ] || ORT_DYLIB_PATH=$(scripts/onnxruntime.sh)
export ORT_DYLIB_PATH
[ $# -gt 0 ] || set -- comparing worker scoring restart
tests='--lib'
for test; do tests="$tests --test $test"; done

suppressions=$(mktemp)
trap 'rm -f "$suppressions"' EXIT
printf '%s\n' called_from_lib:libonnxruntime.so race:libonnxruntime.so mutex:libstdc++.so >"$suppressions"
# With the usual randomization of addresses it ends at once on newer kernels.
fixed=
! command -v setarch >/dev/null 2>&1 || fixed='setarch -R'
# shellcheck disable=SC2086 # words
TSAN_OPTIONS="suppressions=$suppressions halt_on_error=1 ${TSAN_OPTIONS-}" RUSTFLAGS=-Zsanitizer=thread \
    ONNX_IQA_MODEL_PATH="${ONNX_IQA_MODEL_PATH:-$root/models}" ONNX_IQA_CLIPS="$cache/clips" \
    $fixed cargo +nightly test --locked -Zbuild-std --target "$host" \
    --target-dir "${CARGO_TARGET_DIR:-$root/target}/tsan" -p onnx-iqa $tests -- \
    --skip metrics:: --skip align::space --skip preprocess
