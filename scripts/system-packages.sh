#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Installs the Debian or Ubuntu packages that building, testing and the demo need. Asks apt only when something is
# missing, so that a second run needs neither the network nor root.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

gstreamer=1.22
rust=1.92
packages='
    ca-certificates gcc libc6-dev pkg-config python3 python3-pip
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
    gstreamer1.0-plugins-ugly gstreamer1.0-libav
    python3-gi python3-gst-1.0 gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0'
[ "${1-}" = --lint ] && packages="$packages shellcheck"

# A package that another one provides counts too: pkg-config comes as pkgconf on newer systems.
installed() {
    case $1 in
    pkg-config | gcc | python3 | shellcheck) command -v "$1" >/dev/null 2>&1 && return ;;
    python3-pip) (python_with_pip) >/dev/null 2>&1 && return ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
    missing=
    for package in $packages; do
        installed "$package" || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        say "installing:$missing"
        if [ "$(id -u)" = 0 ]; then
            as_root=
        elif command -v sudo >/dev/null 2>&1; then
            as_root=sudo
        else
            die "not root, and there is no sudo. As root, run: apt-get update && apt-get install --no-install-recommends$missing"
        fi
        $as_root apt-get update >&2 || say "apt-get update failed; trying with the package lists that are there"
        # shellcheck disable=SC2086 # words, on purpose
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >&2 ||
            die "no network, or not in this machine's package sources (on Ubuntu, 'universe' must be enabled):$missing"
    fi
else
    say "this is not Debian or Ubuntu: the packages must be there already (the names in $0 are Debian's)"
fi

pkg-config --atleast-version=$gstreamer gstreamer-1.0 2>/dev/null ||
    die "GStreamer $gstreamer or newer is needed, with its development files; here: $(pkg-config --modversion gstreamer-1.0 2>/dev/null || echo none). Debian 12, Ubuntu 24.04 and newer have it."

command -v cargo >/dev/null 2>&1 || die "cargo is not in PATH: install Rust with rustup (https://rustup.rs), then open a new shell"
have=$(rustc --version | cut -d' ' -f2 | cut -d- -f1) || die "rustc does not run: 'rustup default stable' sets a toolchain up"
[ "$(printf '%s\n' $rust "$have" | sort -V | head -n 1)" = $rust ] ||
    die "Rust $rust or newer is needed, here: $have. 'rustup update stable' brings it."
