#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# analytics-meta: the library that the plugin has opened says what IqaMeta says, adds to what analytics elements have
# said before, and stays off unless it is asked for.
set -eu
# shellcheck source=../shell/common.sh
. "$(dirname -- "$0")/../shell/common.sh"

PYTHONDONTWRITEBYTECODE=1 python3 - <<'PY'
import sys

import gi

gi.require_version("GstAnalytics", "1.0")
from gi.repository import GLib, GstAnalytics

sys.path.insert(0, "examples")
from read_meta import Gst, scores

Gst.init(None)
SOURCE = "videotestsrc num-buffers=%d pattern=snow ! video/x-raw,format=I420,width=%d,height=%d,framerate=25/1"


def classes(buffer):
    """The classes in the buffer's analytics meta: names and levels."""
    meta = GstAnalytics.buffer_get_analytics_relation_meta(buffer)
    found = []
    for index in range(GstAnalytics.relation_get_length(meta) if meta else 0):
        is_class, mtd = meta.get_cls_mtd(index)
        assert is_class and mtd.get_length() == 1, index
        found.append((GLib.quark_to_string(mtd.get_quark(0)), mtd.get_level(0)))
    return found


def run(description, buffers=()):
    """For each buffer of the sink `out`: what IqaMeta says, the classes, and how many analytics metas it has."""
    pipeline = Gst.parse_launch(description)
    out, bus = pipeline.get_by_name("out"), pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    if buffers:
        for buffer in buffers:
            pipeline.get_by_name("in").emit("push-buffer", buffer)
        pipeline.get_by_name("in").emit("end-of-stream")
    frames = []
    while (sample := out.emit("try-pull-sample", 120 * Gst.SECOND)) is not None:
        buffer = sample.get_buffer()
        metas = buffer.get_n_meta(GstAnalytics.relation_meta_api_get_type())
        frames.append((dict(scores(buffer)), classes(buffer), metas))
    warnings = []
    while (message := bus.pop()) is not None:
        assert message.type != Gst.MessageType.ERROR, message.parse_error()
        if message.type == Gst.MessageType.WARNING:
            warnings.append(message.parse_warning()[0].message)
    pipeline.set_state(Gst.State.NULL)
    return frames, warnings


def near(level, score):
    # A level is a 32-bit float.
    return abs(level - score / 100) < 1e-6


source = SOURCE % (6, 224, 224)
sink = "appsink name=out sync=false"
frames, warnings = run(f"{source} ! iqascore name=q interval=2 analytics-meta=true ! {sink}")
assert len(frames) == 6 and not warnings, (len(frames), warnings)
# A frame that carries the score of the one before it carries its level, too.
assert [frame["q"]["state"] for frame, _, _ in frames] == ["scored", "skipped"] * 3
for frame, [(name, level)], metas in frames:
    assert name == "iqa/score/metaiqa" and near(level, frame["q"]["score"]) and metas == 1, (frame, name, level, metas)
assert len({level for _, [(_, level)], _ in frames}) == 3
print("one element:", [f"{name} {level:.6f}" for _, [(name, level)], _ in frames[::2]])

frames, _ = run(f"{source} ! iqascore ! {sink}")
assert frames and all(not found and not metas for _, found, metas in frames), "off by default"


def detected(number):
    """A frame as an analytics element leaves it, which has made room for no more than its own word."""
    buffer = Gst.Buffer.new_wrapped(bytes((number * 40 + x) % 256 for x in range(224)) * 224)
    buffer.pts, buffer.duration = number * 40 * Gst.MSECOND, 40 * Gst.MSECOND
    params = GstAnalytics.RelationMetaInitParams()
    params.initial_relation_order, params.initial_buf_size = 1, 1
    meta = GstAnalytics.buffer_add_analytics_relation_meta_full(buffer, params)
    assert meta.add_one_cls_mtd(0.25, GLib.quark_from_string("cat"))[0]
    return buffer


frames, warnings = run(
    "appsrc name=in format=time caps=video/x-raw,format=GRAY8,width=224,height=224,framerate=25/1 ! tee name=t  t. ! queue"
    " ! fakesink sync=false  t. ! queue ! iqascore name=a analytics-meta=true"
    f" ! iqascore name=b model=mt-irn analytics-meta=true ! {sink}",
    [detected(number) for number in range(6)],
)
assert len(frames) == 6 and not warnings, (len(frames), warnings)
for frame, found, metas in frames:
    assert [name for name, _ in found] == ["cat", "iqa/score/metaiqa", "iqa/score/mt-irn"] and metas == 1, (found, metas)
    assert found[0][1] == 0.25 and near(found[1][1], frame["a"]["score"]) and near(found[2][1], frame["b"]["score"]), (frame, found)
print("behind another:", [f"{name} {level:.6f}" for name, level in frames[0][1]])

# Behind an encoder and a decoder the level before encoding is still there, and a second score comes after it.
frames, warnings = run(
    f"{source} ! iqascore name=a analytics-meta=true ! x264enc bframes=2 b-adapt=false bitrate=50 ! h264parse ! avdec_h264"
    f" ! iqascore name=b analytics-meta=true ! {sink}"
)
assert len(frames) == 6 and not warnings, (len(frames), warnings)
for frame, found, metas in frames:
    assert [name for name, _ in found] == ["iqa/score/metaiqa"] * 2 and metas == 1, (found, metas)
    assert all(near(level, frame[name]["score"]) for name, (_, level) in zip("ab", found)), (frame, found)
print("before and after encoding:", [f"{level:.6f}" for _, level in frames[0][1]])

# A comparison: a model's score has a level, measures have none.
pairs = (
    f"{SOURCE % (3, 256, 256)} ! tee name=t  iqacompare name=c alignment=pts analytics-meta=true %s ! {sink}"
    "  t. ! queue ! c.reference  t. ! queue ! videobalance contrast=0.5 ! c.distorted"
)
frames, warnings = run(pairs % "model=bpclip-fr")
assert len(frames) == 3 and not warnings, (len(frames), warnings)
for frame, [(name, level)], metas in frames:
    assert name == "iqa/score/bpclip-fr" and near(level, frame["c"]["score"]) and metas == 1, (frame, name, level)
frames, warnings = run(pairs % "")
assert len(frames) == 3 and all("psnr-y" in frame["c"] and not found for frame, found, _ in frames), frames
assert len(warnings) == 1 and "no model" in warnings[0], warnings
PY
