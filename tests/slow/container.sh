#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The container image: built by buildah on a Debian 12 that is fetched, it scores a clip as a user without rights, on a
# read-only file system, and has the elements. Needs root, mmdebstrap and buildah.
set -eu
# shellcheck source=../shell/common.sh
. "$(dirname -- "$0")/../shell/common.sh"

skip() {
    echo "SKIPPED: the container image: $*"
    exit 0
}
[ "$(id -u)" = 0 ] || skip 'building its base needs root'
for tool in mmdebstrap buildah; do
    command -v $tool >/dev/null 2>&1 || skip "$tool is not installed"
done

# Nothing is left in the system's own storage.
export CONTAINERS_STORAGE_CONF="$TEST_TMP/storage.conf"
cat >"$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver = "vfs"
graphroot = "$TEST_TMP/images"
runroot = "$TEST_TMP/run"
CONF
export BUILDAH_ISOLATION=chroot
trap 'buildah rm --all >/dev/null 2>&1 || true; buildah rmi --all --force >/dev/null 2>&1 || true' EXIT

mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/*$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
mmdebstrap --quiet --variant=apt bookworm "$TEST_TMP/base.tar" "${mirror:-http://deb.debian.org/debian}"
base=$(buildah from scratch)
buildah add --quiet "$base" "$TEST_TMP/base.tar" / >/dev/null
cp /etc/apt/apt.conf.d/*proxy* "$TEST_TMP/" 2>/dev/null || true
for file in "$TEST_TMP"/*proxy*; do
    [ ! -f "$file" ] || buildah copy --quiet "$base" "$file" /etc/apt/apt.conf.d/ >/dev/null
done
buildah commit --quiet "$base" localhost/base >/dev/null
rm "$TEST_TMP/base.tar"

scripts/deb.sh >/dev/null
CONTAINER_TOOL=buildah scripts/container.sh --quiet --pull=never --build-arg BASE=localhost/base >"$TEST_TMP/built" 2>&1 ||
    fail "the image is not built: $(tail -n 5 "$TEST_TMP/built")"
image=$(buildah from --pull=never onnx-iqa:latest)
within() { buildah run --volume "$ONNX_IQA_CLIPS:/media:ro" "$image" -- "$@"; }

[ "$(within id -u)" = 1000 ] || fail 'it runs as root'
within iqa --version | grep -q "^iqa $(version)" || fail 'another version'
within iqa score /media/carphone_pristine.mp4 --every 50 --progress none --json >"$TEST_TMP/score.json"
python3 - "$TEST_TMP/score.json" <<'PY' || fail 'no figures'
import json, sys

score = json.load(open(sys.argv[1]))["inputs"][0]
assert score["scored"] >= 2 and 0 < score["score"]["mean"] < 100, score
PY
for element in iqascore iqacompare iqaoverlay iqalog; do
    within gst-inspect-1.0 $element >/dev/null || fail "it has no $element"
done
within gst-launch-1.0 -q videotestsrc num-buffers=5 ! iqascore ! fakesink || fail 'gst-launch-1.0 cannot use the plugin'
echo "the image: $(buildah images --format '{{.Size}}' onnx-iqa:latest)"
