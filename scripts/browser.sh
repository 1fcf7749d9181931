#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# What drives Chromium in tests/shell/page.sh: npm's playwright-core and axe-core, in .cache/browser. Neither is
# shipped. Prints the folder that holds both.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

folder=$cache/browser
# package NAME VERSION SUM: unpacks an npm package into the folder, fetched if it is not there.
package() {
    name=$1 version=$2 sum=$3
    [ "$(cat "$folder/$name.from" 2>/dev/null)" != "$sum" ] || return 0
    command -v npm >/dev/null 2>&1 || die "npm was not found: install it (Debian: npm)"
    mkdir -p "$folder"
    part=$(mktemp -d "$folder/part.XXXXXX")
    say "fetching $name $version from npm"
    if ! (cd "$part" && npm pack --silent "$name@$version" >/dev/null); then
        rm -rf "$part"
        die "no network, or npm does not have it: $name $version could not be fetched"
    fi
    if ! has_sum "$part/$name-$version.tgz" "$sum"; then
        rm -rf "$part"
        die "$name $version is not the file expected: its SHA-256 is not $sum"
    fi
    tar -xzf "$part/$name-$version.tgz" -C "$part"
    rm -rf "${folder:?}/$name"
    mv "$part/package" "$folder/$name"
    rm -rf "$part"
    echo "$sum" >"$folder/$name.from"
}
package playwright-core 1.65.1 6f5a60be62a4fddfbe7d10c448d8fbd54547da3358f2f8a04211440471ee863e
package axe-core 4.14.1 e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
printf '%s\n' "$folder"
