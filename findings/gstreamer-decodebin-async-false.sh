#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# With async=false on every sink behind decodebin, the end of a file is now and then never reported.
#
# Expected: async=false keeps a sink from waiting for its first frame, as is recommended where several branches would wait
#   for each other; the pipeline still posts EOS once all sinks have had it.
# Actual: if decodebin finishes its own change of state just while the pipeline goes to PLAYING, the pipeline does not come
#   to be in PLAYING for itself. All sinks post EOS, and the pipeline, which only hands that on in PLAYING, keeps it:
#   gst-launch never ends. With sinks that wait for their first frame (the default), it has always ended.
# Seen with: GStreamer 1.22.0, about one run in six. Found when ladders of
#   encoders hung at their end, after all frames had come out.
. "$(dirname -- "$0")/common.sh"
use_gstreamer decodebin x264enc avdec_h264

gst videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=64,height=64 ! x264enc ! h264parse ! matroskamux ! \
    filesink location=clip.mkv
hung() { # SINK…: how many of 60 runs do not end within 4 s
    count=0
    for _ in $(seq 60); do
        timeout 4 gst-launch-1.0 -q filesrc location=clip.mkv ! decodebin ! videoconvert ! "$@" >/dev/null 2>&1 ||
            count=$((count + 1))
    done
    echo $count
}
waiting=$(hung fakesink)
still 'runs of 60 that do not end, with the default' "$waiting" 0
free=$(hung fakesink async=false)
if [ "$free" -gt 0 ]; then some=yes; else some=no; fi
still "some of 60 that do not end, with async=false ($free)" $some yes
verdict
