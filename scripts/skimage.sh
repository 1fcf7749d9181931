#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The scikit-image that the tests measure SSIM against, out of PyPI, in .cache/skimage. Prints the path of a python that
# has it.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

pins='scikit-image==0.25.2 numpy==2.2.6 scipy==1.15.3'
folder=$cache/skimage
if [ "$(cat "$folder/from" 2>/dev/null)" != "$pins" ] || ! "$folder/python" -c 'import skimage.metrics' 2>/dev/null; then
    python=$(python_with_pip)
    say "fetching scikit-image from PyPI"
    rm -rf "$folder"
    mkdir -p "$folder"
    # shellcheck disable=SC2086 # words
    "$python" -m pip --disable-pip-version-check install --quiet --only-binary=:all: --target "$folder/packages" $pins >&2 ||
        die "no network, or PyPI does not have them: $pins could not be fetched"
    cat >"$folder/python" <<PY
#!/bin/sh
PYTHONPATH=$folder/packages exec $python "\$@"
PY
    chmod +x "$folder/python"
    echo "$pins" >"$folder/from"
fi
printf '%s\n' "$folder/python"
