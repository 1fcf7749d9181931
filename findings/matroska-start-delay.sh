#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A stream that begins a second late does so in MP4 and not in Matroska, so a clip and its own copy are a second apart
# in GStreamer.
#
# Expected: running time is the time since the start of the presentation. ffmpeg gives 1 s for the first frame of both
#   files.
# Actual: qtdemux honors the empty edit of MP4: running time 1 s. matroskademux takes the first cluster's time as the
#   start of its segment, so the same packets have running time 0. With sound that begins at 0 in the same file the
#   delay is kept, so a clip with and one without its sound are also apart. Whoever pairs frames by running time
#   compares wrong frames, by a constant.
# Seen with: GStreamer 1.22.0 and 1.28.8, ffmpeg 9.0.2. Found by counting running times in each container.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer qtdemux matroskademux h264parse identity

ff -f lavfi -i testsrc2=s=64x64:r=25:d=1 -pix_fmt yuv420p -c:v libx264 -bf 0 early.mp4
ff -itsoffset 1 -i early.mp4 -c copy late.mp4
ff -itsoffset 1 -i early.mp4 -c copy late.mkv
ff -itsoffset 1 -i early.mp4 -f lavfi -i sine=d=2 -map 0:v -map 1:a -c:v copy -c:a flac sound.mkv
# identity single-segment=true turns time stamps into running time.
first() { # FILE DEMUXER
    timeout 60 gst-launch-1.0 -v filesrc location="$1" ! "$2" name=demuxer demuxer.video_0 ! queue ! \
        identity single-segment=true ! identity silent=false ! fakesink 2>&1 |
        sed -n 's/.*chain.*pts: 0:00:\([0-9.]*\).*/\1/p' | head -n 1
}
for file in late.mp4 late.mkv sound.mkv; do
    still "$file: first frame by ffmpeg" "$(shown pts_time -copyts -i $file -map 0:v)" 1
    case $file in *.mp4) demuxer=qtdemux ;; *) demuxer=matroskademux ;; esac
    case $file in late.mkv) recorded=00.000000000 ;; *) recorded=01.000000000 ;; esac
    still "$file: running time of the first frame in GStreamer" "$(first $file $demuxer)" $recorded
done
verdict
