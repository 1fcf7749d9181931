#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# versions.sh [VERSION…]: the plugin as `make build` has put it together, under other GStreamers than the one it was
# built with: each script in tests/versions with that version's programs first in PATH (scripts/gstreamer.sh fetches
# them). Without an argument 1.26 and 1.28. VERSION_TESTS: names of scripts, if not all.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"

[ -f "$stage/libgstonnxiqa.so" ] || die "the plugin is not built yet: run 'make build'"
[ $# -gt 0 ] || set -- 1.26 1.28
TEST_TMP=$(mktemp -d)
export TEST_TMP
trap 'rm -rf "$TEST_TMP"' EXIT
eval "$(scripts/env.sh)"
passed=0 failed=0 path=$PATH
for version; do
    folder=$(scripts/gstreamer.sh "$version") || die "GStreamer $version is not there"
    for script in tests/versions/*.sh; do
        case " ${VERSION_TESTS-} " in
        '  ' | *" $(basename -- "$script" .sh) "*) ;;
        *) continue ;;
        esac
        say "testing: $script under GStreamer $version"
        folder_of_test=$TEST_TMP/$version-$(basename -- "$script" .sh)
        mkdir -p "$folder_of_test"
        status=0
        # SYSTEM_PATH: a test compares with the GStreamer that the plugin was built with.
        env PATH="$folder/bin:$path" SYSTEM_PATH="$path" TEST_TMP="$folder_of_test" SYSTEM_REGISTRY="$GST_REGISTRY" \
            GST_REGISTRY_1_0="$TEST_TMP/registry-$version.bin" GST_VERSION="$version" \
            timeout --kill-after=10 600 "$script" || status=$?
        if [ "$status" = 0 ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            say "FAILED: $script under GStreamer $version (exit $status)"
        fi
    done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
