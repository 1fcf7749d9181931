// SPDX-License-Identifier: MPL-2.0

/**
 * SECTION:element-iqascore
 * @see_also: iqacompare, iqalog, iqaoverlay
 *
 * Scores video frames with a no-reference quality model and passes them on unchanged. Each frame carries its score as
 * metadata (`IqaMeta`); statistics and alarms are posted on the bus.
 *
 * Scores range from 0 (worst) to 100 (best). `interval` and `max-rate` select the frames that are scored. `mode`
 * determines what happens to a frame while it is scored: with `every-frame` it waits for its score, and upstream is
 * blocked while the queue is full; with `live` it is never held and carries the newest finished score.
 *
 * ## Latency
 *
 * With `mode=every-frame`, up to max(`queue-size`, `batch-size`) frames wait. In a live pipeline the element reports
 * that many frame durations, according to the frame rate in the caps, as latency: four frames at 25 fps are 160 ms.
 * Without a frame rate in the caps it reports no latency and sinks drop late frames: set a frame rate in the caps or
 * the pipeline's `latency`. In a pipeline that is not live, latency is irrelevant. `mode=live` adds no latency. A
 * warning is posted if a live source delivers frames faster than they can be scored.
 *
 * ## Windows and alarms
 *
 * At the end of each `window` of running time, `iqa-window` is posted with the mean, the minimum and the 5th
 * percentile of `alarm-field`. `iqa-alarm` is posted when the mean falls below `alarm-below` or rises above
 * `alarm-above`, and again when it has recovered by `alarm-hysteresis`. If an alarm is set, each frame's entry has the
 * field `alarm`, the state of the alarm when the frame left the element.
 *
 * A window without scores leaves the alarm unchanged. If running time jumps back by more than a window, for example
 * because a camera has restarted, the current window is closed and a new one begins. Frames without timestamps count
 * with their duration, with the frame duration from the caps or, failing both, with 1/25 s; windows of such frames have
 * no `start` and `end`. With `mode=live` a score counts in the window that is open when it is finished.
 *
 * ## Measures (Since: 0.2)
 *
 * `measures` are taken of each scored frame, in a separate thread, in addition to the model:
 *
 * | flag | fields | description |
 * |---|---|---|
 * | `cambi` | `cambi` | visibility of banding, 0 to 31, higher is worse (Tandon et al., 2021); matches libvmaf |
 * | `motion` | `motion` | luma difference from the previous measured frame, 0 to 1 |
 * | `luma` | `luma-mean`, `luma-deviation` | mean and standard deviation of luma, 0 to 1 |
 *
 * With `model=none` only the measures are taken: measured frames have the state `scored` and no `score`, and ONNX
 * Runtime is not needed. Windows, alarms and `stats` then evaluate the first of `luma-mean`, `motion` and `cambi` that
 * is measured, unless `alarm-field` is set. For `cambi` set `alarm-above` and a smaller `alarm-hysteresis` such as 1.
 * CAMBI is not defined for R'G'B' and for pictures whose longer side is shorter than 216 pixels or more than ten times
 * the other one; a warning is posted. CAMBI thresholds depend on the bit depth.
 *
 * ## Metadata downstream
 *
 * Entries stay with their frames through converters, encoders and decoders: behind `x264enc ! h264parse !
 * avdec_h264` a frame still carries the score from *before* encoding. `scored-pts` is the timestamp of the scored
 * frame; encoders may shift timestamps together with the segment, as `x264enc` does, while running times stay the
 * same. To score the decoded frames too, add another `iqascore` behind the decoder; it adds its own entry. An element
 * of the same name in another bin replaces the entry, and a warning is posted.
 *
 * Elements that duplicate frames, such as `videorate`, also duplicate the entries, including `state` and `age`.
 * Entries with the same `scored-pts` and `latency` are the same score. Windows, alarms, `stats` and `iqa-summary`
 * count each score once. `iqalog` also counts it once and logs the duplicate as `skipped` with its actual age, which
 * `iqaoverlay` shows.
 *
 * Fields added to the entries in 0.2: `alarm`, `depth`, `cambi`, `motion`, `luma-mean` and `luma-deviation`. Fields
 * added to `iqa-summary` in 0.2: `model-hash`, `reasons` and `findings`.
 *
 * ## Analytics metadata (Since: 0.2)
 *
 * With `analytics-meta=true`, each frame that carries a `score` also has a `GstAnalyticsClsMtd` for elements that do
 * not know `IqaMeta`. It has one class, whose quark is `iqa/score/<model>`, for example `iqa/score/metaiqa`, and whose
 * confidence level is score / 100. It is added to the frame's existing `GstAnalyticsRelationMeta`, if any; of several
 * entries with the same quark the last one is the newest. It has no age: with `mode=live` or `interval` the level may
 * belong to an earlier frame. Like `IqaMeta` it survives encoders and decoders; `videocrop` and `videoflip` drop it
 * in GStreamer 1.26 and keep it in 1.28.
 *
 * This requires GStreamer 1.26. The library `libgstanalytics-1.0.so.0` is loaded at READY→PAUSED. If it is not
 * available, a warning is posted and frames carry only `IqaMeta`.
 *
 * ## Input formats
 *
 * Frames are read in their own format at full bit depth, with the matrix and range from the caps. Missing colorimetry,
 * such as the matrix in `1:0:0:0`, takes GStreamer's default, which is logged. Alpha is ignored. A `GstVideoCropMeta`
 * is honored; the rectangle must start at a chroma sample.
 *
 * Do not convert frames before scoring. A conversion to R'G'B' with `videoconvert` turns 8-bit white into 253, which
 * changes scores by about one point; a conversion from 8 to 10 bits replicates bits, which leaves a PSNR of 53 dB.
 * `jpegdec` drops every other chroma sample of 4:4:4 JPEGs; `jpegparse ! avdec_mjpeg` does not.
 *
 * ## Warnings
 *
 * Each of these is posted once, with the remedy: an `alarm-field` that does not exist or never had a value; an alarm
 * that cannot clear; frames without timestamps with `max-rate`, `window` or an alarm; a live source that
 * `mode=every-frame` cannot keep up with; raw values that are always outside the range of the model's contract;
 * another element of the same name; interlaced frames and transfer functions the model was not trained on; a stream
 * that ends without a frame or without a scored frame.
 *
 * ## Example pipelines
 *
 * Score every frame of a file and write a log:
 *
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! iqascore ! \
 *     iqalog location=scores.jsonl ! fakesink
 * ]|
 *
 * Score a camera without delaying it, and post an alarm when quality is low for two seconds:
 *
 * |[
 * gst-launch-1.0 -m v4l2src ! videoconvert ! \
 *     iqascore mode=live max-rate=5/1 window=2000000000 alarm-below=40 ! autovideosink
 * ]|
 *
 * Measure banding without a model, with an alarm when it is visible:
 *
 * |[
 * gst-launch-1.0 -m videotestsrc pattern=gradient num-buffers=50 ! video/x-raw,format=I420,width=640,height=360 ! \
 *     iqascore model=none measures=cambi alarm-above=5 alarm-hysteresis=1 ! fakesink
 * ]|
 *
 * Since: plugins-onnxiqa-0.1.0
 */
use gst::glib;
use gst::prelude::*;

mod category;
mod events;
mod frame;
mod imp;
mod input;
mod jobs;
mod output;
mod pace;
mod queries;
mod queue;
mod scorer;
mod scores;
mod settings;

glib::wrapper! {
    /// The `iqascore` element.
    pub struct IqaScore(ObjectSubclass<imp::IqaScore>) @extends gst::Element, gst::Object;
}

/// Registers the element with the plugin.
///
/// # Errors
/// If GStreamer rejects the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    #[cfg(feature = "doc")]
    for own in [settings::Mode::static_type(), settings::Measures::static_type()] {
        own.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
    gst::Element::register(Some(plugin), "iqascore", gst::Rank::NONE, IqaScore::static_type())
}
