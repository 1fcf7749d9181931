// SPDX-License-Identifier: MPL-2.0

/**
 * SECTION:element-iqacompare
 * @see_also: iqascore, iqalog, iqaoverlay
 *
 * Compares the frames on `distorted` with those on `reference` and passes the distorted frames on unchanged. Each frame
 * carries the results as metadata (`IqaMeta`): PSNR, SSIM, MS-SSIM, VMAF, the score of a full-reference model and the
 * reference frame it was compared with. Statistics and alarms are posted on the bus, as described for `iqascore`.
 *
 * ## Temporal alignment
 *
 * The `alignment` property selects how the reference frame of a distorted frame is found:
 *
 * | value | pairs frames |
 * |---|---|
 * | `auto` (default) | by running time, unless the pictures show an offset, drops, repeats, jumps or drift |
 * | `track` | by the pictures alone |
 * | `pts` | by running time |
 * | `offset` | by running time plus the property `offset` |
 * | `still` | with the most recent reference picture, see below |
 *
 * Each entry contains `pairing`, `offset`, the `confidence` in the pairing and its `evidence`. A frame without a
 * trustworthy match has the state `unmatched` and is excluded from all statistics. The `stats` property accounts for
 * every frame of both streams.
 *
 * With `pts` and `offset` the pictures do not change the pairing but are checked: if they distinguish the matching
 * frame from its neighbors, `evidence` is `picture` and `confidence` at least 0.9. If they do not, as in a still scene,
 * `evidence` is `time` and `confidence` 0.4. If they contradict the pair, because the reference frame shows something
 * else or a neighbor shows the same, `evidence` is `time` and `confidence` at most 0.1. If most pairs are contradicted,
 * the `verdict` in `iqa-summary` is `not-aligned`.
 *
 * Running times match within half a reference frame duration, taken from the buffer or from the frame rate in the caps.
 * If that duration is much shorter than the actual distance between frames, the caps contain a time base such as
 * 24000/1 instead of a frame rate, and the actual distance is used.
 *
 * An `iqa-alignment` message is posted when the offset is found or changes, when the pictures no longer match, when no
 * frame can be matched, and when the search window shrinks because `max-bytes` is reached:
 *
 * | field | type | description |
 * |---|---|---|
 * | `event` | string | `found`, `changed`, `lost`, `shrunk`, or `not-found` (Since: 0.2) |
 * | `from`, `to` | int64 | previous offset, if any, and new offset in nanoseconds, as in the frames' `offset` |
 * | `confidence` | double | confidence in the offset, 0 to 1 |
 * | `window` | uint64 | remaining search window in nanoseconds |
 * | `pts`, `running-time` | uint64 | first distorted frame to which the event applies, if it has a timestamp |
 *
 * ## Reduced reference
 *
 * `alignment=still` (Since: 0.2) is for reduced-reference models, whose reference may be a single picture or show
 * something else. Each frame is compared with the last reference picture whose running time is not later than the
 * frame's running time plus `offset`, or with the first one. Every frame is `matched` with confidence 1. Measures,
 * scaling and registration are disabled, and each picture is passed to the model in its own size.
 *
 * In `stats` a reference counts as `matched` with the first frame it is used for; further frames count as `duplicate`.
 * A picture remains in use after the end of `reference`, and after a seek or a new stream on `distorted` that does not
 * bring another picture, in which case it is counted again. A reduced-reference model with another `alignment` is an
 * error; a full-reference model with `still` causes a warning.
 *
 * ## Input formats
 *
 * Frames are read in their own format at full bit depth, with the matrix and range from the caps. Missing colorimetry,
 * such as the matrix in `1:0:0:0`, takes GStreamer's default for the size of the reference on both pads, which is
 * logged. Alpha is ignored. A `GstVideoCropMeta` is honored; the rectangle must start at a chroma sample. If one stream
 * is R'G'B' and the other Y'CbCr or gray, the R'G'B' stream is converted to the matrix, range and at least the depth of
 * the other one.
 *
 * Do not convert frames before comparing them:
 *
 * * `videoconvert` to R'G'B' turns 8-bit white into 253; from 8 to 10 bits it replicates bits, which
 *   leaves a PSNR of 53 dB; to 8 bits it truncates, whatever `dither` is set to.
 * * `jpegdec` drops every other chroma sample of 4:4:4 JPEGs; `jpegparse ! avdec_mjpeg` does not.
 * * `jpegenc` stores limited-range samples unchanged: put `videoconvert ! video/x-raw,colorimetry=1:4:0:0` before it.
 * * `pngdec` outputs high dynamic range PNGs as sRGB.
 * * `avdec_h264` applies the film grain described by an SEI, `openh264dec` does not.
 *
 * This applies to GStreamer 1.22.0 to 1.28.8. R'G'B' in AV1, which `av1dec` outputs as `Y444` with an RGB matrix, is
 * read as `GBR`. YCgCo, ICtCp and constant luminance cannot be expressed in caps and are treated as the default.
 *
 * ## Frame selection
 *
 * The model scores every pair unless limited by `interval` (every Nth pair) or `max-rate` (scores per second of stream
 * time). Unmatched frames are not counted. Pairs that are not selected have the state `skipped`, their measures and no
 * score; their measures are included in the pools. Measures are taken of every pair, so both properties have no effect
 * without a model.
 *
 * ## Several renditions
 *
 * Elements whose `reference` receives the same memory, for example from a `tee`, share what depends on the reference
 * only: the reference part of VIF and motion for VMAF, the smaller scales of MS-SSIM and the model's reference branch.
 * This needs no configuration, works with different settings and does not change any value. Up to eight frames and
 * 192 MiB in total are kept as long as an element needs them. Frames from a pool of fixed size are copied by each
 * element and not shared. An element that is two frames ahead of another one waits for it for up to 100 ms; if that was
 * to no avail, it does not wait again for two seconds.
 *
 * ## VMAF
 *
 * `measures=vmaf` computes libvmaf's features and the model `vmaf-model` for the sequence of pairs: motion is measured
 * from the reference frame of a pair to that of the next pair, regardless of frames dropped in between. A frame
 * therefore waits for the next pair; with models for high frame rates (`hfr`) the first frame waits for the next two.
 * The last frame waits for EOS. A flush, a seek or a new frame size starts a new sequence. Unmatched frames between two
 * pairs wait too. In a live pipeline, or if `max-bytes` is reached, a frame that cannot wait has no `vmaf`, and a
 * warning is posted. `iqa-summary` and logs contain the model as `vmaf-model`. The 4K model is used only if selected.
 * Pictures smaller than 33 pixels in either dimension, R'G'B' and samples of more than 12 bits have no VMAF; a warning
 * is posted.
 *
 * VMAF 1 (`vmaf_v1.0.16_…`) also evaluates chroma and banding. It requires Y'CbCr with at least 80 chroma samples in
 * either dimension (133 for `5d0h`, 159 for `3d0h_2160`) and, for CAMBI, 216 pixels in the longer one: for 4:2:0 at
 * least 216×160 or 160×216 pixels (266×266 for `5d0h`, 318×318 for `3d0h_2160`). Its scores are not comparable with
 * those of v0.6.1: there is no conversion formula, and even the order of two renditions can differ, in particular after
 * sharpening. Choose new thresholds, one per bit depth: because of banding, the same picture scores differently in 8
 * bits and converted to 10 bits.
 *
 * ## Buffering and latency
 *
 * A frame waits for its match. In a pipeline that is not live, it waits until the other stream has advanced far enough
 * or has ended, and each pad blocks upstream once a few of its frames are queued. If the other pad receives nothing for
 * longer than usual and nothing else can proceed, more frames are accepted. A branch with delay, such as an encoder
 * with look-ahead behind a `tee`, therefore needs no parallel `queue`. Frames held by the element take at most
 * `max-bytes` plus one frame per pad; queued frames may use three quarters of it. When this limit is reached, the
 * search window is reduced first. If the other pad still receives nothing, a warning is posted, and after ten more
 * seconds an error; neither in a live pipeline, where `latency` ends the wait.
 *
 * In a live pipeline, a frame waits for at most `latency` and then leaves with or without a match, so that a stalled
 * reference does not block the stream. By default `latency` depends on `alignment`: `search-range` for `auto` and
 * `track`, 0 otherwise. If one branch is delayed, for example by an encoder, set it to at least that delay. With
 * `measures=vmaf` the element's latency is increased by one frame duration, or by two with an `hfr` model. Only the wait
 * for a match is limited: if measures or the model are slower than the stream, upstream is blocked and frames are late;
 * limit them with `interval` or `max-rate`.
 *
 * ## Metadata downstream
 *
 * As with `iqascore`, entries stay with their frames through encoders and decoders, and elements that duplicate frames
 * duplicate the entries. `analytics-meta=true` adds the score of `model` as GStreamer analytics metadata with the class
 * `iqa/score/<model>`. Measures are not model scores and have no class. Without a model a warning is posted.
 *
 * Fields added to the entries in 0.2: `alarm`, `evidence`, `depth`, `psnr-cb`, `psnr-cr`, `float-ssim`, `vmaf` and
 * `cambi`. Fields added to `iqa-summary` in 0.2: `model-hash`, `vmaf-model`, `vmaf-model-hash`, `verdict`, `reasons`
 * and `findings`.
 *
 * ## Warnings
 *
 * Each of these is posted once, with the remedy: display aspect ratios that differ by more than 1 % (unless
 * `registration` removes bars); transfer functions of which one is PQ or HLG; 8 bits compared with more; different
 * matrices or ranges in the caps; interlaced frames; an `alarm-field` that does not exist; an alarm that cannot clear;
 * frames without timestamps with `max-rate`, `window` or an alarm; another element of the same name; at EOS, a pad
 * without a frame or no scored frame.
 *
 * These are posted when first detected and, if still true, at EOS:
 *
 * * none of the first hundred frames is matched;
 * * more than 2 % of the frames are unmatched;
 * * the pictures contradict most pairs made by `pts` or `offset`;
 * * the distorted picture is rotated or mirrored: the text names the `videoflip` that corrects it;
 * * the pictures match at an offset beyond `search-range`, or at another one than `pts` or `offset` use: the text says
 *   what to set. Offsets of up to ten times `search-range` are detected, except in still or repetitive scenes.
 *
 * The last two explain the others, which are not posted in addition.
 *
 * ## Example pipelines
 *
 * Compare a transcode with its source and log every frame. Without a pad name, `distorted` is linked:
 *
 * |[
 * gst-launch-1.0 filesrc location=source.mp4 ! decodebin ! videoconvert ! queue ! c.reference \
 *   filesrc location=transcode.mp4 ! decodebin ! videoconvert ! queue \
 *   ! iqacompare name=c measures=psnr+ssim+ms-ssim ! iqalog location=scores.jsonl ! fakesink
 * ]|
 *
 * Measure an encoder, pairing frames by running time:
 *
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=300 ! tee name=t  t. ! c.reference \
 *   t. ! queue ! x264enc bitrate=300 ! avdec_h264 \
 *   ! iqacompare name=c alignment=pts ! iqalog location=- ! fakesink
 * ]|
 *
 * Compare a film with one high-quality picture of something else, using a reduced-reference model:
 *
 * |[
 * gst-launch-1.0 filesrc location=picture.png ! decodebin ! c.reference \
 *   filesrc location=film.mp4 ! decodebin ! queue \
 *   ! iqacompare name=c alignment=still model=/path/to/model.onnx ! iqalog location=- ! fakesink
 * ]|
 *
 * Since: plugins-onnxiqa-0.1.0
 */
use gst::glib;
use gst::prelude::*;

mod alignment_events;
mod budget;
mod category;
mod context;
mod counted_frame;
mod deadline;
mod differences;
mod events;
mod frames;
mod imp;
mod input;
mod output;
mod queries;
mod queues;
mod references;
mod session;
mod settings;
mod still;
mod streams;
mod task;
mod verdict;
mod wakeup;

glib::wrapper! {
    /// The `iqacompare` element.
    pub struct IqaCompare(ObjectSubclass<imp::IqaCompare>) @extends gst::Element, gst::Object;
}

/// Registers the element with the plugin.
///
/// # Errors
/// If GStreamer rejects the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    #[cfg(feature = "doc")]
    for own in [
        crate::scoring::measures::Measures::static_type(),
        settings::Alignment::static_type(),
        settings::OnUnmatched::static_type(),
        settings::Registration::static_type(),
        settings::Scale::static_type(),
    ] {
        own.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
    gst::Element::register(Some(plugin), "iqacompare", gst::Rank::NONE, IqaCompare::static_type())
}
