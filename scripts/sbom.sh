#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# sbom.sh: software bills of materials in CycloneDX's JSON, target/sbom/{iqa-cli,gst-plugin-onnxiqa}.cdx.json: every
# crate that the command and the plugin are made of, with version, licence and checksum. What is beside the crates (ONNX
# Runtime, models) stands in THIRD-PARTY.md. Installs cargo-cyclonedx in .cache.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

version=0.5.9
tool=$cache/cyclonedx/bin/cargo-cyclonedx
if [ ! -x "$tool" ]; then
    say "building cargo-cyclonedx $version (a few minutes, once)"
    cargo install cargo-cyclonedx --locked --version $version --root "$cache/cyclonedx" >&2
fi
out=${CARGO_TARGET_DIR:-$root/target}/sbom
mkdir -p "$out"
trap 'find . -name "*.onnx-iqa-sbom.json" -not -path "./target/*" -delete' EXIT
# It writes beside each manifest.
"$tool" cyclonedx --format json --all-features --target "$(rustc -vV | sed -n 's/^host: //p')" \
    --override-filename bom.onnx-iqa-sbom >&2
for crate in cli/iqa-cli plugins/onnxiqa/gst-plugin-onnxiqa; do
    mv "${crate%/*}/bom.onnx-iqa-sbom.json" "$out/${crate##*/}.cdx.json"
    printf '%s\n' "$out/${crate##*/}.cdx.json"
done
