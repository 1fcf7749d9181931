#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# install.sh [--remove] DESTDIR PREFIX PLUGINDIR: installs what `make build` made, or removes it again. The models and
# the runtime are there once, for the command and for the plugin, which finds them by links beside it.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

remove=
[ "$1" != --remove ] || { remove=yes && shift; }
dest=$1 prefix=$2 plugins=$1$3
top=$dest$prefix
for path in "$2" "$3"; do
    case $path in /*) ;; *) die "$path is no absolute path: PREFIX and PLUGINDIR begin with a /" ;; esac
done

# All that is ours alone.
if [ -n "$remove" ]; then
    rm -rf "$top/share/onnx-iqa" "$top/lib/onnxiqa" "$top/share/doc/onnx-iqa"
    rm -f "$top/bin/iqa" "$plugins/libgstonnxiqa.so" "$plugins/libonnxruntime.so.1" "$plugins/onnxiqa-models" \
        "$top/share/man/man1/iqa.1" "$top/share/man/man1"/iqa-*.1 "$top/share/bash-completion/completions/iqa" \
        "$top/share/zsh/site-functions/_iqa" "$top/share/fish/vendor_completions.d/iqa.fish"
    say "removed from $top"
    exit
fi

iqa=${CARGO_TARGET_DIR:-$root/target}/release/iqa
for file in "$iqa" "$stage/libgstonnxiqa.so" "$stage/libonnxruntime.so.1"; do
    [ -f "$file" ] || die "$file is not there: run 'make build' first"
done

install -D -m 755 "$iqa" "$top/bin/iqa"
install -D -m 644 "$stage/libgstonnxiqa.so" "$plugins/libgstonnxiqa.so"

# The runtime with the providers that lie beside the real file.
runtime=$(readlink -f "$stage/libonnxruntime.so.1")
mkdir -p "$top/lib/onnxiqa" "$top/share/onnx-iqa/onnxiqa-models/vmaf"
for file in "$(dirname "$runtime")"/libonnxruntime_providers_*.so; do
    [ ! -f "$file" ] || install -m 644 "$file" "$top/lib/onnxiqa/"
done
install -m 644 "$runtime" "$top/lib/onnxiqa/libonnxruntime.so.1"
for file in "$stage"/onnxiqa-models/*.onnx "$stage"/onnxiqa-models/*.toml "$stage"/onnxiqa-models/*.md; do
    [ ! -f "$file" ] || install -m 644 "$file" "$top/share/onnx-iqa/onnxiqa-models/"
done
install -m 644 "$stage"/onnxiqa-models/vmaf/* "$top/share/onnx-iqa/onnxiqa-models/vmaf/"
ln -srfn "$top/lib/onnxiqa/libonnxruntime.so.1" "$plugins/libonnxruntime.so.1"
ln -srfn "$top/share/onnx-iqa/onnxiqa-models" "$plugins/onnxiqa-models"

# The command writes its own pages and completions.
mkdir -p "$top/share/man/man1" "$top/share/bash-completion/completions" "$top/share/zsh/site-functions" \
    "$top/share/fish/vendor_completions.d"
"$iqa" man "$top/share/man/man1"
"$iqa" completions bash >"$top/share/bash-completion/completions/iqa"
"$iqa" completions zsh >"$top/share/zsh/site-functions/_iqa"
"$iqa" completions fish >"$top/share/fish/vendor_completions.d/iqa.fish"
for file in LICENSE THIRD-PARTY.md README.md CHANGELOG.md; do
    install -D -m 644 "$root/$file" "$top/share/doc/onnx-iqa/$file"
done
for file in "$root"/docs/*.md "$root"/docs/*.json "$root"/docs/images/*; do
    install -D -m 644 "$file" "$top/share/doc/onnx-iqa/${file#"$root/"}"
done
for file in LICENSE ThirdPartyNotices.txt; do
    notice=$(dirname "$runtime")/$file
    [ ! -f "$notice" ] || install -D -m 644 "$notice" "$top/share/doc/onnx-iqa/onnxruntime/$file"
done

say "installed in $top; the command is $prefix/bin/iqa"
if [ -z "$dest" ] && ! gst-inspect-1.0 --exists iqascore 2>/dev/null; then
    say "for gst-launch-1.0: export GST_PLUGIN_PATH=$3"
fi
