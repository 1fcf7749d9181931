#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Grafana's schema as types, out of PyPI's grafana-foundation-sdk, in .cache/grafana. Prints the folder, for PYTHONPATH.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

version='1769699998!10.1.0'
sum=d131ffe49057fb669ba31ce7e28a303c96b3aecf4332b20de33cfa55110d498c
folder=$cache/grafana
if [ "$(cat "$folder/from" 2>/dev/null)" != "$sum" ]; then
    archive=$(wheel grafana-foundation-sdk "$version" $sum)
    rm -rf "${folder:?}"
    mkdir -p "$folder"
    python3 -m zipfile -e "$archive" "$folder"
    echo "$sum" >"$folder/from"
fi
printf '%s\n' "$folder"
