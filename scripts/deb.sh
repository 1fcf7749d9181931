#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# deb.sh [FOLDER]: Debian packages of what `make build` made, in FOLDER (target/deb): gstreamer1.0-onnxiqa (the plugin
# and ONNX Runtime), onnx-iqa-tools (the command) and onnx-iqa-models. They run where this Debian's libraries or newer
# ones are. Prints the files.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
for tool in dpkg-deb dpkg-shlibdeps dpkg-gencontrol strip; do
    command -v $tool >/dev/null 2>&1 || die "$tool was not found: install dpkg-dev and binutils"
done
out=${1:-$root/target/deb}
# Not -1, which is what Debian's own first package would be.
version=$(version)-0.1
date=$(git -C "$root" log -1 --format=%cD 2>/dev/null) || date=$(date -R)
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

plugins=/usr/lib/$triplet/gstreamer-1.0
"$root/scripts/install.sh" "$work/all" /usr "$plugins"
all=$work/all/usr
strip --strip-unneeded "$all/bin/iqa" "$work/all$plugins/libgstonnxiqa.so" "$all/lib/onnxiqa"/*
chmod 644 "$all/lib/onnxiqa"/*

# move PACKAGE PATH…: these belong to it.
move() {
    package=$1
    shift
    for path; do
        mkdir -p "$work/$package/$(dirname "$path")"
        mv "$work/all/$path" "$work/$package/$path"
    done
}
move gstreamer1.0-onnxiqa "usr/lib/$triplet/gstreamer-1.0" usr/lib/onnxiqa
move onnx-iqa-models usr/share/onnx-iqa
mkdir -p "$work/notices"
mv "$all/share/doc/onnx-iqa/onnxruntime" "$work/notices/"
rm "$all/share/doc/onnx-iqa/LICENSE"
move onnx-iqa-tools usr/bin usr/share/man usr/share/bash-completion usr/share/zsh usr/share/fish
mkdir -p "$work/onnx-iqa-tools/usr/share/doc" "$work/onnx-iqa-tools/usr/lib/systemd/system"
mv "$all/share/doc/onnx-iqa" "$work/onnx-iqa-tools/usr/share/doc/onnx-iqa-tools"
# Debian names the completions of zsh's vendors.
mv "$work/onnx-iqa-tools/usr/share/zsh/site-functions" "$work/onnx-iqa-tools/usr/share/zsh/vendor-completions"
for unit in iqa-watch.service iqa-farm-work@.service; do
    sed "s#/usr/local/bin/iqa#/usr/bin/iqa#" "$root/packaging/systemd/$unit" >"$work/onnx-iqa-tools/usr/lib/systemd/system/$unit"
done
gzip -9n "$work"/onnx-iqa-tools/usr/share/man/man1/*.1
mv "$work/onnx-iqa-tools/usr/share/doc/onnx-iqa-tools/CHANGELOG.md" "$work/changelog"
left=$(find "$work/all" ! -type d)
[ -z "$left" ] || die "belongs to no package: $left"

# The control files, with the libraries that each package needs.
mkdir -p "$work/source/debian"
cd "$work/source"
cat >debian/control <<CONTROL
Source: onnx-iqa
Section: video
Priority: optional
Maintainer: onnx-iqa <onnx-iqa@users.noreply.github.com>
Homepage: https://github.com/onnx-iqa/onnx-iqa
Standards-Version: 4.6.2

Package: gstreamer1.0-onnxiqa
Section: libs
Architecture: any
Depends: \${shlibs:Depends}, libgstreamer1.0-0 (>= 1.22),
 gstreamer1.0-plugins-base
Recommends: onnx-iqa-models (= \${binary:Version})
Description: GStreamer elements that measure picture quality
 iqascore scores frames with an ONNX network, iqacompare compares them with
 a reference that it aligns in time and space (PSNR, SSIM, VMAF, CAMBI or a
 network), iqaoverlay draws the results and iqalog writes them to a file.
 ONNX Runtime for CPUs is included.

Package: onnx-iqa-tools
Architecture: any
Depends: \${shlibs:Depends}, gstreamer1.0-onnxiqa (= \${binary:Version}),
 onnx-iqa-models (= \${binary:Version}), gstreamer1.0-plugins-good,
 gstreamer1.0-libav
Recommends: gstreamer1.0-plugins-bad, gstreamer1.0-plugins-ugly
Description: picture quality of files and cameras
 The command iqa scores films and pictures, compares renditions with their
 source, and watches cameras with a page, metrics and alarms.

Package: onnx-iqa-models
Section: science
Architecture: all
Description: picture quality networks and VMAF models
 The networks that the elements iqascore and iqacompare and the command iqa
 know by name, and Netflix's models for VMAF.
CONTROL
cat >debian/changelog <<CHANGELOG
onnx-iqa ($version) unstable; urgency=medium

  * Packages of the project's own; what has changed is in changelog.gz.

 -- onnx-iqa <onnx-iqa@users.noreply.github.com>  $date
CHANGELOG
# indented FILE: its text as a field of the copyright file.
indented() { sed -e 's/^[[:space:]]*$/./' -e 's/^/ /' -e 's/\r$//' "$1"; }
{
    cat <<COPYRIGHT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: onnx-iqa
Source: https://github.com/onnx-iqa/onnx-iqa
Comment: Crates that are linked in are listed in THIRD-PARTY.md of the package onnx-iqa-tools, the data that the networks
 were trained on in the pages beside them.

Files: *
Copyright: 2026 The onnx-iqa authors
License: MPL-2.0

Files: usr/lib/onnxiqa/*
Copyright: Microsoft Corporation
License: Expat

Files: usr/share/onnx-iqa/onnxiqa-models/vmaf/*
Copyright: 2020 Netflix, Inc.
License: BSD-2-Clause-Patent

License: MPL-2.0
 On Debian systems, the text of the Mozilla Public License 2.0 is in
 /usr/share/common-licenses/MPL-2.0.

License: Expat
COPYRIGHT
    indented "$work/notices/onnxruntime/LICENSE"
    printf '\nLicense: BSD-2-Clause-Patent\n'
    indented "$work/onnx-iqa-models/usr/share/onnx-iqa/onnxiqa-models/vmaf/LICENSE"
} >debian/copyright

mkdir -p "$out"
for package in gstreamer1.0-onnxiqa onnx-iqa-tools onnx-iqa-models; do
    tree=$work/$package
    doc=$tree/usr/share/doc/$package
    mkdir -p "$tree/DEBIAN" "$doc"
    cp debian/copyright "$doc/copyright"
    gzip -9nc "$work/changelog" >"$doc/changelog.gz"
    gzip -9nc debian/changelog >"$doc/changelog.Debian.gz"
    rm -f debian/substvars debian/files
    binaries=$(find "$tree/usr" -type f \( -name '*.so*' -o -path '*/bin/*' \))
    if [ -n "$binaries" ]; then
        # shellcheck disable=SC2086 # one word a file; the paths are ours
        dpkg-shlibdeps --ignore-missing-info -Tdebian/substvars $binaries 2>"$work/shlibdeps" ||
            die "the libraries of $package: $(cat "$work/shlibdeps")"
    fi
    if [ "$package" = onnx-iqa-tools ]; then
        # flate2's Rust code, which has zlib's messages.
        mkdir -p "$tree/usr/share/lintian/overrides"
        echo 'onnx-iqa-tools: embedded-library zlib *' >"$tree/usr/share/lintian/overrides/$package"
    fi
    [ "$package" != gstreamer1.0-onnxiqa ] || cp -r "$work/notices/onnxruntime" "$doc/"
    touch debian/substvars
    dpkg-gencontrol -p"$package" -P"$tree" -v"$version" -Tdebian/substvars >/dev/null
    (cd "$tree" && find usr -type f -exec md5sum {} + >DEBIAN/md5sums)
    find "$tree" -type d -exec chmod 755 {} +
    # Weights do not get smaller.
    level=6
    [ "$package" != onnx-iqa-models ] || level=0
    dpkg-deb --root-owner-group -z$level --build "$tree" "$out" >/dev/null
done
for file in "$out"/*_"${version}"_*.deb; do printf '%s\n' "$file"; done
