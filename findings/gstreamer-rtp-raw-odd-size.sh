#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Raw video over RTP whose size is no multiple of the chroma samples' arrives empty, or without its last row.
#
# Expected: rtpvrawpay lists all widths and heights up to 32767 for each of its formats, so what it takes arrives; a
#   payloader that can't do a size refuses the caps.
# Actual: with an odd width in 4:2:0 or 4:2:2, or an even one that is no multiple of four in 4:1:1, rtpvrawdepay puts
#   out pictures of the right size and time without one sample of the original, and one picture fewer. With an odd
#   height in 4:2:0 the pictures come without their last row, in luma and chroma. RGB arrives whole at any size.
#   Nothing is posted. Pictures that were cut to a region, or scaled by a factor, have such sizes.
# Seen with: GStreamer 1.22.0 (others were not tried). Found by sending noise through every pair of a payloader and a
#   depayloader at odd sizes.
. "$(dirname -- "$0")/common.sh"
use_gstreamer rtpvrawpay rtpvrawdepay

# white FORMAT WIDTH HEIGHT: of four white pictures, how many arrive, and how many of their luma samples.
white() {
    gst videotestsrc num-buffers=4 pattern=white ! "video/x-raw,format=$1,width=$2,height=$3,framerate=25/1" ! \
        tee name=t ! queue ! filesink location=sent.raw t. ! queue ! rtpvrawpay ! rtpvrawdepay ! \
        filesink location=arrived.raw
    python3 -c '
import sys
white = 255 if sys.argv[1] == "RGB" else 235
sent, arrived = (open(name + ".raw", "rb").read() for name in ("sent", "arrived"))
size = len(sent) // 4
rows = 3 if sys.argv[1] == "RGB" else 1
whole = int(sys.argv[2]) * int(sys.argv[3]) * rows
count = len(arrived) // size
print(f"{count} pictures,", *(
    min(arrived[at * size:at * size + size].count(white), whole) for at in range(count)), "of", whole)' "$@"
}
still 'RGB, 63x49' "$(white RGB 63 49)" '4 pictures, 9261 9261 9261 9261 of 9261'
still '4:2:0, 62x48' "$(white I420 62 48)" '4 pictures, 2976 2976 2976 2976 of 2976'
still '4:2:0, 63x48' "$(white I420 63 48)" '3 pictures, 0 0 0 of 3024'
still '4:2:2, 63x48' "$(white UYVY 63 48)" '3 pictures, 0 0 0 of 3024'
still '4:1:1, 64x48' "$(white Y41B 64 48)" '4 pictures, 3072 3072 3072 3072 of 3072'
still '4:1:1, 62x48' "$(white Y41B 62 48)" '3 pictures, 0 0 0 of 2976'
still '4:2:0, 64x47' "$(white I420 64 47)" '4 pictures, 2944 2944 2944 2944 of 3008'
still '4:2:2, 64x47' "$(white UYVY 64 47)" '4 pictures, 3008 3008 3008 3008 of 3008'
verdict
