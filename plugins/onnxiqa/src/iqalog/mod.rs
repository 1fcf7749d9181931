// SPDX-License-Identifier: MPL-2.0

/**
 * SECTION:element-iqalog
 * @see_also: iqascore, iqacompare
 *
 * Writes what the frames carry to a file, and passes everything on untouched.
 *
 * Every buffer that carries an `IqaMeta` becomes a line, written and flushed before the buffer is passed on; at the
 * end of the stream, or when the pipeline is stopped before, follows what the scores come to, their pool. Buffers
 * without an `IqaMeta` are passed on and not logged; a warning is posted when none of the first hundred, or of all
 * until the end, carries one. The pads take anything: the element may also stand behind an encoder that keeps metas,
 * where lines come in coded order and with the encoder's time stamps.
 *
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! iqascore ! iqalog location=scores.jsonl ! fakesink
 * ]|
 *
 * To see the lines as they come, use `location=-` and keep gst-launch quiet:
 *
 * |[
 * gst-launch-1.0 -q videotestsrc num-buffers=25 ! iqascore ! iqalog location=- ! fakesink
 * ]|
 *
 * For a camera that never stops, keep ten files of 100 MB:
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! iqascore mode=live ! iqalog location=camera.jsonl max-file-size=100000000 max-files=10 ! fakesink
 * ]|
 *
 * ## Formats
 *
 * `json-lines`: one object a line, `{"pts": ns, "running-time": ns, "scores": {"iqascore0": {…}}}` with the fields of
 * `iqa-score`, except `map`; the last line is `{"pool": {"iqascore0": {"scored": n, "score": {"mean": …}, …}}}`. A
 * missing time is `null`, any other missing value an absent field.
 *
 * `csv`: a row for each frame, with columns `<element>_<field>` and `<element>_attributes_<name>`. A file's columns
 * are fixed by its first row; what comes up later and has none is in the last column, `other`, as a JSON object, so
 * that nothing is lost. The pool goes to `<location>.pool.csv`, in place of an earlier one, and nowhere if the location is `-`.
 *
 * `vmaf-json`: the layout of libvmaf's log, with metrics `<element>_<field>` for every field that is a measurement.
 * Frames without one are left out, as libvmaf does, and keep their number. Written to `<location>.part`, renamed when
 * complete. libvmaf's `fps` is left out.
 *
 * ## Pools
 *
 * Frames with `state=scored` count; of frames that carry an older score (`mode=live`), the first with each score. A
 * score that no frame carried, because a newer one was there by the next frame, is not in the log. A field that has no
 * fixed range, such as `raw`, has no percentiles.
 * Pools go on over seeks and flushes. If frames still come after the end of the stream (a loop), they go on too, and
 * a new pool, of everything, follows at the next end.
 *
 * ## Files
 *
 * With `max-file-size`, a file that would grow beyond it is renamed to `<location>.1`, that one to `<location>.2` and
 * so on. `max-files` says how many there may be, the one being written among them; 0 is no limit. A file that is
 * there at the start is overwritten without rotation, and rotated away with it. For a rotation from outside, as by
 * logrotate, move the file and emit the action signal `reopen`, which closes the file and opens the location again,
 * appending to what is there.
 *
 * Since: plugins-onnxiqa-0.1.0
 */
use gst::glib;
use gst::prelude::*;

mod format;
mod imp;

use format::Format;

glib::wrapper! {
    /// The element `iqalog`.
    pub struct IqaLog(ObjectSubclass<imp::IqaLog>) @extends gst::Element, gst::Object;
}

/// Registers the element with the plugin.
///
/// # Errors
/// When GStreamer refuses it.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    Format::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(Some(plugin), "iqalog", gst::Rank::NONE, IqaLog::static_type())
}
