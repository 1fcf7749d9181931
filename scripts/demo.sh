#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# demo.sh [CLIP]: scores a clip and a hard re-encode of it, draws both curves, and compares three renditions with the
# clip. Needs `make build` to have run.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"
eval "$(scripts/env.sh)"

clip=${1:-$ONNX_IQA_CLIPS/bigbuckbunny.mp4}
[ -f "$clip" ] || die "there is no clip $clip"
folder=$cache/demo
hard=$folder/re-encoded.mkv
mkdir -p "$folder"
rm -rf "${folder:?}"/*

say "re-encoding $clip with x264 with a quantizer of 44"
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert ! video/x-raw,format=I420 \
    ! x264enc pass=quant quantizer=44 speed-preset=veryfast ! h264parse ! matroskamux ! filesink location="$hard" >&2
say "$(wc -c <"$clip") bytes before, $(wc -c <"$hard") after"

# score CLIP LOG: the pipeline of docs/pipelines.md, with a count of the frames while it runs.
score() {
    say "scoring $1"
    echo "    gst-launch-1.0 filesrc location=$1 ! decodebin ! videoconvert ! iqascore ! iqalog location=$2 ! fakesink" >&2
    gst-launch-1.0 -q filesrc location="$1" ! decodebin ! videoconvert ! iqascore ! iqalog location="$2" ! fakesink >&2 &
    job=$!
    trap 'kill $job 2>/dev/null' INT TERM
    while kill -0 $job 2>/dev/null; do
        sleep 1
        # A line is written as its frame passes, so the log itself is the progress. Only a terminal is told each second.
        [ ! -t 2 ] || printf '\r    %s frames ' "$(wc -l 2>/dev/null <"$2" || echo 0)" >&2
    done
    wait $job || die "the pipeline failed: see above"
    trap - INT TERM
    [ ! -t 2 ] || printf '\r' >&2
    tail -n 1 "$2" | grep -q '"pool"' || die "$2 ends without a pool"
    say "$(($(wc -l <"$2") - 1)) frames scored"
}
score "$clip" "$folder/original.jsonl"
score "$hard" "$folder/re-encoded.jsonl"

say "drawing (the program is examples/curves)"
cargo run --quiet --release --locked --example curves -- "original=$folder/original.jsonl" "re-encoded=$folder/re-encoded.jsonl"
say "encoding a ladder of three rungs"
ladder=
# rung LINES KBIT: that many lines, whatever columns the picture's shape asks for.
rung() {
    ladder="$ladder $1p.mp4"
    gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert ! videoscale \
        ! "video/x-raw,format=I420,height=$1,width=[2,16384,2],pixel-aspect-ratio=1/1" \
        ! x264enc bitrate="$2" speed-preset=veryfast ! h264parse ! mp4mux ! filesink location="$folder/$1p.mp4" >&2
}
rung 720 1500
rung 540 800
rung 360 400
say "comparing it: iqa compare $clip$ladder -o report"
source=$(CDPATH='' cd -- "$(dirname -- "$clip")" && pwd)/$(basename -- "$clip")
# shellcheck disable=SC2086 # names without spaces
(cd "$folder" && iqa compare "$source" $ladder -o report)
say "the report, for a browser: $folder/report/report.html"
say "the logs are in $folder; for a shell of your own: eval \"\$(make -s env)\""
