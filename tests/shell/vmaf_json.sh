#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The format vmaf-json against libvmaf's own log of the same two files: the same names, and under them the same numbers,
# also for the readers of tools that are made for that log. easyVmaf's and Av1an's (Python) are run. Those of the newer
# Av1an (Rust) and of ease (Go) are not there to be called by themselves: what they demand of a log is stated here.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

ffmpeg=$(scripts/ffmpeg.sh)
wheels=$(
    # shellcheck source=../../scripts/common.sh
    . scripts/common.sh
    wheel easyvmaf 5.0.0 58c66ff179433659bde3ccba7f28eda928c689a77ddeb00b9809de85c5d81fc4
    wheel av1an 6.1.5 3dc094fdca89c5aead7b30e9946539c48bc7c86b526857653ba4ca638099a7bd
)
clip=$ONNX_IQA_CLIPS/bikes.mp4 copy=$TEST_TMP/copy.mkv ours=$TEST_TMP/ours.json theirs=$TEST_TMP/theirs.json

"$ffmpeg" -v error -i "$clip" -frames:v 40 -an -c:v libx264 -qp 34 "$copy"
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! queue ! c.reference \
    filesrc location="$copy" ! decodebin ! queue ! c.distorted \
    iqacompare name=c alignment=pts measures=psnr+ssim+ms-ssim+float-ssim+vmaf \
    ! iqalog format=vmaf-json location="$ours" ! iqalog location="$TEST_TMP/ours.jsonl" ! fakesink
features='name=psnr|name=float_ms_ssim|name=float_ssim'
"$ffmpeg" -v error -i "$copy" -i "$clip" -lavfi \
    "[0][1]libvmaf=shortest=1:feature='$features':log_fmt=json:log_path=$theirs" -f null -
"$ffmpeg" -v info -i "$copy" -i "$clip" -lavfi '[0][1]psnr=shortest=1' -f null - 2>"$TEST_TMP/psnr.txt"

# shellcheck disable=SC2086 # one word a wheel
/usr/bin/python3 - "$ours" "$theirs" "$TEST_TMP/ours.jsonl" "$TEST_TMP/psnr.txt" $wheels <<'PY'
import importlib, json, math, re, sys, types

ours, theirs, lines, printed, easyvmaf, av1an = sys.argv[1:]
NAMES = ("psnr_y", "psnr_cb", "psnr_cr", "float_ms_ssim", "float_ssim", "vmaf")
STATISTICS = ("min", "max", "mean", "harmonic_mean")
# libvmaf rounds to six decimals; its SSIM is summed in single precision.
CLOSE = 1e-4


def close(a, b):
    return math.isclose(a, b, rel_tol=0, abs_tol=CLOSE)


def reader(wheel, package, module, absent=()):
    """A module of a package in a wheel; `absent` are those that it imports and does not need for reading."""
    for name in absent:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__getattr__ = lambda attribute: None
    # Without what the package does when it is imported: it asks for an ffmpeg, for an encoder.
    sys.modules[package] = types.ModuleType(package)
    sys.modules[package].__path__ = [f"{wheel}/{package}"]
    sys.path.insert(0, wheel)
    return importlib.import_module(f"{package}.{module}")


results = reader(easyvmaf, "easyvmaf", "results")
vmaf = reader(av1an, "av1an", "vmaf.vmaf", ("numpy", "av1an.manager.Pipes", "av1an.chunk")).VMAF


def number(value):
    """What a reader with types takes for a floating-point number: no null, no text."""
    assert type(value) in (int, float), value
    return float(value)


def av1an_rust(document):
    """Every frame has a `vmaf`."""
    return [number(frame["metrics"]["vmaf"]) for frame in document["frames"]]


def one(found, *names):
    """The entry under the only one of these names that is there: ease takes any of them, in no order."""
    (value,) = [found[name] for name in names if name in found]
    return value


EASE = (("vmaf",), ("psnr", "psnr_y"), ("ms_ssim", "float_ms_ssim"))


def ease(document):
    """All metrics are numbers, all pools are objects of numbers, a metric stands under one of its names."""
    assert type(document["version"]) is str
    frames = []
    for frame in document["frames"]:
        assert type(frame["frameNum"]) is int and frame["frameNum"] >= 0
        metrics = {name: number(value) for name, value in frame["metrics"].items()}
        frames.append((frame["frameNum"], *(one(metrics, *names) for names in EASE)))
    pools = {
        name: [number(pool[statistic]) for statistic in STATISTICS]
        for name, pool in document["pooled_metrics"].items()
    }
    return frames + [one(pools, *names) for names in EASE]


document, libvmaf = (json.load(open(path)) for path in (ours, theirs))
read = [results.read_frames(path, "json") for path in (ours, theirs)]
print(len(read[0]), "frames")
assert [frame for frame, _ in read[0]] == [frame for frame, _ in read[1]] == list(range(40))
for (_, mine), (_, other) in zip(*read):
    for name in NAMES:
        assert close(mine[name], other[name]), (name, mine, other)

# The pools too are libvmaf's, and those that easyVmaf computes.
assert number(document["fps"]) > 0 and number(libvmaf["fps"]) > 0
for name in NAMES:
    for statistic in STATISTICS:
        a, b = (pools["pooled_metrics"][name][statistic] for pools in (document, libvmaf))
        assert close(a, b), (name, statistic, a, b)
for metric, pool in document["pooled_metrics"].items():
    for statistic, value in results._pool([frame["metrics"][metric] for frame in document["frames"]]).items():
        assert abs(pool[statistic] - value) < 1e-9, (metric, statistic)
assert document["elements"]["c"]["vmaf_model"] == "vmaf_v0.6.1", document["elements"]

# Each reader finds the same in both files.
for name in NAMES:
    a, b = (results.read_scores(path, "json", [name])[name] for path in (ours, theirs))
    assert close(a, b), ("easyVmaf", name, a, b)
for percent in (0.01, 0.25, 0.5, 0.75):
    # It rounds to two decimals.
    a, b = (vmaf.read_weighted_vmaf(path, percent) for path in (ours, theirs))
    assert 0 < a <= 100 and abs(a - b) < 0.0101, ("Av1an", percent, a, b)
assert all(close(*pair) for pair in zip(av1an_rust(document), av1an_rust(libvmaf), strict=True))
for a, b in zip(ease(document), ease(libvmaf), strict=True):
    assert all(close(*pair) for pair in zip(a, b, strict=True)), ("ease", a, b)

pool = json.loads(open(lines).read().splitlines()[-1])["pool"]["c"]
line = re.search(r"PSNR y:(\S+) u:(\S+) v:(\S+) average:(\S+)", open(printed).read())
for field, value in zip(("psnr-y", "psnr-cb", "psnr-cr", "psnr"), line.groups(), strict=True):
    assert close(pool[field]["of-mean-error"], float(value)), (field, pool[field], value)
assert pool["psnr-y"]["mean"] != pool["psnr-y"]["of-mean-error"]

# easyVmaf cuts its logs in place.
for path in (ours, theirs):
    results.trim_log(path, "json", 5, 10, 0)
mine, other = (json.load(open(path)) for path in (ours, theirs))
assert [frame["frameNum"] for frame in mine["frames"]] == list(range(5, 15))
for name in NAMES:
    for statistic, value in other["pooled_metrics"][name].items():
        assert close(mine["pooled_metrics"][name][statistic], value), (name, statistic)
PY
