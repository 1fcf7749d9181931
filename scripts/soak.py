#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""soak.py [--frames N] [PART...]: elements run for long, and whether memory, threads and descriptors stay.

Each part is one pipeline at 320x180 in a process of its own. Samples are written to target/soak/PART.jsonl while it
runs, so a part that is interrupted counts as far as it came; a part that is complete is not run again (delete its file
to repeat it). Every buffer that leaves is counted, and its time stamp is compared with its number. The last line a part
prints is its result:

    resident memory   slope in KiB for 100,000 frames with its standard error, by least squares, after the first third
    threads, files    when the slope's part begins, and at the end
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "target" / "soak"
FRAME = 40_000_000
SAMPLES = 300
SOURCE = "videotestsrc pattern=ball num-buffers={n} ! video/x-raw,format=I420,width=320,height=180,framerate=25/1"
COMPARE = (
    SOURCE + " ! tee name=t t. ! queue ! c.reference t. ! queue ! videobalance contrast=0.9 ! c.distorted "
    "iqacompare name=c {settings} ! fakesink name=sink"
)
# A part's pipeline, and its part of the frames.
PARTS = {
    "iqascore": (SOURCE + " ! iqascore interval=50 threads=1 ! fakesink name=sink", 1),
    "iqacompare": (COMPARE.replace("{settings}", "alignment=auto measures=psnr+ssim threads=1"), 1),
    "iqacompare-vmaf": (COMPARE.replace("{settings}", "alignment=auto measures=vmaf threads=1"), 0.02),
    "iqaoverlay": (SOURCE + " ! iqascore model=none measures=motion ! iqaoverlay ! fakesink name=sink", 1),
    "iqalog": (
        SOURCE + " ! iqascore model=none measures=motion ! iqalog location={log} max-file-size=10000000 max-files=3"
        " ! fakesink name=sink",
        1,
    ),
}


def state():
    """Resident memory in KiB, threads, open files."""
    fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(fields["VmRSS"].split()[0]), int(fields["Threads"]), len(os.listdir("/proc/self/fd"))


def play(part, frames):
    import gi

    gi.require_version("Gst", "1.0")
    from gi.repository import Gst

    Gst.init(None)
    log = FOLDER / f"{part}.log"
    pipeline = Gst.parse_launch(PARTS[part][0].replace("{n}", str(frames)).replace("{log}", str(log)))
    samples = open(FOLDER / f"{part}.jsonl", "w", buffering=1)
    counts = {"frames": 0, "wrong": 0}
    every = max(1, frames // SAMPLES)

    def buffer(_pad, info):
        number = counts["frames"]
        counts["wrong"] += info.get_buffer().pts != number * FRAME
        counts["frames"] = number + 1
        if number % every == 0:
            sample = dict(zip(("resident", "threads", "files"), state()), planned=frames, **counts)
            samples.write(json.dumps(sample) + "\n")
        return Gst.PadProbeReturn.OK

    pipeline.get_by_name("sink").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, buffer)
    pipeline.set_state(Gst.State.PLAYING)
    kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds)
    error = message.parse_error()[0].message if message.type == Gst.MessageType.ERROR else None
    sample = dict(zip(("resident", "threads", "files"), state()), planned=frames, end=True, error=error, **counts)
    samples.write(json.dumps(sample) + "\n")
    pipeline.set_state(Gst.State.NULL)
    for file in FOLDER.glob(f"{part}.log*"):
        file.unlink()


def slope(points):
    """Of y against x by least squares, and its standard error."""
    n = len(points)
    mean_x, mean_y = (sum(values) / n for values in zip(*points))
    square = sum((x - mean_x) ** 2 for x, _ in points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points) / square
    rest = sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in points)
    return rise, (rest / (n - 2) / square) ** 0.5


def result(part):
    """The result of what has run of a part, and whether it is right: nothing lost, nothing drifted."""
    path = FOLDER / f"{part}.jsonl"
    samples = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    if len(samples) < 10:
        return f"{part}: not run", False
    last = samples[-1]
    kept = [sample for sample in samples if sample["frames"] >= last["frames"] / 3]
    rise, error = slope([(sample["frames"], sample["resident"]) for sample in kept])
    text = (
        f"{part}: {last['frames']} of {last['planned']} frames, {last['wrong']} with another time stamp; "
        f"{last['resident'] / 1024:.0f} MiB, {rise * 1e5:+.0f} ± {error * 1e5:.0f} KiB for 100,000 frames; "
        f"threads {kept[0]['threads']} to {last['threads']}, files {kept[0]['files']} to {last['files']}"
    )
    lost = last.get("end") and last["frames"] != last["planned"]
    if last.get("error") or lost:
        text += f"; FAILED: {last.get('error') or 'frames are missing'}"
    return text, not (last.get("error") or lost or last["wrong"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--frames", type=int, default=1_000_000)
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = arguments.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        arguments.error(f"unknown part {unknown[0]}: {', '.join(PARTS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    good = True
    for part in options.parts or PARTS:
        frames = int(options.frames * PARTS[part][1])
        if options.inside:
            return play(part, frames)
        path = FOLDER / f"{part}.jsonl"
        done = [json.loads(line) for line in path.read_text().splitlines()[-1:]] if path.exists() else []
        if not (done and done[0].get("end") and done[0]["planned"] >= frames):
            start = time.monotonic()
            command = [sys.executable, __file__, "--inside", "--frames", str(options.frames), part]
            status = subprocess.run(command).returncode
            print(f"{part}: {time.monotonic() - start:.0f} s, exit status {status}", file=sys.stderr)
            # A process that crashed has left samples like one that was interrupted.
            good = good and status == 0
        text, right = result(part)
        good = good and right
        print(text, flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
