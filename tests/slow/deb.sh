#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The Debian packages in systems that hold nothing else: Debian 12 and 13 are fetched, the packages are installed, score
# a clip, compare a distorted one with it, and go without a trace. Needs root (for chroot) and mmdebstrap; lintian, if
# it is there, has no remark.
set -eu
# shellcheck source=../shell/common.sh
. "$(dirname -- "$0")/../shell/common.sh"

skip() {
    echo "SKIPPED: packages in Debian 12 and 13: $*"
    exit 0
}
[ "$(id -u)" = 0 ] || skip 'chroot needs root'
command -v mmdebstrap >/dev/null 2>&1 || skip 'mmdebstrap is not installed'

packages=$TEST_TMP/packages
scripts/deb.sh "$packages" >"$TEST_TMP/files"
[ "$(wc -l <"$TEST_TMP/files")" = 3 ] || fail "not three packages: $(cat "$TEST_TMP/files")"
if command -v lintian >/dev/null 2>&1; then
    # shellcheck disable=SC2046 # the paths are ours
    remarks=$(lintian $(cat "$TEST_TMP/files") 2>/dev/null || true)
    [ -z "$remarks" ] || fail "lintian: $remarks"
else
    echo 'SKIPPED: lintian is not installed'
fi
# Programs find what belongs to them by /proc.
trap 'umount "$TEST_TMP"/*/proc 2>/dev/null || true' EXIT
mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/*$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)

for suite in bookworm trixie; do
    system=$TEST_TMP/$suite
    mmdebstrap --quiet --variant=apt --skip=cleanup/apt/lists $suite "$system" "${mirror:-http://deb.debian.org/debian}"
    within() { chroot "$system" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
    cp /etc/resolv.conf "$system/etc/"
    mount -t proc proc "$system/proc"
    cp /etc/apt/apt.conf.d/*proxy* "$system/etc/apt/apt.conf.d/" 2>/dev/null || true
    # What a system has where packages leave something behind.
    files() { (cd "$system" && find usr/bin usr/lib usr/share -path '*onnx*' -o -name '*iqa*') | sort; }
    [ -z "$(files)" ] || fail "$suite has files of this name: $(files)"
    cp "$packages"/*.deb "$ONNX_IQA_CLIPS/carphone_pristine.mp4" "$ONNX_IQA_CLIPS/carphone_distorted.mp4" "$system/tmp/"
    within sh -c 'apt-get -qq install --no-install-recommends /tmp/*.deb gstreamer1.0-tools >/tmp/apt.log 2>&1' ||
        fail "$suite does not install them: $(tail -n 5 "$system/tmp/apt.log")"

    within iqa score /tmp/carphone_pristine.mp4 --every 50 --progress none --json >"$TEST_TMP/score.json"
    within iqa compare /tmp/carphone_pristine.mp4 /tmp/carphone_distorted.mp4 --progress none --json >"$TEST_TMP/compare.json" || true
    python3 - "$TEST_TMP/score.json" "$TEST_TMP/compare.json" <<'PY' || fail "$suite: no figures"
import json, sys

score = json.load(open(sys.argv[1]))["inputs"][0]
assert score["scored"] >= 2 and 0 < score["score"]["mean"] < 100, score
text = open(sys.argv[2]).read()
assert '"vmaf"' in text, text[:500]
PY
    within gst-launch-1.0 -q videotestsrc num-buffers=5 ! iqascore ! iqalog location=/tmp/plugin.jsonl ! fakesink ||
        fail "$suite: gst-launch-1.0 cannot use the plugin"
    grep -q '"model-hash"' "$system/tmp/plugin.jsonl" || fail "$suite: the plugin's log has no model-hash"
    within sh -c 'ls /usr/share/man/man1/iqa-compare.1.gz' >/dev/null || fail "$suite: no man page"

    within apt-get -qq purge gstreamer1.0-onnxiqa onnx-iqa-tools onnx-iqa-models >/dev/null 2>&1 || fail "$suite does not remove them"
    [ -z "$(files)" ] || fail "$suite: left behind: $(files)"
    umount "$system/proc"
    rm -rf "$system"
    echo "$suite: installed, used and removed"
done
