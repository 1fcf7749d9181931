#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# VMAF 1 gives the same pictures another score if their chroma is stored with more samples.
#
# Expected: a pair in 4:2:0 and the same pair in 4:4:4, each chroma sample repeated to two by two, look alike on every
#   screen, so that their scores are equal, as those of vmaf_v0.6.1 are, which looks at luma alone.
# Really: SpEED-chroma, which the models of version 1 take in, is computed on the chroma planes as they are stored, with
#   windows of a fixed number of samples. With twice the samples a side it sees another scale of the same damage: where
#   chroma is damaged, a pair can lose ten points by being stored as 4:4:4 (a film's frames with noise in chroma: 95.4
#   as 4:2:0, 92.6 as 4:2:2, 85.4 as 4:4:4). Scores of one ladder depend on a conversion that loses nothing.
# Seen with: ffmpeg 9.0.2 with its libvmaf, vmaf_v1.0.16_3d0h. Found by converting a film's chroma without loss.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

python3 - <<'PY'
import random

width, height = 640, 360


def texture(seed, w, h, cell, contrast):
    """Smooth noise: random values at the corners of cells, bilinear between them."""
    r = random.Random(seed)
    across, down = w // cell + 2, h // cell + 2
    at = [[128 + r.randrange(-contrast, contrast + 1) for _ in range(across)] for _ in range(down)]
    rows = []
    for y in range(h):
        j, fy = divmod(y, cell)
        row = []
        for x in range(w):
            i, fx = divmod(x, cell)
            top = at[j][i] * (cell - fx) + at[j][i + 1] * fx
            bottom = at[j + 1][i] * (cell - fx) + at[j + 1][i + 1] * fx
            row.append((top * (cell - fy) + bottom * fy) // (cell * cell))
        rows.append(row)
    return rows


def blurred(rows, reach):
    """Means along the rows: chroma that has lost its detail."""
    size = 2 * reach + 1
    w = len(rows[0])
    return [[sum(row[min(max(x + d, 0), w - 1)] for d in range(-reach, reach + 1)) // size for x in range(w)]
            for row in rows]


luma = texture(1, width, height, 5, 90)
chroma = [texture(seed, width // 2, height // 2, 4, 60) for seed in (2, 3)]
damaged = [blurred(plane, 2) for plane in chroma]
for name, planes in (("r", chroma), ("d", damaged)):
    for sampling, (across, down) in (("420", (1, 1)), ("422", (1, 2)), ("444", (2, 2))):
        with open(name + sampling + ".y4m", "wb") as out:
            head = {"420": "420jpeg", "422": "422", "444": "444"}[sampling]
            out.write(b"YUV4MPEG2 W%d H%d F25:1 Ip A1:1 C%s\n" % (width, height, head.encode()))
            for _ in range(2):
                out.write(b"FRAME\n")
                out.write(b"".join(map(bytes, luma)))
                for plane in planes:
                    for row in plane:
                        out.write(bytes(sample for sample in row for _ in range(across)) * down)
PY

score() { # MODEL SAMPLING: the mean, rounded to a tenth
    ff -i "d$2.y4m" -i "r$2.y4m" -lavfi "libvmaf=model=version=$1:log_fmt=json:log_path=log.json" -f null -
    python3 -c 'import json; print("%.1f" % json.load(open("log.json"))["pooled_metrics"]["vmaf"]["mean"])'
}
old=$(score vmaf_v0.6.1 420)
for sampling in 422 444; do
    still "vmaf_v0.6.1, 4:2:0 is $old, $sampling" "$(score vmaf_v0.6.1 $sampling)" "$old"
done
new=$(score vmaf_v1.0.16_3d0h 420)
echo "vmaf_v1.0.16_3d0h, 420: $new"
for sampling in 422 444; do
    differ "vmaf_v1.0.16_3d0h, $sampling" "$(score vmaf_v1.0.16_3d0h $sampling)" "$new"
done
verdict
