#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A rotated clip is announced by GStreamer when it comes from MP4 and not when the same clip comes from Matroska.
#
# Expected: Matroska has the rotation in ProjectionPoseRoll (RFC 9559), which ffmpeg writes and reads. GStreamer's tag
#   image-orientation says how a picture is to be turned, whatever the container.
# Actual: qtdemux posts image-orientation=rotate-270, matroskademux posts nothing, so nothing behind it (videoflip
#   with method=automatic, a sink) can turn the picture. ffmpeg turns both. A clip of a phone that is re-muxed to
#   Matroska lies on its side in GStreamer only; at 180 degrees not even the size gives it away.
# Seen with: ffmpeg 9.0.2, GStreamer 1.22.0 and 1.28.8. Found by re-muxing a rotated clip.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer qtdemux matroskademux

ff -f lavfi -i testsrc2=s=96x64:r=5:d=1 -pix_fmt yuv420p -c:v libx264 -bf 0 flat.mp4
ff -display_rotation 90 -i flat.mp4 -c copy turned.mp4
ff -i turned.mp4 -c copy turned.mkv
for container in mp4 mkv; do
    still "$container: ffmpeg's frames" "$(shown s -i turned.$container)" 64x96
    case $container in mkv) demuxer=matroskademux recorded=none ;; *) demuxer=qtdemux recorded=rotate-270 ;; esac
    seen=$(timeout 60 gst-launch-1.0 -t filesrc location=turned.$container ! $demuxer ! fakesink 2>&1 |
        sed -n 's/.*image orientation: //p')
    still "$container: GStreamer's tag image-orientation" "${seen:-none}" $recorded
done
verdict
