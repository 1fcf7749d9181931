#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Kubernetes' schemas and what checks manifests against them, out of PyPI's kubernetes-validate, in .cache/kubernetes.
# Prints the path of a python that has them.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

pins='kubernetes-validate==1.37.0 PyYAML==6.0.4 jsonschema==4.26.0'
folder=$cache/kubernetes
if [ "$(cat "$folder/from" 2>/dev/null)" != "$pins" ] || ! "$folder/python" -c 'import kubernetes_validate' 2>/dev/null; then
    python=$(python_with_pip)
    say "fetching Kubernetes' schemas from PyPI"
    rm -rf "${folder:?}"
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
