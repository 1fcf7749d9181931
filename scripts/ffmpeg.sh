#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The ffmpeg that benches/metrics.rs measures itself against, out of PyPI's imageio-ffmpeg, in .cache/ffmpeg.
# Prints its path.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

version=0.8.1
case $(uname -m) in
x86_64) sum=050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda program=ffmpeg-linux-x86_64-v9.0.2 ;;
aarch64) sum=fad3176f859b25869e60a8ed79957d4e3ed74a97a95e5f0cdcb91455f6c6d00e program=ffmpeg-linux-aarch64-v9.0.2 ;;
*) die "PyPI's imageio-ffmpeg has no ffmpeg for $(uname -m)" ;;
esac

folder=$cache/ffmpeg
if [ "$(cat "$folder/from" 2>/dev/null)" != "$sum" ] || [ ! -x "$folder/$program" ]; then
    archive=$(wheel imageio-ffmpeg $version $sum --platform "manylinux_2_28_$(uname -m)")
    say "unpacking ffmpeg"
    unpack "$archive" "$folder" imageio_ffmpeg/binaries/ffmpeg
    [ -f "$folder/$program" ] || die "$archive does not hold $program"
    chmod +x "$folder/$program"
    echo "$sum" >"$folder/from"
fi
printf '%s\n' "$folder/$program"
