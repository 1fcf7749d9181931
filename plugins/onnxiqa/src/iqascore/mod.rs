// SPDX-License-Identifier: MPL-2.0

//! SECTION:element-iqascore
//!
//! Scores video frames by a no-reference quality model and passes them on untouched, each with its score as metadata
//! (`IqaMeta`) and, if asked, messages on the bus.
//!
//! A score goes from 0 (worst) to 100 (best). Which frames are scored is said by `interval` and `max-rate`; what
//! happens to a frame while it is scored by `mode`: with `every-frame` it waits for its own score and back-pressure
//! holds upstream, with `live` it is never held and carries the newest score that is finished.
//!
//! ## Latency
//! With `mode=every-frame` in a live pipeline, a frame leaves when it and those before it are scored, and up to
//! max(`queue-size`, `batch-size`) frames wait. The element reports that many frame durations (by the caps' frame rate)
//! as its latency: four at 25 frames a second are 160 ms, by which a sink with `sync=true` shows everything later.
//! Without a frame rate in the caps it reports none, and a sink drops what comes late: set a rate, or the pipeline's
//! `latency`. Where nothing is live no latency is reported or needed. `mode=live` adds none at all. If a live source
//! sends frames faster than they are scored, no latency is enough, and a warning says so.
//!
//! ## Windows and alarms
//! Once in each `window` of running time `iqa-window` is posted with the mean, the least value and the fifth percentile
//! of `alarm-field`, and `iqa-alarm` when that mean falls below `alarm-below` or rises above `alarm-above`, or has come
//! back by `alarm-hysteresis`. Where running time jumps back by more than a window (a camera that starts again), the
//! open window is reported as it is and another begins. Frames without a time stamp count, each by its duration, else
//! by the caps' frame rate, else as 1/25 s; windows of such frames have no `start` and no `end`. In `mode=live` a score
//! counts in the window that is open when it is finished. Where an alarm is set, each frame carries `alarm`: whether it
//! was raised as the frame left.
//!
//! ## Measures beside the model
//! `measures` are taken of every frame that is scored, in a thread of their own before the model has it: `cambi` says how
//! visible banding is (0 to 31, more is worse, see Tandon and others 2021; what libvmaf gives for the same frame), `motion`
//! how far the picture differs from the one measured before, `luma` its mean and standard deviation as `luma-mean` and
//! `luma-deviation` (all three 0 to 1, of full scale). With `model=none` they are all there is: frames that are measured
//! have the state `scored` and no `score`, and no ONNX Runtime is needed. `stats`, windows and alarms then look at the first
//! of `luma-mean`, `motion` and `cambi` that is measured, unless `alarm-field` says something else; for `cambi` set
//! `alarm-above`, and an `alarm-hysteresis` that fits, as 1. R'G'B' has no CAMBI, nor has a picture whose longer side has
//! less than 216 pixels: a warning says so. Thresholds of 8 bits are none for 10: the same slope has other steps.
//!
//! ## What becomes of the scores downstream
//! They stay with their frames, through converters, encoders and decoders alike: behind `x264enc ! h264parse !
//! avdec_h264` a frame still carries what was said of it *before* it was encoded. `scored-pts` is the time stamp of the
//! frame that was scored, which encoders may shift afterwards (`x264enc` does, and the segment with it: running times
//! stay). To score the decoded frames too, put another `iqascore` behind, which has an entry of its own; one of the same
//! name, in another bin, replaces the entry, and a warning says so.
//!
//! An element that copies frames, as `videorate` does, copies their entries as they are, with `state` and `age`: frames
//! whose entries have one `scored-pts` and one `latency` carry one score. Windows, alarms, `stats` and `iqa-summary` count
//! where scores are made, each once. `iqalog` counts each once, too, and writes a copy as `skipped` with its age;
//! `iqaoverlay` shows that age.
//!
//! ## Analytics metadata
//! With `analytics-meta=true`, each frame that carries a `score` also has a `GstAnalyticsClsMtd` of one class, for
//! elements that know nothing of this plugin: its quark is `iqa/score/<model>`, as `iqa/score/metaiqa`, and its level
//! score / 100. It is added to the `GstAnalyticsRelationMeta` that the frame has, or that gets one; of several with one
//! quark the last is the newest. It has no age: with `mode=live` or `interval` the level may be an older frame's, as
//! `IqaMeta` says. It survives encoders and decoders as `IqaMeta` does; `videocrop` and `videoflip` of 1.26 drop it, those
//! of 1.28 do not.
//!
//! It comes from GStreamer 1.26 on. The library, `libgstanalytics-1.0.so.0`, is opened as the element goes from READY
//! to PAUSED; where it is not there a warning says so, and frames carry `IqaMeta` alone.
//!
//! ## Warnings
//! Once each, with what to do: an `alarm-field` that the model does not have, or that no score has had; an alarm that
//! cannot clear; frames without time stamps under `max-rate`, `window` or an alarm; a live source that `every-frame`
//! cannot follow; raw values that never lie between the contract's worst and best; entries of another element of the
//! same name; interlaced pictures and foreign transfer functions; a stream that ends without a frame, or with nothing
//! but skipped ones.
//!
//! ## What is measured
//! Frames are read in the format in which they come, at its full depth; matrix and range are the caps'. What caps leave
//! out (a matrix, in `1:0:0:0`) takes GStreamer's default for such a video, which is logged. Alpha is not looked at. A
//! `GstVideoCropMeta` is honored: the picture is the rectangle that it leaves, which must begin where the format has a
//! chroma sample.
//!
//! Do not convert before scoring. A `videoconvert` that has nothing to do changes nothing, but one that is made to
//! convert to R'G'B' turns an 8-bit white into 253, which moves a score by about a point, and one that is made to lift 8
//! bits to 10 repeats bits, which is 53 dB away from the same picture. `jpegdec` drops every second chroma sample of a
//! 4:4:4 JPEG; `jpegparse ! avdec_mjpeg` keeps them.
//!
//! ## Example pipelines
//!
//! Every frame of a file, to a log:
//! ```bash
//! gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! iqascore ! \
//!     iqalog location=scores.jsonl ! fakesink
//! ```
//!
//! A camera that must not be held up, with an alarm on the bus when the picture is bad for two seconds:
//! ```bash
//! gst-launch-1.0 -m v4l2src ! videoconvert ! \
//!     iqascore mode=live max-rate=5/1 window=2000000000 alarm-below=40 ! autovideosink
//! ```
//!
//! Banding alone, without a model, with an alarm where it is seen:
//! ```bash
//! gst-launch-1.0 -m videotestsrc pattern=gradient num-buffers=50 ! video/x-raw,format=I420,width=640,height=360 ! \
//!     iqascore model=none measures=cambi alarm-above=5 alarm-hysteresis=1 ! fakesink
//! ```

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

pub use settings::{Measures, Mode};

glib::wrapper! {
    /// The element `iqascore`.
    pub struct IqaScore(ObjectSubclass<imp::IqaScore>) @extends gst::Element, gst::Object;
}

/// Registers the element.
///
/// # Errors
/// When the name is taken.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    Mode::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    Measures::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    crate::scoring::Provider::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    crate::scoring::OnError::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(Some(plugin), "iqascore", gst::Rank::NONE, IqaScore::static_type())
}
