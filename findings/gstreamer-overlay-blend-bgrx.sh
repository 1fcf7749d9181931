#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Text that is blended onto BGRx gets other colors with another padding byte: the fourth byte counts as the picture's
# opacity.
#
# Expected: in BGRx the fourth byte is padding, without meaning, so two pictures that differ in it alone look the same,
#   and a half-transparent overlay gives them the same colors.
# Actual: gst_video_overlay_composition_blend, by which textoverlay and clockoverlay draw, takes the byte for the alpha
#   of the picture below, and changes it. With 255 there the colors are right; with 0 half-transparent text is drawn
#   opaque. Measured behind an overlay, the same frames are different pictures then.
# Seen with: GStreamer 1.22.0.
. "$(dirname -- "$0")/common.sh"
use_gstreamer textoverlay rawvideoparse

# overlaid BYTE: the colors of a gray picture whose padding is BYTE, under half-transparent text; without the padding.
overlaid() {
    awk -v b="$1" 'BEGIN { for (i = 0; i < 128 * 64; i++) printf "\\200\\200\\200\\%s", b }' >text
    # shellcheck disable=SC2059 # octal escapes
    printf "$(cat text)" >in.raw
    rm -f out.raw
    gst filesrc location=in.raw blocksize=32768 ! rawvideoparse format=bgrx width=128 height=64 framerate=1/1 ! \
        textoverlay text=MMMM color=0x80ffffff draw-shadow=false draw-outline=false font-desc='Sans 40' \
        valignment=center halignment=center ! video/x-raw,format=BGRx ! filesink location=out.raw
    od -An -v -tu1 -w4 out.raw | awk '{ print $1, $2, $3 }'
}
for byte in 000 200 377; do
    overlaid "$byte" >"colors-$byte"
    brightest=$(sort -n "colors-$byte" | tail -n 1)
    printf 'padding %d: the brightest color is %s\n' "$(printf '%d' "0$byte")" "$brightest"
done
still 'the brightest with padding 255: half of white over gray' "$(sort -n colors-377 | tail -n 1)" '191 191 191'
still 'the brightest with padding 0: white itself' "$(sort -n colors-000 | tail -n 1)" '255 255 255'
differ 'colors with padding 255 and 128' "$(cksum <colors-377)" "$(cksum <colors-200)"
verdict
