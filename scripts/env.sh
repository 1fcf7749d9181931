#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Prints what sets a shell up for iqa, gst-launch-1.0 and gst-inspect-1.0, one export a line: eval "$(make -s env)"
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

# export_line NAME VALUE, with VALUE quoted for any shell.
export_line() { printf "export %s='%s'\n" "$1" "$(printf %s "$2" | sed "s/'/'\\\\''/g")"; }

# What the user had stays, behind ours; a second eval changes nothing.
path=$stage
case :${GST_PLUGIN_PATH-}: in
:: | ":$stage:") ;;
":$stage:"*) path=$GST_PLUGIN_PATH ;;
*) path=$stage:$GST_PLUGIN_PATH ;;
esac
export_line GST_PLUGIN_PATH "$path"
# The command.
bin=${CARGO_TARGET_DIR:-$root/target}/release
case :$PATH: in
:"$bin":*) export_line PATH "$PATH" ;;
*) export_line PATH "$bin:$PATH" ;;
esac
# A registry of our own: the user's neither learns of this folder nor remembers a build that failed.
export_line GST_REGISTRY "$root/target/gstreamer-registry.bin"
export_line ONNX_IQA_CLIPS "$cache/clips"

[ -f "$stage/libgstonnxiqa.so" ] || echo "the plugin is not built yet: run 'make build'" >&2
