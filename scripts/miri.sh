#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# miri.sh [NAME…]: unit tests of the engine under Miri, which interprets them and reports undefined behavior and data
# races: those of what threads share, or those whose names have NAME. Kernels take very long: picture:: or simd:: did
# not end within two minutes. Needs a nightly compiler with the components miri and rust-src.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

cargo +nightly --version >/dev/null 2>&1 || die 'no nightly compiler: rustup toolchain install nightly'
cargo +nightly miri --version >/dev/null 2>&1 ||
    die 'nightly has no Miri: rustup component add --toolchain nightly miri rust-src'
[ $# -gt 0 ] || set -- sharing:: comparer::pair scorer::pooling
# Files and clocks of the machine may be read. Miri finds no processor features, so kernels run in their portable form.
export MIRIFLAGS="-Zmiri-disable-isolation ${MIRIFLAGS-}" ONNX_IQA_SIMD=scalar
cargo +nightly miri test --locked --target-dir "${CARGO_TARGET_DIR:-$root/target}/miri" -p onnx-iqa --lib -- "$@"
