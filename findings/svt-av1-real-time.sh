#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# As root, opening SVT-AV1's encoder makes the calling thread a real-time thread for good; its children inherit that.
#
# Expected: an encoder sets the priority of its own threads only and leaves the caller's thread alone; libx264 and
#   libx265 do so.
# Actual: where the effective user is root, the encoder puts the thread that opens it, and threads of its own, into
#   SCHED_FIFO at 99, the highest there is, above the kernel's interrupt threads at 50. The caller stays there after the
#   encoder is closed, and whatever it starts later inherits it: a program that makes AV1 clips starves everything else
#   on the machine, whatever `nice` says (`nice -n 19` shows as such and does nothing), and its later decoders and
#   measurements run at real-time priority too, so that timings beside others mean nothing. Nothing is logged. In
#   containers root is the usual user. As another user nothing changes. To take it back: sched_setscheduler(SCHED_OTHER)
#   after each open, or open the encoder in a process of its own.
# Seen with: PyAV 15.1.0 (SVT-AV1 3.0.0). Found when a build stood still beside a script that encoded stills.
. "$(dirname -- "$0")/common.sh"
[ "$(id -u)" = 0 ] || cannot 'this happens to root alone'
pypi av==15.1.0 numpy==2.4.6

cat >"$work/encode.py" <<'PY'
import os, subprocess, sys
from fractions import Fraction
import av, numpy


def policy():
    name = {os.SCHED_OTHER: "other", os.SCHED_FIFO: "fifo"}.get(os.sched_getscheduler(0), "another")
    return f"{name} {os.sched_getparam(0).sched_priority}"


encoder = av.CodecContext.create(sys.argv[1], "w")
encoder.width, encoder.height, encoder.pix_fmt = 128, 96, "yuv420p"
encoder.framerate, encoder.time_base = 25, Fraction(1, 25)
frame = av.VideoFrame.from_ndarray(numpy.zeros((96, 128, 3), numpy.uint8), "rgb24").reformat(format="yuv420p")
frame.pts = 0
packets = [*encoder.encode(frame), *encoder.encode()]
assert packets
del encoder
child = subprocess.run(["sh", "-c", "cut -d' ' -f40,41 /proc/self/stat"], capture_output=True, text=True).stdout.strip()
print(f"{policy()}, child (priority, policy) {child}")
PY
encode() { SVT_LOG=1 PYTHONPATH="$work/python" nice -n 19 python3 "$work/encode.py" "$1" 2>"$work/log" | tail -n 1; }
still 'after libx264' "$(encode libx264)" 'other 0, child (priority, policy) 0 0'
still 'after libx265' "$(encode libx265)" 'other 0, child (priority, policy) 0 0'
still 'after libsvtav1' "$(encode libsvtav1)" 'fifo 99, child (priority, policy) 99 1'
still 'lines about it' "$(grep -ci 'fifo\|priority\|real.time' "$work/log" || true)" 0
verdict
