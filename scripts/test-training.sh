#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ruff and the tests of models/training, with the packages of its requirements.lock (PyTorch among them: 7 GB on disk);
# ruff, with the same rules, of examples/pyiqa too, whose tests test-pyiqa.sh runs.
# Where they cannot be fetched, it says SKIPPED and why; IQA_TRAINING_PYTHON is a Python that has them already.
# test-training.sh quick: without the tests that are marked slow.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

here=$root/models/training
folder=$cache/training
python=${IQA_TRAINING_PYTHON:-}
if [ -z "$python" ]; then
    # A clone that is thrown away should not leave 7 GB behind, there or in uv's cache.
    if [ -n "${CI-}" ]; then
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        export UV_NO_CACHE=1
    fi
    python=$folder/env/bin/python
    if ! cmp -s "$here/requirements.lock" "$folder/from"; then
        with_pip=$(python_with_pip)
        if ! "$with_pip" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            echo "SKIPPED: training: $with_pip is older than Python 3.11"
            exit
        fi
        say 'fetching PyTorch and what models/training/requirements.lock lists from PyPI (7 GB on disk)'
        rm -rf "$folder/env" "$folder/uv"
        mkdir -p "$folder"
        # uv takes a minute where pip takes ten. Like pip it is to trust the authorities that the system trusts.
        export UV_SYSTEM_CERTS=1
        if ! "$with_pip" -m pip --disable-pip-version-check install --quiet --target "$folder/uv" uv==0.13.9 >&2 ||
            ! "$folder/uv/bin/uv" venv --quiet --python "$with_pip" "$folder/env" >&2 ||
            ! "$folder/uv/bin/uv" pip install --quiet --python "$python" -r "$here/requirements.lock" >&2; then
            echo 'SKIPPED: training: no network, or PyPI does not have what models/training/requirements.lock lists'
            exit
        fi
        cp "$here/requirements.lock" "$folder/from"
    fi
fi

cd "$here"
say 'ruff'
for linted in "$here" "$root/examples/pyiqa"; do
    "$python" -m ruff format --no-cache --check --quiet "$linted" || die "$linted: ruff format . changes files"
    "$python" -m ruff check --no-cache --quiet "$linted"
done
say 'pytest'
slow=
[ "${1-}" != quick ] || slow="not slow"
# One process a core, each with one thread, takes half the time of one with all threads.
OMP_NUM_THREADS=1 "$python" -m pytest -q -p no:cacheprovider -n "$(nproc)" -m "$slow"
