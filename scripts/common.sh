# SPDX-License-Identifier: MPL-2.0
# What the scripts share. Sourced, not run: . "$(dirname -- "$0")/common.sh"
# shellcheck shell=sh disable=SC2034

# The checkout: the nearest folder above the script that has scripts in it.
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && while [ ! -d scripts ] && [ "$PWD" != / ]; do cd ..; done && pwd)
cache=$root/.cache            # everything downloaded, and nothing else
stage=$root/target/onnxiqa    # the plugin as it is used: the file, the runtime and the models beside it

# Each on standard error, so that a script's standard output stays its result.
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
# No bold without a terminal.
[ -t 2 ] || say() { printf '==> %s\n' "$*" >&2; }

# The version of the plugin and the command.
version() { sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1; }

# Whether FILE's SHA-256 is SUM.
has_sum() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

# The Python that has pip; Debian's own comes last because another may be first in PATH without it.
python_with_pip() {
    for python in python3 /usr/bin/python3; do
        if command -v "$python" >/dev/null 2>&1 && "$python" -m pip --version >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return
        fi
    done
    die "no python3 with pip was found: install python3-pip (scripts/system-packages.sh does)"
}

# wheel NAME VERSION SUM [pip's platform options…]: prints the path of a PyPI wheel in the cache, fetched if it is not
# there.
wheel() { package whl "$@" --only-binary=:all:; }

# sdist NAME VERSION SUM: the same for a source distribution.
sdist() { package tar.gz "$@" --no-binary=:all:; }

# package SUFFIX NAME VERSION SUM [pip's options…]: what both do.
package() {
    suffix=$1 name=$2 version=$3 sum=$4
    shift 4
    file=$cache/wheels/$name-$version-$(printf %.12s "$sum").$suffix
    if ! has_sum "$file" "$sum"; then
        python=$(python_with_pip)
        mkdir -p "$cache/wheels"
        part=$(mktemp -d "$cache/wheels/part.XXXXXX")
        say "fetching $name $version from PyPI"
        if ! "$python" -m pip --disable-pip-version-check download --no-deps "$@" \
            --dest "$part" "$name==$version" >&2; then
            rm -rf "$part"
            die "no network, or PyPI does not have it: $name $version could not be fetched. Once it has been, no network is needed again."
        fi
        for got in "$part"/*."$suffix"; do
            if ! has_sum "$got" "$sum"; then
                found=$(sha256sum <"$got" | cut -d' ' -f1)
                rm -rf "$part"
                die "$name $version is not the file expected: its SHA-256 is $found, not $sum"
            fi
            mv "$got" "$file"
        done
        rm -rf "$part"
    fi
    printf '%s\n' "$file"
}

# unpack WHEEL FOLDER PREFIX…: puts the files whose path in the wheel begins with a PREFIX into FOLDER, without their
# path.
unpack() {
    python3 - "$@" <<'PY'
import os, shutil, sys, zipfile

archive, folder, *prefixes = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
with zipfile.ZipFile(archive) as wheel:
    for name in wheel.namelist():
        if name.startswith(tuple(prefixes)) and not name.endswith("/"):
            target = os.path.join(folder, os.path.basename(name))
            with wheel.open(name) as source, open(target + ".part", "wb") as out:
                shutil.copyfileobj(source, out)
            os.replace(target + ".part", target)
PY
}
