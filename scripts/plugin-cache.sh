#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Writes docs/plugins/gst_plugins_cache.json, which GStreamer's documentation tool reads, from the plugin in
# target/onnxiqa. plugin-cache.sh --check: instead compares the file with the plugin.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

check=false
case ${1-} in
'') ;;
--check) check=true ;;
*) die "usage: $0 [--check]" ;;
esac

[ -f "$stage/libgstonnxiqa.so" ] || die "the plugin is not built yet: run 'make build'"
file=docs/plugins/gst_plugins_cache.json
eval "$("$root/scripts/env.sh")"
part=$(mktemp)
trap 'rm -f "$part"' EXIT
# As one workspace, or cargo would build the engine once more.
profile=${TEST_PROFILE:-dev}
cargo build --quiet --locked --workspace --profile "$profile" --example plugin_cache
[ "$profile" != dev ] || profile=debug
GST_PLUGIN_PATH=$stage "${CARGO_TARGET_DIR:-$root/target}/$profile/examples/plugin_cache" >"$part"

if $check; then
    if ! diff -u "$file" "$part" >&2; then
        die "$file is not what the plugin says: run 'make build', then 'scripts/plugin-cache.sh', and commit the file"
    fi
else
    mkdir -p "$(dirname -- "$file")"
    cp "$part" "$file"
    say "wrote $file"
fi
