#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The pages of `iqa watch` as a browser shows them: the real command with test patterns as cameras, driven in headless
# Chromium by watch.cjs. Screenshots are left in ONNX_IQA_SHOTS, if that is set.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

browser_or_skip "the pages of iqa watch in a browser"
node tests/shell/watch.cjs "$tools" "$(command -v iqa)" "$TEST_TMP/watch" "${ONNX_IQA_SHOTS:-$TEST_TMP/shots}" ||
    fail "the pages of iqa watch, see above"
