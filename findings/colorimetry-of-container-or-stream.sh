#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# A file whose container and whose stream name different colorimetry is shown in two ways, and each program is
# consistent with itself.
#
# Expected: ISO/IEC 14496-12 says of the box colr that it takes precedence over the stream.
# Actual: ffmpeg prints the container's tags when it opens the file and then shows the picture by the stream's: its
#   decoder overwrites them. GStreamer's demuxers put the container's tags into the caps and parser and decoder keep
#   them. A file whose tags were "corrected" by re-muxing is therefore corrected for GStreamer and unchanged for
#   ffmpeg, and a score of one against the other measures the difference. MP4 adds a third reading: qtdemux 1.22.0
#   leaves out the full-range flag of colr (bt601, limited), 1.28.8 takes it.
# Seen with: ffmpeg 9.0.2, GStreamer 1.22.0 and 1.28.8; H.264 here, HEVC does the same. Found by re-muxing with other
#   tags.
. "$(dirname -- "$0")/common.sh"
use_ffmpeg
use_gstreamer qtdemux matroskademux h264parse avdec_h264

ff -f lavfi -i color=red:s=64x64:r=5:d=1 -pix_fmt yuv420p -c:v libx264 \
    -x264-params colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv stream.mp4
for container in mkv mp4; do
    ff -i stream.mp4 -c copy -color_range pc -colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m \
        other.$container
    still "$container: ffmpeg says when it opens the file" "$(tags other.$container)" 'pc, smpte170m, progressive'
    still "$container: range of ffmpeg's frames" "$(shown color_range -i other.$container)" tv
    still "$container: matrix of ffmpeg's frames" "$(shown color_space -i other.$container)" bt709
    case $container in mkv) demuxer=matroskademux ;; *) demuxer=qtdemux ;; esac
    seen=$(caps avdec_h264-0.GstPad:src colorimetry \
        filesrc location=other.$container ! $demuxer ! h264parse ! avdec_h264 ! fakesink)
    case $container:$seen in
    mp4:bt601 | *:1:4:16:4) still "$container: GStreamer's frames" "$seen" "$seen" ;;
    *) still "$container: GStreamer's frames" "$seen" 'bt601 or 1:4:16:4' ;;
    esac
done
verdict
