#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Servers that only tests need, out of Debian's packages, unpacked into .cache/servers and never installed.
# servers.sh NAME: fetches what is missing of one of the sets below, and prints its folder, which is laid out as / is.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

case ${1-} in
prometheus) packages='prometheus prometheus-alertmanager' ;; # prometheus, promtool, prometheus-alertmanager, amtool
mosquitto) packages='mosquitto mosquitto-clients libmosquitto1 libwrap0 libdlt2 libcjson1' ;;
rtsp) packages='libgstrtspserver-1.0-0 gir1.2-gst-rtsp-server-1.0' ;; # for Python's gi: GI_TYPELIB_PATH, LD_LIBRARY_PATH
*) die "servers.sh prometheus, mosquitto or rtsp" ;;
esac

folder=$cache/servers/$1
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
