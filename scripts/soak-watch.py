#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""soak-watch.py [--minutes N]: `iqa watch` with eight cameras that come and go: memory, threads and files stay.

Each camera is an RTSP server in a process of its own, which at random times is killed and started again, or stopped and
continued (SIGSTOP). Samples are written to target/soak/watch.jsonl while it runs, so a run that is interrupted counts as
far as it came. In the last minute all cameras stay, and all must be live at its end.
"""

import argparse
import json
import os
import platform
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from soak import FOLDER, ROOT, slope

CAMERAS = 8
CAMERA = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=25/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 config-interval=1"
)
# Seconds: between samples, of a camera's presence and absence, and the end, in which nothing is disturbed.
EVERY = 5
PRESENT = (10, 120)
ABSENT = (1, 40)
REST = 60
SAMPLES = FOLDER / "watch.jsonl"


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Camera:
    """A server that is there or not, and when that changes."""

    def __init__(self, port, environment, chance):
        self.port, self.environment, self.chance = port, environment, chance
        self.process, self.stopped, self.times = None, False, 0
        self.appear()

    def appear(self):
        if self.stopped:
            self.process.send_signal(signal.SIGCONT)
            self.stopped = False
        else:
            command = [str(ROOT / "scripts/rtsp-server.py"), str(self.port), "camera=" + CAMERA]
            output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            self.process = subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE, **output)
        self.present = True
        self.change = time.monotonic() + self.chance.uniform(*PRESENT)

    def vanish(self):
        self.stopped = self.chance.random() < 0.5
        if self.stopped:
            self.process.send_signal(signal.SIGSTOP)
        else:
            self.end()
        self.present = False
        self.times += 1
        self.change = time.monotonic() + self.chance.uniform(*ABSENT)

    def end(self):
        self.process.kill()
        self.process.wait()


def state(process):
    """Resident memory in KiB, threads, open files."""
    with open(f"/proc/{process}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmRSS"].split()[0]), int(fields["Threads"]), len(os.listdir(f"/proc/{process}/fd"))


def metrics(port):
    """Pictures received and connections made anew so far, and the number of live cameras."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    total = lambda name: sum(float(value) for value in re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE))
    live = len(re.findall(r'^iqa_source_state{.*state="live".*} 1$', text, re.MULTILINE))
    return {"frames": int(total("iqa_frames_total")), "reconnects": int(total("iqa_reconnects_total")), "live": live}


def run(minutes, seed):
    libraries = subprocess.run([ROOT / "scripts/servers.sh", "rtsp"], check=True, capture_output=True, text=True).stdout
    libraries = f"{libraries.strip()}/usr/lib/{platform.machine()}-linux-gnu"
    environment = os.environ | {"GI_TYPELIB_PATH": f"{libraries}/girepository-1.0", "LD_LIBRARY_PATH": libraries}
    chance = random.Random(seed)
    wall, *ports = free_ports(CAMERAS + 1)
    folder = FOLDER / "watch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = [f'listen = "127.0.0.1:{wall}"', f'data-dir = "{folder / "data"}"']
    for number, port in enumerate(ports):
        lines += ["[[camera]]", f'name = "camera-{number}"', f'uri = "rtsp://127.0.0.1:{port}/camera"']
        lines += ['interval = "10s"']
    (folder / "watch.toml").write_text("\n".join(lines) + "\n")

    cameras = [Camera(port, environment, chance) for port in ports]
    log = open(folder / "watch.log", "w")
    watch = subprocess.Popen([ROOT / "target/release/iqa", "watch", folder / "watch.toml"], stdout=log, stderr=log)
    begin = time.monotonic()
    error = None
    with open(SAMPLES, "w", buffering=1) as samples:
        try:
            next_sample = begin + EVERY
            while (passed := time.monotonic() - begin) < 60 * minutes:
                for camera in cameras:
                    if not camera.present and (time.monotonic() >= camera.change or passed > 60 * minutes - REST):
                        camera.appear()
                    elif camera.present and time.monotonic() >= camera.change and passed < 60 * minutes - REST:
                        camera.vanish()
                if time.monotonic() >= next_sample:
                    next_sample += EVERY
                    if watch.poll() is not None:
                        error = f"iqa watch ended with status {watch.returncode}: see {log.name}"
                        break
                    sample = dict(zip(("resident", "threads", "files"), state(watch.pid)), seconds=passed)
                    times = sum(camera.times for camera in cameras)
                    samples.write(json.dumps(sample | metrics(wall) | {"absences": times}) + "\n")
                time.sleep(0.1)
            if error is None:
                live = metrics(wall)["live"]
                error = None if live == CAMERAS else f"{live} of {CAMERAS} cameras are live at the end"
                watch.terminate()
                asked = time.monotonic()
                status = watch.wait(30)
                if status or time.monotonic() - asked > 5:
                    error = f"status {status}, {time.monotonic() - asked:.1f} s after SIGTERM"
        finally:
            watch.kill()
            for camera in cameras:
                camera.end()
        samples.write(json.dumps({"end": True, "error": error}) + "\n")


def result():
    """The result of what has run, and whether it is right."""
    samples = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    end = samples.pop() if samples and "end" in samples[-1] else {"error": "interrupted"}
    if len(samples) < 30:
        return f"watch: {end['error'] or 'too short for a result'}", False
    last = samples[-1]
    kept = [sample for sample in samples if sample["seconds"] >= last["seconds"] / 3]
    text = f"watch: {last['seconds'] / 60:.0f} min, {last['frames']} frames of {CAMERAS} cameras"
    text += f", {last['absences']} absences, {last['reconnects']} reconnects"
    for name, unit, scale in (("resident", "KiB", 0), ("threads", "threads", 2), ("files", "files", 2)):
        rise, error = slope([(sample["seconds"] / 3600, sample[name]) for sample in kept])
        values = [sample[name] for sample in kept]
        text += f"; {unit} {min(values)} to {max(values)}, {rise:+.{scale}f} ± {error:.{scale}f} an hour"
    if end["error"]:
        text += f"; FAILED: {end['error']}"
    return text, not end["error"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--minutes", type=float, default=120)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    # So that what was started is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run(options.minutes, options.seed)
    text, right = result()
    print(text)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
