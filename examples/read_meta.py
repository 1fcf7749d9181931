# SPDX-License-Identifier: MPL-2.0
"""Reads the scores from the frames of a clip, in Python.

    eval "$(make -s env)"
    /usr/bin/python3 examples/read_meta.py clip.mp4

prints one line a frame: its presentation time in seconds, the element that scored it, its state, its score and the
raw value, separated by tabs, and at the end the mean score of each element. Needs Python's GStreamer binding:
python3-gi and python3-gst-1.0 on Debian and Ubuntu, which belong to /usr/bin/python3 and not to another Python in PATH.

A program of your own imports two functions: scores(buffer) for what a frame carries, and told(message) for what is
posted on the bus. Both give plain dicts, which stay as they are after the buffer or the message is gone.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstVideo  # noqa: E402 (the versions are chosen first)


def scores(buffer):
    """The entries of a buffer's IqaMeta, as (element, entry): one for each element that saw the frame.

    An entry is a dict of its fields. One that is not there has no key: a skipped frame has no score of its own. A map
    of quality is a dict of width, height and data, bytes row by row.
    """
    meta = buffer.get_custom_meta("IqaMeta")
    if meta is not None:
        yield from values(meta.get_structure()).items()


def told(message):
    """The name and the fields of an element's message: iqa-score, iqa-window, iqa-alarm, iqa-summary, iqa-alignment.

    (None, {}) for any other message.
    """
    structure = message.get_structure() if message.type == Gst.MessageType.ELEMENT else None
    if structure is None or not structure.get_name().startswith("iqa-"):
        return None, {}
    return structure.get_name(), values(structure)


def values(structure):
    """The fields of a structure as a dict of plain values.

    A structure within a structure is the outer one's and goes with it: all of it is read while the outer one is there.
    """
    fields = {}
    for index in range(structure.n_fields()):
        name = structure.nth_field_name(index)
        fields[name] = plain(structure.get_value(name))
    return fields


def plain(value):
    if isinstance(value, Gst.Structure):
        return values(value)
    if isinstance(value, Gst.Sample):
        return picture(value)
    if isinstance(value, (Gst.ValueArray, Gst.ValueList)) or type(value) is list:
        return [plain(item) for item in value]
    return value


def picture(sample):
    """A map of quality, GRAY8: 0 is the worst, 255 the best."""
    # Not the caps' structure: GStreamer 1.26's Python gives another object for it than 1.22's and 1.28's.
    info = GstVideo.VideoInfo.new_from_caps(sample.get_caps())
    width, height, stride = info.width, info.height, info.stride[0]
    memory = sample.get_buffer().extract_dup(0, sample.get_buffer().get_size())
    rows = (memory[row * stride : row * stride + width] for row in range(height))
    return {"width": width, "height": height, "data": b"".join(rows)}


def text(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def report(buffer):
    pts = "-" if buffer.pts == Gst.CLOCK_TIME_NONE else f"{buffer.pts / Gst.SECOND:.3f}"
    for element, entry in scores(buffer):
        score, raw = text(entry.get("score"), 2), text(entry.get("raw"), 5)
        print(pts, element, entry["state"], score, raw, sep="\t", flush=True)


def conclude(message):
    name, fields = told(message)
    if name == "iqa-summary":
        mean = text(fields.get("score", {}).get("mean"), 2)
        print(f"{message.src.get_name()}: mean score {mean} of {fields['scored']} frames", file=sys.stderr)


def main(path):
    pipeline = Gst.parse_launch(
        "filesrc name=file ! decodebin ! videoconvert ! iqascore ! appsink name=out sync=false max-buffers=8"
    )
    pipeline.get_by_name("file").set_property("location", path)
    out, bus = pipeline.get_by_name("out"), pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    try:
        while not out.get_property("eos"):
            # Waits for a moment only: after an error upstream no frame and no end would ever come.
            sample = out.emit("try-pull-sample", 100 * Gst.MSECOND)
            if sample is not None:
                report(sample.get_buffer())
            while (message := bus.pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.ELEMENT)) is not None:
                if message.type == Gst.MessageType.ERROR:
                    error, details = message.parse_error()
                    sys.exit(f"{message.src.get_path_string()}: {error.message}\n{details or ''}")
                conclude(message)
        while (message := bus.pop_filtered(Gst.MessageType.ELEMENT)) is not None:
            conclude(message)
    finally:
        pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    Gst.init(None)
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
