#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg 9 encodes without the primaries and the transfer that the command line asks for, and says nothing.
#
# Expected: ffmpeg's manual lists -color_primaries and -color_trc, beside -colorspace and -color_range, as options of
#   the encoder.
# Actual: matrix and range reach the stream, primaries and transfer do not: what the frames say wins, "unknown" here.
#   Worse for a stream that has tags: an SDR clip that is encoded with the four options of HDR10 gets BT.2020's matrix
#   (its samples are converted) together with BT.709's primaries and transfer, which is not what was asked for. With
#   -c copy the options still work, and so does the filter setparams.
# Seen with: ffmpeg 9.0.2, five encoders; 7.0.2 writes all four. Noticed when test clips came out untagged.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg

hd='-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709'
for encoder in libx264 libx265 libaom-av1 ffv1 rawvideo; do
    # shellcheck disable=SC2086
    ff -f lavfi -i testsrc2=s=64x64:r=5:d=0.4 -pix_fmt yuv420p $hd -c:v $encoder out.mkv 2>/dev/null
    still "$encoder, asked for BT.709 in all" "$(tags out.mkv)" 'tv, bt709/unknown/unknown, progressive'
done
# shellcheck disable=SC2086
ff -i out.mkv -c copy $hd copy.mkv
still '-c copy' "$(tags copy.mkv)" 'tv, bt709, progressive'
ff -i copy.mkv -c:v libx264 -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084 hdr.mkv
still 'BT.709 in, asked for BT.2020 and PQ' "$(tags hdr.mkv)" 'tv, bt2020nc/bt709/bt709, progressive'
ff -i out.mkv -vf setparams=color_primaries=bt709:color_trc=bt709 -c:v libx264 set.mkv
still 'setparams' "$(tags set.mkv)" 'tv, bt709, progressive'
verdict
