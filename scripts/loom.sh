#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Hand-written synchronization in every order of its threads (loom/README.md).
# loom.sh NAME…: only the tests whose names have NAME.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

cargo test --locked --manifest-path loom/Cargo.toml --target-dir target/loom -- --nocapture --test-threads=1 "$@"
