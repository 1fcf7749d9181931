#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The PSNR of a stream against its own copy in another container is 31 dB, because frames are paired with their
# neighbors.
#
# Expected: -c copy from MP4 to Matroska or FLV changes no picture, so psnr, ssim and libvmaf see equal frames.
# Actual: Matroska and FLV round time stamps to milliseconds, some up and some down. ffmpeg's two-input filters pair
#   the main frame with the last reference frame that is not later (documented: ts_sync_mode, default "nearest lower
#   or equal"), so at 30 frames a second a third of the frames meets its predecessor, and nothing is said. The
#   average, 31 dB here, looks like an encoder's loss. MPEG-TS, whose clock 1/90000 fits 30 frames a second, is right.
#   ts_sync_mode=nearest repairs all of it.
# Seen with: ffmpeg 9.0.2 and 7.0.2. Found by comparing a clip with its copies.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

ff -f lavfi -i testsrc2=s=96x64:r=30:d=3 -c:v libx264 -bf 0 -preset veryfast a.mp4
for container in mkv flv ts; do ff -i a.mp4 -c copy a.$container; done
frames() { ffmpeg -i "$1" -i "$2" -lavfi "psnr=stats_file=stats.log$3" -f null - >/dev/null 2>&1; }
unequal() { awk '!/psnr_avg:inf/ { n++ } END { print n + 0 }' stats.log; }
for container in mkv flv; do
    frames a.mp4 a.$container ''
    differ "pairs of MP4 and $container that are not equal" "$(unequal)" 0
    frames a.$container a.mp4 ''
    differ "pairs of $container and MP4 that are not equal" "$(unequal)" 0
    frames a.mp4 a.$container :ts_sync_mode=nearest
    still "with ts_sync_mode=nearest" "$(unequal)" 0
done
frames a.mp4 a.ts ''
still 'pairs of MP4 and MPEG-TS that are not equal' "$(unequal)" 0
ffmpeg -i a.mp4 -i a.mkv -lavfi psnr -f null - 2>&1 |
    sed -n 's/.*PSNR .*\(average:[0-9.a-z]*\).*/MP4 against Matroska, PSNR \1/p'
verdict
