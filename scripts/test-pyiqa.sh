#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Every metric that examples/pyiqa exports, with weights drawn from a seed, against pyiqa through the plugin.
# test-pyiqa.sh METRIC…: only these. IQA_EXPORT_PYTHON is a Python that has requirements.txt already; IQA_EXPORT_CROPS
# how many crops AHIQ and MANIQA take of a picture: 2; their own 20, each 785 tokens, take hours on two cores.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

here=$root/examples/pyiqa
folder=$cache/pyiqa
python=${IQA_EXPORT_PYTHON:-$folder/bin/python}
if [ -z "${IQA_EXPORT_PYTHON-}" ] && ! cmp -s "$here/requirements.txt" "$folder/from"; then
    say 'fetching pyiqa, PyTorch and what they need from PyPI (5 GB on disk)'
    rm -rf "$folder"
    "$(python_with_pip)" -m venv "$folder"
    # PyTorch needs the libraries that it asks for; of what pyiqa asks for most is not needed.
    grep -E '^(torch|torchvision|onnx|onnxruntime|pytest)==' "$here/requirements.txt" >"$folder/first"
    for options in "-r $folder/first" "--no-deps -r $here/requirements.txt"; do
        # shellcheck disable=SC2086 # words
        "$python" -m pip --disable-pip-version-check install --quiet $options >&2 ||
            die 'no network, or PyPI does not have what examples/pyiqa/requirements.txt lists'
    done
    cp "$here/requirements.txt" "$folder/from"
fi

eval "$("$root/scripts/env.sh")"
cd "$here"
out=$root/target/pyiqa
mkdir -p "$out"
if [ $# = 0 ]; then
    "$python" -m pytest -q -p no:cacheprovider
    # shellcheck disable=SC2046 # words
    set -- $("$python" -c 'from iqa_export.metrics import METRICS; print(*METRICS)')
fi

: >"$out/summary"
failed=0
# export_and_check METRIC OPTION…
export_and_check() {
    say "$*"
    file=$out/$(echo "$*" | tr -d ' ')
    "$python" -m iqa_export "$@" --seed 7 --out "$file.onnx" >"$file.txt" || failed=$((failed + 1))
    rm -f "$file.onnx" # up to 400 MB
    tail -n 1 "$file.txt" >>"$out/summary"
}
for metric; do
    case $metric in
    maniqa | ahiq) export_and_check "$metric" --crops "${IQA_EXPORT_CROPS:-2}" ;;
    *) export_and_check "$metric" ;;
    esac
    # The only one of which the reference may be of another size.
    [ "$metric" != ckdn ] || export_and_check ckdn --reduced-reference
done
cat "$out/summary"
[ "$failed" = 0 ] || die "$failed of $# metrics failed"
say "all $# metrics agree with pyiqa"
