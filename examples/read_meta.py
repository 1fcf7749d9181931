"""Reads the scores from the frames of a clip, in Python.

    eval "$(make -s env)"
    /usr/bin/python3 examples/read_meta.py clip.mp4

prints one line a frame: its presentation time in seconds, the element that scored it, its state, its score and the raw
value, separated by tabs. Needs Python's GStreamer binding: python3-gi and python3-gst-1.0 on Debian and Ubuntu, which belong to
/usr/bin/python3 and not to another Python in PATH.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402 (the version is chosen first)


def scores(buffer):
    """The entries of a buffer's IqaMeta, as (element, entry): one entry for each element that saw the frame."""
    meta = buffer.get_custom_meta("IqaMeta")
    if meta is None:
        return
    structure = meta.get_structure()
    for index in range(structure.n_fields()):
        element = structure.nth_field_name(index)
        # A structure within the structure; its own fields are read by get_value() too, and a field that is not there is
        # None: a skipped frame has no score of its own.
        yield element, structure.get_value(element)


def text(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def report(buffer):
    pts = "-" if buffer.pts == Gst.CLOCK_TIME_NONE else f"{buffer.pts / Gst.SECOND:.3f}"
    for element, entry in scores(buffer):
        score, raw = text(entry.get_value("score"), 2), text(entry.get_value("raw"), 5)
        print(pts, element, entry.get_value("state"), score, raw, sep="\t", flush=True)


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
            elif (message := bus.pop_filtered(Gst.MessageType.ERROR)) is not None:
                error, details = message.parse_error()
                sys.exit(f"{message.src.get_path_string()}: {error.message}\n{details or ''}")
    finally:
        pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    Gst.init(None)
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
