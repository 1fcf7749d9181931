#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# `make -s env` sets a shell up, whatever the path of the checkout, and prints nothing else.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

lines=$(make -s env 2>/dev/null)
[ -n "$lines" ] || fail "make -s env printed nothing"
if printf '%s\n' "$lines" | grep -Ev "^export [A-Z_]+='.*'\$"; then fail "make -s env printed a line that is no export"; fi

# A second eval changes nothing, and a user's own path stays, behind ours.
again=$(eval "$lines" && make -s env)
[ "$again" = "$lines" ] || fail "a second eval gives: $again"
path=$(GST_PLUGIN_PATH=/opt/mine make -s env | sed -n "s/^export GST_PLUGIN_PATH='\(.*\)'/\1/p")
[ "$path" = "$root/target/onnxiqa:/opt/mine" ] || fail "GST_PLUGIN_PATH is $path"

# Any path is quoted.
odd="$TEST_TMP/it's \$HOME \"here\""
mkdir -p "$odd"
cp -r scripts Makefile "$odd"
path=$(unset GST_PLUGIN_PATH && cd "$odd" && eval "$(make -s env 2>/dev/null)" && echo "$GST_PLUGIN_PATH")
[ "$path" = "$odd/target/onnxiqa" ] || fail "GST_PLUGIN_PATH is $path"

unset ORT_DYLIB_PATH ONNX_IQA_MODEL_PATH
eval "$lines"
for element in iqascore iqalog; do
    gst-inspect-1.0 $element >"$TEST_TMP/inspect.txt" || fail "gst-inspect-1.0 $element"
    grep -q "$root/target/onnxiqa/libgstonnxiqa.so" "$TEST_TMP/inspect.txt" || fail "$element is another plugin's"
done
if gst-inspect-1.0 -b | grep onnx; then fail "a file of ours is blacklisted"; fi
