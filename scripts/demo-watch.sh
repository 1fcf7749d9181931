#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# demo-watch.sh: `iqa watch` with three simulated cameras: an RTSP server sends a clip, the same badly encoded, and a
# third one that goes away for 20 s of every minute. Needs `make build` to have run. Ends with Ctrl-C.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"
cd "$root"
eval "$(scripts/env.sh)"

clip=${1:-$ONNX_IQA_CLIPS/bigbuckbunny.mp4}
port=${ONNX_IQA_DEMO_PORT:-8554}
address=127.0.0.1:${ONNX_IQA_DEMO_WALL:-9464}
[ -f "$clip" ] || die "there is no clip $clip"
libraries=$(scripts/servers.sh rtsp)/usr/lib/$(uname -m)-linux-gnu
folder=$cache/demo-watch
rm -rf "${folder:?}"
mkdir -p "$folder/frames"

say "decoding $clip"
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! videoconvert ! videoscale \
    ! video/x-raw,format=I420,width=640,height=360,pixel-aspect-ratio=1/1 \
    ! multifilesink location="$folder/frames/%05d.yuv" >&2

# camera PATH QUANTISER: the clip, in a loop, as H.264.
camera() {
    printf '%s' "$1=multifilesrc location=$folder/frames/%05d.yuv loop=true" \
        " ! rawvideoparse width=640 height=360 format=i420 framerate=25/1 ! clocksync" \
        " ! x264enc pass=quant quantizer=$2 tune=zerolatency speed-preset=veryfast key-int-max=50" \
        " ! rtph264pay name=pay0 config-interval=1"
}
good=$(camera good 18)
poor=$(camera poor 46)

jobs=
trap 'kill $jobs 2>/dev/null' EXIT
trap 'exit 130' INT TERM
# serve PORT CAMERA…: sends them under rtsp://127.0.0.1:PORT. Standard input is the server's life.
serve() {
    GI_TYPELIB_PATH=$libraries/girepository-1.0 LD_LIBRARY_PATH=$libraries \
        exec scripts/rtsp-server.py "$@" >"$folder/server-$1.log" 2>&1
}
# Both ends of a pipe that nothing is written to: the servers wait there until they are killed.
mkfifo "$folder/never"
exec 3<>"$folder/never"
serve "$port" "$good" "$poor" <&3 &
jobs="$jobs $!"
(
    while :; do
        serve $((port + 1)) "$good" <&3 &
        server=$!
        # A shell heeds a trap while it waits, and not while it sleeps.
        trap 'kill $server $! 2>/dev/null; exit' TERM
        sleep 40 &
        wait $!
        kill "$server"
        sleep 20 &
        wait $!
    done
) &
jobs="$jobs $!"

cat >"$folder/cameras.toml" <<TOML
listen = "$address"
data-dir = "data"

[[camera]]
name = "good"
uri = "rtsp://127.0.0.1:$port/good"
tags = { demo = "steady" }
alarms.low = { below = 40 }
alarms.black = {}
alarms.frozen = {}

[[camera]]
name = "poor"
uri = "rtsp://127.0.0.1:$port/poor"
tags = { demo = "steady" }
alarms.low = { below = 40 }

[[camera]]
name = "comes-and-goes"
uri = "rtsp://127.0.0.1:$((port + 1))/good"
tags = { demo = "flapping" }
timeout = "3s"
TOML
say "the configuration is $folder/cameras.toml"
say "open http://$address in a browser; Ctrl-C ends it"
iqa watch "$folder/cameras.toml" &
jobs="$jobs $!"
wait $!
