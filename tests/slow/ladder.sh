#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# tests/shell/ladder.sh with all models and clips.
set -eu
"$(dirname -- "$0")/../shell/ladder.sh" all
