#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Raw video over RTP: GStreamer announces BT.2020 as SMPTE 240M, and reads no announcement at all.
#
# Expected: RFC 4175 has the parameter colorimetry, which tells a receiver how the samples were made; the caps of
#   rtpvrawpay have it too. What goes in as BT.601, BT.709 or BT.2020 comes out as that.
# Actual: rtpvrawpay writes SMPTE240M for what is not plainly BT.601 or BT.709: for BT.2020, PQ, and BT.709 in full
#   range. rtpvrawdepay ignores the field and announces BT.709 for large and BT.601 for small pictures. 10-bit HDR
#   arrives as BT.709, a large picture in BT.601 as BT.709 and a small one in BT.709 as BT.601, full range as limited;
#   a conversion behind it changes every color, on one side of a comparison only. No element complains.
# Seen with: GStreamer 1.22.0 (others were not tried). Found by reading the caps on both sides of each payloader.
. "$(dirname -- "$0")/common.sh"
use_gstreamer rtpvrawpay rtpvrawdepay

# over_rtp FORMAT WIDTH HEIGHT COLORIMETRY: what is announced in RTP, and what arrives.
over_rtp() {
    set -- videotestsrc num-buffers=2 ! \
        "video/x-raw,format=$1,width=$2,height=$3,framerate=25/1,colorimetry=(string)$4" ! \
        rtpvrawpay ! rtpvrawdepay ! fakesink
    printf '%s, %s\n' "$(caps rtpvrawpay0.GstPad:src colorimetry "$@")" \
        "$(caps rtpvrawdepay0.GstPad:src colorimetry "$@")"
}
still 'large, BT.709' "$(over_rtp UYVP 1280 720 bt709)" 'BT709-2, bt709'
still 'large, BT.601' "$(over_rtp UYVP 1280 720 bt601)" 'BT601-5, bt709'
still 'large, BT.2020' "$(over_rtp UYVP 1280 720 bt2020-10)" 'SMPTE240M, bt709'
still 'large, BT.2100 PQ' "$(over_rtp UYVP 1280 720 bt2100-pq)" 'SMPTE240M, bt709'
still 'large, BT.709 in full range' "$(over_rtp UYVY 1280 720 1:3:5:1)" 'SMPTE240M, bt709'
still 'small, BT.709' "$(over_rtp UYVY 320 240 bt709)" 'BT709-2, bt601'
still 'small, BT.601' "$(over_rtp UYVY 320 240 bt601)" 'BT601-5, bt601'
verdict
