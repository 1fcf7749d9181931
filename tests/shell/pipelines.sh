#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# docs/pipelines.md: its property tables are those of the elements, and its blocks run and print what they say
# (blocks.py).
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

/usr/bin/python3 tests/shell/properties.py docs/pipelines.md
/usr/bin/python3 tests/shell/blocks.py docs/pipelines.md
