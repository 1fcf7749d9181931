#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Puts the plugin together in target/onnxiqa as it is used: the plugin file, ONNX Runtime and the bundled models beside
# it. A folder of its own, because GStreamer searches folders with their subfolders, and cargo's has a second copy in
# deps/.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

plugin=${CARGO_TARGET_DIR:-$root/target}/release/libgstonnxiqa.so
[ -f "$plugin" ] || die "$plugin is not there: build it with 'make build'"
library=$("$root/scripts/onnxruntime.sh")
mkdir -p "$stage/onnxiqa-models"

# A running pipeline keeps the old file: the new one takes its name only when it is complete.
put() {
    cmp -s "$1" "$2" && return
    cp "$1" "$2.new"
    mv "$2.new" "$2"
}

if ! cmp -s "$plugin" "$stage/libgstonnxiqa.so"; then
    put "$plugin" "$stage/libgstonnxiqa.so"
    # The registry remembers a plugin that once failed to load, by time and size.
    rm -f "$root"/target/gstreamer-registry*.bin
fi

# A link, for ONNX Runtime looks for its providers beside the real file, and providers in this folder, whose names end
# in .so, would be loaded by GStreamer's scanner as if they were plugins.
ln -sfn "$library" "$stage/libonnxruntime.so.1"

# The command looks beside itself: it runs without `make env`, too.
release=$(dirname -- "$plugin")
ln -sfn "$library" "$release/libonnxruntime.so.1"
ln -sfn "$stage/onnxiqa-models" "$release/onnxiqa-models"

for folder in "$root"/models/*/; do
    model=$folder/model.onnx
    [ -f "$model" ] || continue
    put "$model" "$stage/onnxiqa-models/$(basename "$folder").onnx"
    # The same network in float, for providers that are better with it.
    [ ! -f "$folder/model.float.onnx" ] || put "$folder/model.float.onnx" "$stage/onnxiqa-models/$(basename "$folder").float.onnx"
    [ ! -f "$folder/card.md" ] || put "$folder/card.md" "$stage/onnxiqa-models/$(basename "$folder").md"
    [ ! -f "$folder/model.toml" ] || put "$folder/model.toml" "$stage/onnxiqa-models/$(basename "$folder").toml"
done

# VMAF's models, with their licence.
mkdir -p "$stage/onnxiqa-models/vmaf"
for file in "$root"/models/vmaf/*.json "$root"/models/vmaf/LICENSE; do
    put "$file" "$stage/onnxiqa-models/vmaf/$(basename "$file")"
done
