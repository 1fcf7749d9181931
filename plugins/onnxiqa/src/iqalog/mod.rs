// SPDX-License-Identifier: MPL-2.0

/**
 * SECTION:element-iqalog
 * @see_also: iqascore, iqacompare
 *
 * Writes the quality scores that buffers carry to a file and passes the buffers on unchanged.
 *
 * Each buffer with an `IqaMeta` is logged and flushed to the file before it is passed on. At EOS, or when the pipeline
 * is stopped earlier, the pooled statistics follow. Buffers without an `IqaMeta` are passed on and not logged; a
 * warning is posted if none of the first hundred buffers, or none of a shorter stream, has one. The pads accept any
 * caps: behind an encoder that preserves metadata, lines are written in coding order with the encoder's timestamps.
 *
 * Decoders preserve the metadata too: behind an encoder and a decoder in the same pipeline, a line contains the score
 * from before encoding. To log the decoded frames, score them with another element of a different name.
 *
 * ## Formats
 *
 * `json-lines`: one object per line, `{"pts": ns, "running-time": ns, "scores": {"iqascore0": {…}}}`, with the fields
 * of `iqa-score` except `map`. The last line is
 * `{"pool": {"iqascore0": {"model": "metaiqa", "scored": n, "skipped": n, "failed": n, "score": {"mean": …}, …}}}`.
 * `pts` or `running-time` is `null` if the frame has none; missing values in `scores` and `pool` are absent.
 *
 * `csv`: one row per frame, with the columns `<element>_<field>` and `<element>_attributes_<name>`. The first row
 * determines the columns of a file; fields that appear later are written to the last column, `other`, as a JSON
 * object. The pooled statistics are written to `<location>.pool.csv`, or not at all if the location is `-`. Every row
 * of an element contains its counts; an element without any statistics has one row without a field.
 *
 * `vmaf-json`: the layout of libvmaf's log. Metrics have libvmaf's names where they are the same number: `psnr_y`,
 * `psnr_cb` and `psnr_cr` (limited to 6n + 12 dB for n bits, as in libvmaf), `float_ms_ssim`, `float_ssim`, `vmaf` and
 * `cambi`. `psnr_avg` is PSNR over all planes, as in ffmpeg's filter. `ssim` is this plugin's SSIM, which, unlike
 * libvmaf's `float_ssim`, does not downscale the picture. A model's score has the model's name. If several elements
 * have scored, names are prefixed with `<element>_`. Values that are not metrics (confidence, gain and bias, raw
 * values, attributes) are in `details` beside a frame's `metrics`, and in `pooled_details`. As in libvmaf, frames
 * without metrics are omitted and frame numbers keep counting, and `fps` is the processing speed. Counts are in
 * `aggregate_metrics`, verdicts in `elements`. The file is written as `<location>.part` and renamed when complete.
 *
 * ## Pooled statistics
 *
 * Scores count on frames with `state=scored`; the measures of pairs that a model has skipped count too. With
 * `mode=live`, the first frame that carries a score counts. A frame duplicated
 * by `videorate` counts once, and its line has the state `skipped` and the actual age of the score. A duplicate that
 * arrives before the original, as is possible behind an encoder, has no `age`. `vmaf-json` lists each score once. The
 * statistics cover the frames that reached this element: if `videorate` has dropped some, the counts show it. A score
 * that no frame carried, because a newer one was finished by the next frame, is not included. Fields without a fixed
 * range, such as `raw`, have no percentiles.
 *
 * The counts are `scored`, `skipped` and `failed`, and for a comparison also `distorted`, `matched`, `duplicate`,
 * `unmatched`, `reference`, `dropped` and `outside`, with `verdict` and `reasons` (Since: 0.2), and `vmaf-model` if
 * VMAF is measured. They are taken from the scoring element's `iqa-summary`, which is carried by the EOS event, through
 * queues and encoders. If the pipeline is stopped before EOS, this element counts the frames it has seen, and
 * `reference`, `dropped`, `outside` and `verdict` are absent.
 *
 * The statistics of PSNR contain `of-mean-error` (Since: 0.2) beside `mean`: the PSNR of the mean squared error over
 * all frames, which ffmpeg's `psnr` filter prints as average. `mean` is the mean of the decibel values, to which
 * identical frames, such as black ones, contribute 100 dB each. In `of-mean-error` they contribute the error equivalent
 * to 100 dB. For R'G'B', whose `psnr` is the mean of three channels, the error equivalent to that mean is used.
 *
 * Statistics continue across seeks and flushes. If frames follow after EOS, as with a looped source, they continue too,
 * and are written again, for all frames, at the next EOS.
 *
 * ## Files
 *
 * Existing files are never overwritten: at the start, `<location>` is renamed to `<location>.1`, `<location>.1` to
 * `<location>.2` and so on (with `vmaf-json`, when the new document is complete). With `append=true` (`json-lines`
 * only) lines are appended instead. With `max-file-size`, a file that would exceed that size is rotated in the same
 * way; `max-files` limits the number of files including the current one, 0 = unlimited. It is an error if another
 * element or another process writes the same regular file, which is locked (flock). For external rotation, for example
 * by logrotate, move the file and emit the action signal `reopen`, which closes the file and opens the location again
 * in append mode.
 *
 * ## Example pipelines
 *
 * Log the scores of a clip:
 *
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! iqascore ! \
 *     iqalog location=scores.jsonl ! fakesink
 * ]|
 *
 * Write the lines to standard output, without the output of gst-launch-1.0:
 *
 * |[
 * gst-launch-1.0 -q videotestsrc num-buffers=25 ! iqascore ! iqalog location=- ! fakesink
 * ]|
 *
 * Log a camera indefinitely, keeping ten files of 100 MB:
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! iqascore mode=live ! \
 *     iqalog location=camera.jsonl max-file-size=100000000 max-files=10 ! fakesink
 * ]|
 *
 * Since: plugins-onnxiqa-0.1.0
 */
use gst::glib;
use gst::prelude::*;

mod format;
mod imp;

glib::wrapper! {
    /// The `iqalog` element.
    pub struct IqaLog(ObjectSubclass<imp::IqaLog>) @extends gst::Element, gst::Object;
}

/// Registers the element with the plugin.
///
/// # Errors
/// If GStreamer rejects the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    #[cfg(feature = "doc")]
    format::Format::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(Some(plugin), "iqalog", gst::Rank::NONE, IqaLog::static_type())
}
