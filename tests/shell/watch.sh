#!/bin/sh
# The pages of `iqa watch` as a browser shows them: the real command with cameras that are none, driven in headless Chromium by
# watch.cjs. Screenshots are left in ONNX_IQA_SHOTS, if that is set.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

for program in chromium node; do
    if ! command -v $program >/dev/null 2>&1; then
        echo "SKIPPED: the pages of iqa watch in a browser: there is no $program"
        exit 0
    fi
done
if ! tools=$(scripts/browser.sh); then
    echo "SKIPPED: the pages of iqa watch in a browser: playwright-core and axe-core could not be fetched"
    exit 0
fi
node tests/shell/watch.cjs "$tools" "$(command -v iqa)" "$TEST_TMP/watch" "${ONNX_IQA_SHOTS:-$TEST_TMP/shots}" ||
    fail "the pages of iqa watch, see above"
