#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# ffmpeg-quality-metrics leaves perfect frames out of the mean PSNR, so a film of which most is untouched scores no
# better than one that is bad throughout, and an exact copy has 0 dB.
#
# Expected: its summary and `global` statistics are over all frames, and its default output is JSON (RFC 8259). A frame
#   without an error has an infinite PSNR, which has to be bounded (libvmaf's is 60 dB for 8 bits) or named.
# Actual: frames with an infinite PSNR are dropped before the statistics, and nothing says so: with 20 of 25 frames
#   untouched the mean is that of the other five, 30.1 dB, and "Summary over 25 frames" stands above it. For two
#   identical files the summary says 0.000 dB. Each such frame is `Infinity` in what is called JSON; RFC 8259 has no
#   such word, and strict readers refuse the file.
# Seen with: ffmpeg-quality-metrics 3.13.0 from PyPI, ffmpeg 9.0.2. Found by comparing clips with themselves.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
pypi ffmpeg-quality-metrics==3.13.0

# clip NAME FILTER: 25 frames of a test picture.
clip() { ff -f lavfi -i "testsrc=size=192x108:rate=25:duration=1$2" -c:v ffv1 "$1"; }
clip source.mkv ''
clip noisy.mkv ',noise=alls=20'
clip few.mkv ",noise=alls=20:enable='gte(n,20)'"

# measured DISTORTED: the log goes to NAME.log, the report to NAME.json.
measured() {
    python3 -m ffmpeg_quality_metrics "$1.mkv" source.mkv -m psnr --ffmpeg-path "$ffmpeg_program" \
        >"$1.json" 2>"$1.log" || cannot "ffmpeg-quality-metrics failed: $(tail -n 1 "$1.log")"
}
# mean NAME: of all frames, as the report has it.
mean() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["global"]["psnr"]["psnr_avg"]["average"])' "$1.json"
}
measured noisy
measured few
measured source
perfect() { grep -c '"psnr_avg": Infinity' "$1.json" || true; }
still 'perfect frames of 25, where all are noisy' "$(perfect noisy)" 0
still 'perfect frames of 25, where the last five are' "$(perfect few)" 20
within() {
    python3 -c 'import sys; print("yes" if abs(float(sys.argv[1]) - float(sys.argv[2])) < 0.1 else "no")' "$1" "$2"
}
still "mean PSNR $(mean few) is within 0.1 dB of $(mean noisy), where all are noisy" \
    "$(within "$(mean few)" "$(mean noisy)")" yes
still 'mean PSNR of a file compared with itself, in the summary' \
    "$(sed -n 's/.*psnr_avg  *\([0-9.]*\).*/\1/p' source.log | tail -n 1)" 0.000
strict='import json, sys
def refuse(word): raise ValueError(word)
try: json.load(open(sys.argv[1]), parse_constant=refuse); print("valid")
except ValueError as error: print("not valid:", error)'
still 'its JSON for that, by RFC 8259' "$(python3 -c "$strict" source.json)" 'not valid: Infinity'
verdict
