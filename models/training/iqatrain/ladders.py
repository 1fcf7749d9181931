# SPDX-License-Identifier: MPL-2.0
"""Made codec ladders: pristine pictures coded, shown enlarged, noisy or banded, beside what VMAF and SSIM say of them.

    python -m iqatrain.ladders --list ladders.txt --pictures pictures --out ladders

Each reference stands for part of a frame that is shown `display` lines high: 2160 (a picture's own pixels, 1280×1280 of
them), 1080 (1280×1080, scaled down to it) or 512 (CID22's). A step of a ladder is coded at `height` lines as one intra
frame, enlarged to the display's lines (bicubic) and compared with the reference there: VMAF (v0.6.1), VIF and luma
SSIM, by the ffmpeg of PyPI's `imageio-ffmpeg`, which has libvmaf.

A ladder is a list of steps, mild to strong, in which nothing but the rate, the coded height, the noise or the banding
grows. `loose` steps are drawn at random and are in no order.

`NAME.npy` [1 + steps, h, w, 3] uint8 has the reference and its steps, scaled to 1080 lines of the display where it has
more; `NAME.json` their description and measures. A stopped run goes on where it was.
"""

import argparse
import json
import os
import subprocess
import tempfile
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from PIL import Image

from .data import read_picture

os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 tells of errors only

REGIONS = {
    2160: (1280, 1280),
    1080: (1280, 1080),
    512: (512, 512),
}  # width, height of what is made of a frame of so many lines
STORED = 1080  # lines of the display that are kept
# Encoder, decoder, options for a quantiser or rate factor, mildest and strongest.
CODERS = {
    "x264": ("libx264", "h264", lambda q: {"preset": "medium", "crf": str(q), "threads": "1"}, (14, 46)),
    "x265": (
        "libx265",
        "hevc",
        lambda q: {"preset": "superfast", "x265-params": f"crf={q}:pools=none:frame-threads=1:log-level=none"},
        (10, 48),
    ),
    "svtav1": ("libsvtav1", "libdav1d", lambda q: {"preset": "10", "crf": str(q), "svtav1-params": "lp=1"}, (18, 63)),
    "vp9": (
        "libvpx-vp9",
        "vp9",
        lambda q: {"crf": str(q), "b": "0", "deadline": "realtime", "cpu-used": "6", "threads": "1"},
        (14, 63),
    ),
    "mpeg2": (
        "mpeg2video",
        "mpeg2video",
        lambda q: {"qmin": str(q), "qmax": str(q), "flags": "+qscale", "global_quality": str(118 * q)},
        (2, 31),
    ),
}
HEIGHTS = (2160, 1440, 1080, 864, 720, 576, 480, 360, 288, 240, 180, 144)
NOISES = (3.0, 7.0, 14.0, 26.0)  # standard deviation of 255
BANDS = (32, 12)  # levels of each channel that are left


@dataclass
class Step:
    """One copy of a reference, or the reference (`ladder` "reference")."""

    ladder: str  # "rate", "height", "noise", "bands", "loose"
    order: int = 0  # within the ladder, mild to strong
    coder: str = ""
    quantiser: int = 0
    height: int = 0  # lines that were coded, of the display's
    amount: float = 0.0  # noise, bands
    vmaf: float = 0.0
    vif: float = 0.0
    ssim: float = 0.0


def steps_of(display: int, number: int) -> list[Step]:
    """The steps of the reference with that number."""
    random = np.random.default_rng([2026, number, display])
    heights = [height for height in HEIGHTS if height <= display] if display != 512 else [512, 384, 288, 216, 160, 112]
    names, found = list(CODERS), []

    def rate_ladder(name: str, height: int, count: int, ladder: str):
        low, high = CODERS[name][3]
        for i, share in enumerate(np.linspace(random.uniform(0, 0.15), random.uniform(0.85, 1), count)):
            found.append(Step(ladder, i, name, round(low + share * (high - low)), height))

    rate_ladder(names[number % len(names)], heights[int(random.integers(min(3, len(heights))))], 5, "rate")
    rate_ladder(
        "x265" if random.random() < 0.5 else str(random.choice(names)),
        heights[int(random.integers(2, len(heights) - 2))],
        3,
        "rate-low",
    )
    quantiser = int(random.integers(10, 24))
    chosen = heights[int(random.integers(2)) :: 2] if display != 512 else heights
    found += [Step("height", i, "x265", quantiser, height) for i, height in enumerate(chosen)]
    found += [
        Step("noise", i, amount=amount * float(random.uniform(0.85, 1.15)))
        for i, amount in enumerate(NOISES[number % 2 :])
    ]
    found += [Step("bands", i, amount=float(amount)) for i, amount in enumerate(BANDS)]
    for _ in range(4):
        name = "x265" if random.random() < 0.4 else str(random.choice(names))
        low, high = CODERS[name][3]
        found.append(Step("loose", 0, name, int(random.integers(low, high + 1)), int(random.choice(heights))))
    return found


def encoded(picture: np.ndarray, coder: str, quantiser: int) -> np.ndarray:
    """The picture as an intra frame, 4:2:0, and back; [h, w, 3] uint8, even sides."""
    encoder_name, decoder_name, options, _ = CODERS[coder]
    encoder = av.CodecContext.create(encoder_name, "w")
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt, encoder.framerate, encoder.time_base = "yuv420p", Fraction(25), Fraction(1, 25)
    encoder.options = options(quantiser)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24").reformat(format="yuv420p")
    frame.pts = 0
    packets = [*encoder.encode(frame), *encoder.encode()]
    decoder = av.CodecContext.create(decoder_name, "r")
    decoder.options = {"threads": "1"}
    if encoder.extradata:
        decoder.extradata = encoder.extradata
    frames = [shown for packet in packets for shown in decoder.decode(packet)] + decoder.decode()
    if hasattr(os, "sched_setscheduler"):  # SVT-AV1 gives the calling thread a real-time priority where it may
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    if len(frames) != 1:
        raise RuntimeError(f"{encoder_name} gave {len(frames)} frames for one")
    return frames[0].to_ndarray(format="rgb24")


def resized(picture: np.ndarray, width: int, height: int, how=Image.Resampling.BICUBIC) -> np.ndarray:
    return (
        picture
        if picture.shape[:2] == (height, width)
        else np.asarray(Image.fromarray(picture).resize((width, height), how))
    )


def shown(reference: np.ndarray, step: Step, display: int, random: np.random.Generator) -> np.ndarray:
    """The step's copy at the reference's size."""
    height, width = reference.shape[:2]
    if step.coder:
        even = lambda lines: max(16, 2 * round(lines * step.height / display / 2))
        small = resized(reference, even(width), even(height))
        return resized(encoded(small, step.coder, step.quantiser), width, height)
    if step.ladder == "noise":
        grain = random.standard_normal(reference.shape, np.float32) * step.amount
        return np.clip(np.rint(reference + grain), 0, 255).astype(np.uint8)
    levels = step.amount - 1
    return np.rint(np.rint(reference / 255 * levels) / levels * 255).astype(np.uint8)


def reference_of(path: Path, display: int) -> np.ndarray:
    """The middle of the picture, as part of a frame of `display` lines."""
    picture, (width, height) = Image.fromarray(read_picture(path)), REGIONS[display]
    if display == 1080 or min(picture.width / width, picture.height / height) < 1:
        scale = max(width / picture.width, height / picture.height)
        if scale > 1:
            raise ValueError(f"{path} has {picture.width}x{picture.height} pixels, {width}x{height} are needed")
        picture = picture.resize(
            (max(width, round(scale * picture.width)), max(height, round(scale * picture.height))),
            Image.Resampling.LANCZOS,
        )
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return np.asarray(picture.crop((left, top, left + width, top + height)))


def measured(ffmpeg: Path, reference: np.ndarray, copies: list[np.ndarray]) -> list[dict[str, float]]:
    """VMAF, VIF (the mean of its four scales) and luma SSIM of each copy; the reference stands still, so there is no
    motion: equal pictures have 97.4.
    """
    height, width = reference.shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i"]
        for name, pictures in (("copies", copies), ("references", [reference] * len(copies))):
            with open(Path(folder) / name, "wb") as file:
                for one in pictures:
                    file.write(np.ascontiguousarray(one).tobytes())
        graph = (
            "[0]format=yuv420p,split[a][b];[1]format=yuv420p,split[c][d];"
            "[a][c]libvmaf=log_fmt=json:log_path=vmaf.json:n_threads=1,nullsink;[b][d]ssim=stats_file=ssim.log[out]"
        )
        command = [str(ffmpeg.resolve()), "-v", "error", "-threads", "1", "-filter_complex_threads", "1"]
        command += [*raw, "copies", *raw, "references", "-lavfi", graph, "-map", "[out]", "-f", "null", "-"]
        subprocess.run(command, cwd=folder, check=True)
        frames = json.loads((Path(folder) / "vmaf.json").read_text())["frames"]
        lines = (Path(folder) / "ssim.log").read_text().splitlines()
    found = []
    for frame, line in zip((frame["metrics"] for frame in frames), lines, strict=True):
        vif = np.mean([value for name, value in frame.items() if "vif_scale" in name])
        found.append(
            {
                "vmaf": round(frame["vmaf"], 3),
                "vif": round(float(vif), 5),
                "ssim": float(line.split("Y:")[1].split()[0]),
            }
        )
    if len(found) != len(copies):
        raise RuntimeError(f"ffmpeg measured {len(found)} of {len(copies)} copies")
    return found


def make_one(out: Path, ffmpeg: Path, path: Path, display: int, number: int) -> None:
    reference, steps = reference_of(path, display), steps_of(display, number)
    copies = [shown(reference, step, display, np.random.default_rng([number, 1])) for step in steps]
    copies = [reference, *copies]
    steps = [
        replace(step, **found)
        for step, found in zip([Step("reference"), *steps], measured(ffmpeg, reference, copies), strict=True)
    ]
    scale = min(1, STORED / display)
    width, height = (round(scale * n) for n in (reference.shape[1], reference.shape[0]))
    pixels = np.stack([resized(one, width, height, Image.Resampling.BILINEAR) for one in copies])
    distinct = path.parts[path.parts.index("wallpapers") + 1] if "wallpapers" in path.parts else path.stem[:24]
    name = f"{distinct}-{display}"
    if (out / f"{name}.json").exists():
        raise ValueError(f"{out}/{name}.json is of another reference: {path} needs another name")
    np.save(out / f"{name}.npy", pixels)
    description = {
        "reference": "/".join(path.parts[-4:]),
        "display": display,
        "scale": scale,
        "steps": [asdict(step) for step in steps],
    }
    (out / f"{name}.json").write_text(json.dumps(description) + "\n")


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--list",
        type=Path,
        required=True,
        help="lines of a display's height and a file, in the order in which they are made",
    )
    options.add_argument("--pictures", type=Path, required=True, help="the folder that the files' names start from")
    options.add_argument("--ffmpeg", type=Path, help="another ffmpeg with libvmaf")
    options.add_argument(
        "--part", default="0/1", help="for several processes: which of how many parts of the list this one makes"
    )
    options.add_argument("--out", type=Path, required=True)
    return options


def main(arguments: list[str] | None = None):
    given = parser().parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    part, parts = map(int, given.part.split("/"))
    done = given.out / "done.txt"
    finished = set(done.read_text().splitlines()) if done.exists() else set()
    ffmpeg = given.ffmpeg or Path(imageio_ffmpeg.get_ffmpeg_exe())
    for number, line in enumerate(given.list.read_text().splitlines()):
        if line not in finished and number % parts == part:
            display, path = line.split(" ", 1)
            make_one(given.out, ffmpeg, given.pictures / path, int(display), number)
            with open(done, "a") as file:
                file.write(line + "\n")
            print(number, line, flush=True)


if __name__ == "__main__":
    main()
