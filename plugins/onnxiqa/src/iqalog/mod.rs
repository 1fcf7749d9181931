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
 * Decoders keep the meta, too: behind an encoder and a decoder in the same pipeline, a line says what was said of the
 * frame before it was encoded. To log the decoded frames, score them by an element of another name.
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
 * `iqa-score`, except `map`; the last line is
 * `{"pool": {"iqascore0": {"model": "metaiqa", "scored": n, "skipped": n, "failed": n, "score": {"mean": …}, …}}}`. A
 * missing time is `null`, any other missing value an absent field.
 *
 * `csv`: a row for each frame, with columns `<element>_<field>` and `<element>_attributes_<name>`. A file's columns
 * are fixed by its first row; what comes up later and has none is in the last column, `other`, as a JSON object, so
 * that nothing is lost. The pool goes to `<location>.pool.csv`, and nowhere if the location is `-`; its counts are in
 * every row of an element, and an element without any figure has a row without a field.
 *
 * `vmaf-json`: the layout of libvmaf's log. Metrics are called as libvmaf calls them where they are the same number:
 * `psnr_y`, `psnr_cb` and `psnr_cr`, cut at 6n + 12 dB for n bits as there, `float_ms_ssim`, `float_ssim`, `vmaf`,
 * `cambi`; a model's score by the model's name; `psnr_avg`, as in ffmpeg's filter, is PSNR over all planes; `ssim` is
 * this plugin's own, which does not shrink the picture first as libvmaf's `float_ssim` does. When several elements have
 * scored, `<element>_` stands before each name. What is no measurement (confidence, gain and bias, raw values,
 * attributes) is in `details` beside a frame's `metrics`, and in `pooled_details`. Frames without a measurement are left
 * out, as libvmaf does, and keep their number; `fps` is, as there, frames a second of real time; the counts are in
 * `aggregate_metrics`, the verdict in `elements`. Written to `<location>.part`, renamed when complete.
 *
 * ## Pools
 *
 * Frames with `state=scored` count; of frames that carry an older score (`mode=live`), the first with each score. A
 * frame that comes again, as `videorate` sends it, counts once, and its line says `skipped` and how much older the scored
 * frame is: the first that brings a score stands for that frame. (A copy that comes before it, as behind an encoder, has
 * no `age`. `vmaf-json` lists each score once.) The figures are those of the frames that have come this far; where
 * `videorate` has dropped some, the counts beside them tell. A score that no frame carried, because a newer one was
 * there by the next frame, is not in the log's figures. A field that has no fixed range, such as `raw`, has no
 * percentiles.
 *
 * Beside the figures are the counts `scored`, `skipped` and `failed`, and of a comparison `distorted`, `matched`,
 * `duplicate`, `unmatched`, `reference`, `dropped` and `outside`, with `verdict` and `reasons`, and `vmaf-model` where VMAF is
 * measured. They are those of the
 * element's `iqa-summary`, which comes down the stream within the EOS event, through queues and encoders. Where it
 * did not come, because the pipeline was stopped before the end, the log counts the frames that it has seen;
 * `reference`, `dropped`, `outside` and `verdict` are absent then.
 *
 * PSNR's pools have `of-mean-error` beside `mean`: the PSNR of the mean of all frames' mean squared errors, which
 * ffmpeg's `psnr` prints as average. `mean` is the mean of decibels, which equal frames (black ones, for instance) lift
 * with 100 dB each. A frame of 100 dB counts in `of-mean-error` with the error that 100 dB stand for; for R'G'B', whose
 * `psnr` is the mean of three channels, with the error that this mean stands for.
 *
 * Pools go on over seeks and flushes. If frames still come after the end of the stream (a loop), they go on too, and
 * a new pool, of everything, follows at the next end.
 *
 * ## Files
 *
 * A file that is there is never overwritten: at the start it is renamed to `<location>.1`, that one to `<location>.2`
 * and so on (`vmaf-json` does it when the new document is complete). With `append=true` (`json-lines` only) lines are
 * added to it instead. With `max-file-size`, a file that would grow beyond it is renamed in the same way.
 * `max-files` says how many there may be, the one being written among them; 0 is no limit. Two elements that write to
 * one file are an error, and so is a file that another process writes: regular files are locked (flock). For a
 * rotation from outside, as by logrotate, move the file and emit the action signal `reopen`, which closes the file and
 * opens the location again, appending to what is there.
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
