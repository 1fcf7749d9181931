#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# container.sh [OPTION…]: builds the image onnx-iqa:VERSION of packaging/container/Containerfile from the packages in
# target/deb, with podman, buildah or docker (or CONTAINER_TOOL); the options are its own. Needs `make deb` to have run.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

packages=${CARGO_TARGET_DIR:-$root/target}/deb
version=$(version)
ls "$packages"/onnx-iqa-tools_"$version"-*.deb >/dev/null 2>&1 || die "there are no packages of version $version in $packages: run 'make deb'"
tool=${CONTAINER_TOOL-}
for one in podman buildah docker; do
    [ -n "$tool" ] || ! command -v $one >/dev/null 2>&1 || tool=$one
done
[ -n "$tool" ] || die 'none of podman, buildah and docker was found: install one'
say "building onnx-iqa:$version with $tool"
"$tool" build "$@" --build-arg VERSION="$version" --tag "onnx-iqa:$version" --tag onnx-iqa:latest \
    --file "$root/packaging/container/Containerfile" "$packages"
