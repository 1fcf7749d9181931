#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# demo-farm.sh [CLIP]: `iqa farm` on this machine: a NATS server and three workers compare a ladder, and one worker is
# killed in the middle. Prints the ledger and the path of the report. Needs `make build` to have run.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"
eval "$(scripts/env.sh)"

clip=${1:-$ONNX_IQA_CLIPS/bigbuckbunny.mp4}
[ -f "$clip" ] || die "there is no clip $clip"
server=$(scripts/servers.sh nats)/usr/bin/nats-server
port=${ONNX_IQA_DEMO_PORT:-4333}
folder=$cache/demo-farm
rm -rf "${folder:?}"
mkdir -p "$folder"

say "encoding a ladder of three rungs"
# rung LINES KBIT: that many lines, whatever columns the picture's shape asks for, and a keyframe a second.
rung() {
    gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert ! videoscale \
        ! "video/x-raw,format=I420,height=$1,width=[2,16384,2],pixel-aspect-ratio=1/1" \
        ! x264enc bitrate="$2" speed-preset=veryfast key-int-max=25 ! h264parse ! mp4mux \
        ! filesink location="$folder/$1p.mp4" >&2
}
rung 720 1500
rung 540 800
rung 360 400
cp "$clip" "$folder/source.mp4"

jobs=
trap 'kill $jobs 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
say "starting $server and three workers"
cat >"$folder/nats.conf" <<CONF
listen: "127.0.0.1:$port"
jetstream { store_dir: "$folder/nats", sync_interval: always }
CONF
"$server" -c "$folder/nats.conf" >"$folder/nats.log" 2>&1 &
jobs="$jobs $!"
export NATS_URL="nats://127.0.0.1:$port"
tries=0
until iqa farm status >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || die "the server does not start: see $folder/nats.log, or set ONNX_IQA_DEMO_PORT to a free port"
    sleep 0.2
done

cat >"$folder/plan.toml" <<'PLAN'
source = "source.mp4"
renditions = ["720p.mp4", "540p.mp4", "360p.mp4"]
segment = "1s"
ack-wait = "3s"

[compare]
search-range = "500ms"
PLAN
say "submitting $folder/plan.toml"
plan=$(iqa farm submit "$folder/plan.toml")

workers=
for number in 1 2 3; do
    iqa farm work --threads 1 >"$folder/worker-$number.log" 2>&1 &
    workers="$workers $!"
done
jobs="$jobs $workers"
first=${workers# }
first=${first%% *}

# done_units: how many units have a result.
done_units() { iqa farm status "$plan" | sed -n 's/.*= done \([0-9]*\) .*/\1/p'; }
until [ "$(done_units)" -ge 3 ]; do
    kill -0 "$first" 2>/dev/null || die "a worker has ended: see $folder/worker-1.log"
    sleep 0.2
done
kill -9 "$first"
say "killed a worker: $(iqa farm status "$plan" | head -n 1)"
iqa farm collect "$plan" -o "$folder/report" --progress plain >&2

say "comparing it on one machine: iqa compare source.mp4 720p.mp4 540p.mp4 360p.mp4"
(cd "$folder" && iqa compare source.mp4 720p.mp4 540p.mp4 360p.mp4 --search-range 500ms --no-cache -q -o whole >&2)
cmp "$folder/report/frames.csv" "$folder/whole/frames.csv" >&2 || die "the farm's numbers differ from those of iqa compare"
say "every frame has the numbers that iqa compare gives it"
iqa farm status "$plan" | head -n 1
printf '%s\n' "$folder/report/report.html"
