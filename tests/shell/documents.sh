#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The pages in docs/ run and print what they say (blocks.py; pipelines.md: pipelines.sh), and the messages of
# docs/troubleshooting.md are in the sources.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

/usr/bin/python3 tests/shell/messages.py docs/troubleshooting.md
# Measurements of an earlier run would hide what the pages compute.
XDG_CACHE_HOME=$TEST_TMP/cache
export XDG_CACHE_HOME
/usr/bin/python3 tests/shell/blocks.py docs/score.md docs/compare.md docs/model-contract.md docs/programs.md docs/gpu.md \
    docs/watch.md
