#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# msrv.sh: everything is compiled by the oldest compiler that Cargo.toml promises (rust-version).
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
cargo "+$oldest" --version >/dev/null 2>&1 || rustup toolchain install "$oldest" --profile minimal
say "compiling with $(rustc "+$oldest" --version)"
cargo "+$oldest" check --locked --workspace --all-targets --target-dir "${CARGO_TARGET_DIR:-target}/msrv"
