#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# GStreamer's leaks tracer finds nothing that the elements keep after their pipeline is gone.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

# leaks PIPELINE…: what is alive when GStreamer is shut down.
leaks() {
    GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 GST_DEBUG_NO_COLOR=1 GST_DEBUG_FILE="$TEST_TMP/tracer.log" \
        gst-launch-1.0 -q "$@" >"$TEST_TMP/launch.txt" 2>&1 || fail "gst-launch-1.0 $*: $(cat "$TEST_TMP/launch.txt")"
    grep -q 'object-alive' "$TEST_TMP/tracer.log" || fail "the tracer says nothing at all"
    # Lines of the records alone; those that describe their format have the class's name or the words "format string".
    grep 'object-alive, ' "$TEST_TMP/tracer.log" | grep -v 'format string' || true
}

# none PIPELINE…
none() {
    alive=$(leaks "$@")
    [ -z "$alive" ] || fail "gst-launch-1.0 $* leaks: $alive"
}

clip=$ONNX_IQA_CLIPS/carphone_pristine.mp4
small='video/x-raw,width=64,height=48'
# shellcheck disable=SC2086 # words
{
    none videotestsrc num-buffers=9 ! $small ! iqascore interval=5 frame-messages=true ! iqalog location="$TEST_TMP/l.jsonl" ! fakesink
    none videotestsrc num-buffers=9 ! $small ! iqascore mode=live ! videoconvert ! fakesink
    none videotestsrc num-buffers=9 ! $small ! c.reference videotestsrc num-buffers=9 ! $small \
        ! iqacompare name=c ! iqalog location="$TEST_TMP/m.csv" format=csv ! fakesink
}
none filesrc location="$clip" ! decodebin ! videoconvert ! tee name=t t. ! queue ! c.reference \
    t. ! queue ! iqacompare name=c alignment=pts alarm-field=sharpnes ! fakesink

# The test can fail: caps with one reference too many are found.
/usr/bin/python3 - >"$TEST_TMP/kept.txt" 2>&1 <<'PY' || fail "$(cat "$TEST_TMP/kept.txt")"
import ctypes, os
os.environ.update(GST_TRACERS="leaks", GST_DEBUG="GST_TRACER:7")
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
caps = Gst.Caps.from_string("video/x-raw")
ctypes.CDLL("libgstreamer-1.0.so.0").gst_mini_object_ref(ctypes.c_void_p(hash(caps)))
Gst.deinit()
PY
grep 'object-alive, ' "$TEST_TMP/kept.txt" | grep -qv 'format string' || fail "the tracer does not see a leak"
