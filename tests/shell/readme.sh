#!/bin/sh
# Every ```sh block of README.md runs as it stands, and prints what README.md says: see blocks.py.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

/usr/bin/python3 tests/shell/blocks.py README.md
