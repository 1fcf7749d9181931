#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The report's page as a browser shows it: made-up ladders of 72 s and of two hours, driven in headless Chromium by
# page.cjs. Screenshots and the printed page are left in ONNX_IQA_SHOTS, if that is set.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

browser_or_skip "the report's page in a browser"

# With all of the workspace's features, as the other tests are built.
ONNX_IQA_PAGES=$TEST_TMP/pages cargo test --locked --quiet --profile "${TEST_PROFILE:-test}" --workspace --bin iqa \
    report::page::tests::pages
for name in ladder film; do
    [ -s "$TEST_TMP/pages/$name/report.html" ] || fail "there is no page $name"
done
node tests/shell/page.cjs "$tools" "$TEST_TMP/pages" "${ONNX_IQA_SHOTS:-$TEST_TMP/shots}" "$TEST_TMP/profile" ||
    fail "the page, see above"
