#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# gstreamer.sh 1.26|1.28: another GStreamer beside the system's, out of Debian's packages, in
# .cache/gstreamer-<version>. Nothing is installed and no root is needed. Its programs are in <folder>/bin: each runs by
# the loader and the libraries of that folder, and has the plugins of that folder only, beside those that
# GST_PLUGIN_PATH names; `with-gstreamer PROGRAM…` runs any other program so. Prints the folder.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

version=${1-}
case $version in
1.26) suite=trixie ;;
1.28) suite=forky ;;
*) die "unknown GStreamer '$version': 1.26 or 1.28" ;;
esac
packages='
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
    gstreamer1.0-libav
    python3-gi python3-gst-1.0 gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0'
programs='gst-launch-1.0 gst-inspect-1.0 python3'

folder=$cache/gstreamer-$version
from="$suite $(printf '%s' "$packages with-gstreamer" | sha256sum | cut -d' ' -f1)"
if [ "$(cat "$folder/from" 2>/dev/null)" = "$from" ]; then
    printf '%s\n' "$folder"
    exit
fi
for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null 2>&1 || die "$tool was not found: Debian's packages are unpacked with it"
done
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keys ] || die "$keys is not there: install debian-archive-keyring"
# The mirror that the system uses, if it is Debian's.
mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/*$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)

# A package manager of its own, to which nothing is installed.
say "fetching GStreamer $version from Debian $suite"
mkdir -p "$cache"
part=$(mktemp -d "$cache/gstreamer-part.XXXXXX")
trap 'rm -rf "$part"' EXIT
apt=$part/apt tree=$part/tree
mkdir -p "$apt/etc/apt/apt.conf.d" "$apt/etc/apt/preferences.d" "$apt/var/lib/apt/lists/partial" "$apt/var/cache/apt/archives/partial" \
    "$apt/var/lib/dpkg" "$tree" "$part/bin"
: >"$apt/var/lib/dpkg/status"
cp /etc/apt/apt.conf.d/* "$apt/etc/apt/apt.conf.d/" 2>/dev/null || true
echo "deb [signed-by=$keys] ${mirror:-http://deb.debian.org/debian} $suite main" >"$apt/etc/apt/sources.list"
own_apt() {
    apt-get -o Dir="$apt" -o Dir::State::status="$apt/var/lib/dpkg/status" -o APT::Sandbox::User="$(id -un)" -qq "$@" >&2
}
# shellcheck disable=SC2086 # words, on purpose
if ! own_apt update || ! own_apt -y -d --no-install-recommends install $packages; then
    die "no network, or Debian $suite does not have it: GStreamer $version could not be fetched. Once it has been, no network is needed again."
fi
say "unpacking GStreamer $version"
for package in "$apt"/var/cache/apt/archives/*.deb; do
    dpkg-deb -x "$package" "$tree"
done

# The programs find their folder by themselves: it is renamed below.
for lib in "$tree"/usr/lib/*-linux-gnu*; do
    for loader in "$lib"/ld-linux*; do break 2; done
done
[ -x "$loader" ] || die "no loader is among the packages of Debian $suite"
lib=$(basename -- "$lib") loader=$(basename -- "$loader")
# write_program NAME [PATH]: runs the program of that path, or the one that its arguments name.
write_program() {
    program=${2:+"\"\$folder/tree$2\" "}
    cat >"$part/bin/$1" <<PROGRAM
#!/bin/sh
folder=\$(CDPATH='' cd -- "\$(dirname -- "\$0")/.." && pwd)
lib=\$folder/tree/usr/lib/$lib
export GST_PLUGIN_SYSTEM_PATH_1_0="\$lib/gstreamer-1.0" GST_PLUGIN_SCANNER_1_0="\$folder/bin/gst-plugin-scanner"
export GST_REGISTRY_1_0="\${GST_REGISTRY_1_0-\$folder/registry.bin}" GI_TYPELIB_PATH="\$lib/girepository-1.0" PYTHONHOME="\$folder/tree/usr"
exec "\$lib/$loader" --library-path "\$lib:\$lib/pulseaudio:\$lib/blas:\$lib/lapack" $program"\$@"
PROGRAM
    chmod +x "$part/bin/$1"
}
for name in $programs; do write_program "$name" "/usr/bin/$name"; done
write_program gst-plugin-scanner "/usr/lib/$lib/gstreamer1.0/gstreamer-1.0/gst-plugin-scanner"
write_program with-gstreamer

found=$("$part/bin/gst-launch-1.0" --version | sed -n 's/^GStreamer //p')
case $found in
"$version".*) ;;
*) die "Debian $suite has GStreamer ${found:-none by now}, not $version: correct the suite in $0" ;;
esac
rm -rf "$apt" "$part/registry.bin" "$folder"
echo "$from" >"$part/from"
mv "$part" "$folder"
trap - EXIT
say "GStreamer $found is in $folder"
printf '%s\n' "$folder"
