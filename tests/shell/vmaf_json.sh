#!/bin/sh
# The format vmaf-json against libvmaf's own log of the same two files, with the reader of a tool that is made for that: the
# same names, and under them the same numbers. PSNR's mean error is what ffmpeg's filter prints.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

ffmpeg=$(scripts/ffmpeg.sh)
easyvmaf=$(
    # shellcheck source=../../scripts/common.sh
    . scripts/common.sh
    wheel easyvmaf 5.0.0 58c66ff179433659bde3ccba7f28eda928c689a77ddeb00b9809de85c5d81fc4
)
clip=$ONNX_IQA_CLIPS/bikes.mp4 copy=$TEST_TMP/copy.mkv ours=$TEST_TMP/ours.json theirs=$TEST_TMP/theirs.json

gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! identity eos-after=40 ! x264enc pass=quant quantizer=34 ! matroskamux \
    ! filesink location="$copy"
gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! queue ! c.reference \
    filesrc location="$copy" ! decodebin ! queue ! c.distorted \
    iqacompare name=c alignment=pts measures=psnr+ssim+ms-ssim+float-ssim+vmaf \
    ! iqalog format=vmaf-json location="$ours" ! iqalog location="$TEST_TMP/ours.jsonl" ! fakesink
features='name=psnr|name=float_ms_ssim|name=float_ssim'
"$ffmpeg" -v error -i "$copy" -i "$clip" -lavfi \
    "[0][1]libvmaf=shortest=1:feature='$features':log_fmt=json:log_path=$theirs" -f null -
"$ffmpeg" -v info -i "$copy" -i "$clip" -lavfi '[0][1]psnr=shortest=1' -f null - 2>"$TEST_TMP/psnr.txt"

/usr/bin/python3 - "$easyvmaf" "$ours" "$theirs" "$TEST_TMP/ours.jsonl" "$TEST_TMP/psnr.txt" <<'PY'
import importlib, json, re, sys, types

wheel, ours, theirs, lines, printed = sys.argv[1:]
# The reader alone: the rest of the package asks for an ffmpeg.
package = types.ModuleType("easyvmaf")
package.__path__ = [wheel + "/easyvmaf"]
sys.modules["easyvmaf"] = package
sys.path.insert(0, wheel)
results = importlib.import_module("easyvmaf.results")

names = {"psnr_y": 1e-3, "psnr_cb": 1e-3, "psnr_cr": 1e-3, "float_ms_ssim": 2e-4, "float_ssim": 1e-4, "vmaf": 0.005}
read = [results.read_frames(path, "json") for path in (ours, theirs)]
print(len(read[0]), "frames")
assert [number for number, _ in read[0]] == [number for number, _ in read[1]] and len(read[0]) > 30
for (_, mine), (_, other) in zip(*read):
    for name, allowed in names.items():
        assert abs(mine[name] - other[name]) <= allowed, (name, mine, other)

# What readers look for: fps, a metric's pool, and its value in every frame.
document, libvmaf = (json.load(open(path)) for path in (ours, theirs))
assert document["fps"] > 0 and document["version"]
assert set(names) <= set(document["pooled_metrics"]) and set(names) <= set(libvmaf["pooled_metrics"])
for metric, pool in document["pooled_metrics"].items():
    values = [frame["metrics"][metric] for frame in document["frames"]]
    assert abs(sum(values) / len(values) - pool["mean"]) < 1e-9, metric
    for statistic, value in results._pool(values).items():
        assert abs(pool[statistic] - value) < 1e-6, (metric, statistic)
for name in names:
    for statistic in ("min", "max", "mean", "harmonic_mean"):
        a, b = (pools["pooled_metrics"][name][statistic] for pools in (document, libvmaf))
        assert abs(a - b) < 1e-3, (name, statistic, a, b)
results.trim_log(ours, "json", 5, 10, 0)
assert len(json.load(open(ours))["frames"]) == 10

assert document["elements"]["c"]["vmaf_model"] == "vmaf_v0.6.1", document["elements"]

pool = json.loads(open(lines).read().splitlines()[-1])["pool"]["c"]
line = re.search(r"PSNR y:(\S+) u:(\S+) v:(\S+) average:(\S+)", open(printed).read())
for field, value in zip(("psnr-y", "psnr-cb", "psnr-cr", "psnr"), line.groups()):
    assert abs(pool[field]["of-mean-error"] - float(value)) < 1e-4, (field, pool[field], value)
assert pool["psnr-y"]["mean"] != pool["psnr-y"]["of-mean-error"]
PY
