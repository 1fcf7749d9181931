#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The elements and their tests, as built here, under the newest GStreamer; `make test-versions` has more.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

if ! scripts/gstreamer.sh 1.28 >"$TEST_TMP/fetched" 2>&1; then
    echo "SKIPPED: GStreamer 1.28: $(tail -n 1 "$TEST_TMP/fetched")"
    exit 0
fi
VERSION_TESTS='elements harness' scripts/versions.sh 1.28
