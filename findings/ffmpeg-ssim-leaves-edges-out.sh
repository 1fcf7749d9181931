#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg's ssim does not look at the last columns and rows of planes whose size is no multiple of four.
#
# Expected: pictures that differ get an SSIM below 1. The filter's documentation says nothing of a part that is left
#   out.
# Actual: the filter divides planes into blocks of 4 x 4 and leaves the rest out, up to three columns and three rows.
#   A picture whose last columns are inverted has "SSIM 1.000000 (inf)"; psnr sees them. Among usual sizes 854x480 (2
#   columns of luma and 3 of chroma), 426x240 (2 and 1), 1366x768 (2 and 3) and 960x540 (2 rows of chroma) are hit, so
#   a green edge, a usual fault of decoders and scalers at such sizes, goes unseen.
# Seen with: ffmpeg 9.0.2. Found by changing single columns.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

picture() { # NAME WIDTH HEIGHT COLUMNS ROWS: noise, the last COLUMNS and ROWS of luma inverted
    python3 - "$@" <<'PY'
import random, sys

name, width, height, columns, rows = sys.argv[1], *map(int, sys.argv[2:])
noise = random.Random(1)
with open(name, "wb") as out:
    out.write(b"YUV4MPEG2 W%d H%d F25:1 Ip A1:1 C420jpeg\nFRAME\n" % (width, height))
    for y in range(height):
        row = [noise.randrange(256) for _ in range(width)]
        inverted = [x >= width - columns or y >= height - rows for x in range(width)]
        out.write(bytes(255 - value if other else value for value, other in zip(row, inverted)))
    out.write(bytes([128]) * (2 * ((width + 1) // 2) * ((height + 1) // 2)))
PY
}
ssim() { ffmpeg -i one.y4m -i other.y4m -lavfi ssim -f null - 2>&1 | sed -n 's/.*SSIM Y:\([0-9.]*\).*/\1/p'; }
psnr() { ffmpeg -i one.y4m -i other.y4m -lavfi psnr -f null - 2>&1 | sed -n 's/.*PSNR y:\([0-9.a-z]*\).*/\1/p'; }
for columns in 1 2 3; do
    width=$((64 + columns))
    picture one.y4m $width 64 0 0
    picture other.y4m $width 64 $columns 0
    still "width $width, $columns columns inverted: SSIM" "$(ssim)" 1.000000
    differ "width $width, $columns columns inverted: PSNR" "$(psnr)" inf
done
picture one.y4m 64 67 0 0
picture other.y4m 64 67 0 3
still 'height 67, 3 rows inverted: SSIM' "$(ssim)" 1.000000
differ 'height 67, 3 rows inverted: PSNR' "$(psnr)" inf
picture one.y4m 64 64 0 0
picture other.y4m 64 64 1 0
differ 'width 64, 1 column inverted: SSIM' "$(ssim)" 1.000000
verdict
