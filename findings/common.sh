# SPDX-License-Identifier: MPL-2.0
# What the scripts of this folder share. Sourced, not run: . "$(dirname -- "$0")/common.sh"
# shellcheck shell=sh
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
cd "$work"
changed=0

# Something that the script needs is missing: this says nothing about the behavior.
cannot() {
    printf 'cannot run: %s\n' "$*" >&2
    exit 2
}

# still WHAT SEEN RECORDED: prints what was seen and notes whether it is what was recorded.
still() {
    printf '%s: %s\n' "$1" "$2"
    if [ "$2" != "$3" ]; then
        printf '  changed, it was: %s\n' "$3"
        changed=1
    fi
}

# differ WHAT ONE OTHER: the two must differ for the behavior to hold.
differ() {
    if [ "$2" = "$3" ]; then
        printf '%s: no difference any more, both are %s\n' "$1" "$2"
        changed=1
    else
        printf '%s: %s, and not %s\n' "$1" "$2" "$3"
    fi
}

# row N: line N of the file seen, into which a script's program wrote.
row() { sed -n "$1p" seen; }

# The last line of each script.
verdict() {
    if [ "$changed" = 1 ]; then
        echo 'CHANGED: the behavior is not as described any more.'
        exit 1
    fi
    echo 'The behavior holds.'
}

# pypi NAME==VERSION…: installs wheels from PyPI in the temporary folder.
pypi() {
    python3 -m pip --version >/dev/null 2>&1 || cannot 'python3 with pip is needed'
    python3 -m pip --quiet --disable-pip-version-check install --root-user-action=ignore \
        --target "$work/python" "$@" >&2 ||
        cannot "$* could not be installed"
    PYTHONPATH=$work/python
    export PYTHONPATH
}

# ffmpeg 9.0.2 out of the wheel imageio-ffmpeg 0.8.1, as the function ffmpeg.
use_ffmpeg() {
    pypi imageio-ffmpeg==0.8.1
    for ffmpeg_program in "$work"/python/imageio_ffmpeg/binaries/ffmpeg-*; do :; done
    [ -x "$ffmpeg_program" ] || cannot 'imageio-ffmpeg 0.8.1 has no ffmpeg for this machine'
    printf 'ffmpeg: %s\n' "$("$ffmpeg_program" -version | sed -n '1s/ Copyright.*//p')"
}
ffmpeg() { "$ffmpeg_program" -hide_banner -nostdin -y "$@"; }
ff() { ffmpeg -loglevel error -threads 1 "$@" || cannot "ffmpeg failed: $*"; }

# tags FILE: range, matrix, primaries, transfer and scan, as ffmpeg says them when it opens the file.
tags() { ffmpeg -i "$1" 2>&1 | grep 'Video:' | grep -m 1 -oE '(yuv|gbr|rgb|bgr)[a-z0-9]*\([^)]*' | cut -d'(' -f2; }

# shown FIELD OPTION…: a field of the first frame that ffmpeg shows, as showinfo names it (s, pts_time, …).
shown() {
    field=$1
    shift
    ffmpeg "$@" -vf showinfo -f null - 2>&1 | sed -n "s/.* $field:\([^ ]*\).*/\1/p" | head -n 1
}
frames_shown() { ffmpeg -i "$1" -vf showinfo -f null - 2>&1 | grep -c pts_time; }

# use_gstreamer ELEMENT…: the GStreamer in PATH; each script says with which versions its behavior was seen.
use_gstreamer() {
    command -v gst-launch-1.0 >/dev/null || cannot 'gst-launch-1.0 is needed'
    for element in "$@"; do
        gst-inspect-1.0 --exists "$element" || cannot "GStreamer's element $element is needed"
    done
    gst-launch-1.0 --version | sed -n 's/^GStreamer /GStreamer: /p'
}
try_gst() { timeout 60 gst-launch-1.0 -q "$@" >gst.log 2>&1; }
gst() { try_gst "$@" || cannot "$(head -n 1 gst.log)"; }

# caps PAD FIELD PIPELINE…: the last value of FIELD in the caps of a pad, as gst-launch-1.0 -v names it.
caps() {
    pad=$1 field=$2
    shift 2
    timeout 60 gst-launch-1.0 -v "$@" 2>&1 |
        sed -n "s/.*$pad: caps = .*[ ,]$field=([a-z]*)\([^,;]*\).*/\1/p" | tail -n 1
}

# rgb PIPELINE…: the first pixel of a pipeline of GStreamer, converted to RGB.
rgb() {
    rm -f rgb.raw
    gst "$@" ! videoconvert ! video/x-raw,format=RGB ! filesink location=rgb.raw
    bytes 3 rgb.raw
}

# The first N bytes of a file, as numbers.
bytes() { od -An -tu1 -N"$1" "$2" | tr -s ' \n' ' ' | sed 's/^ //; s/ $//'; }
