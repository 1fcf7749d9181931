// SPDX-License-Identifier: MPL-2.0

//! SECTION:element-iqacompare
//!
//! Compares the frames on `distorted` with those on `reference` and passes them on untouched, each with what was found
//! as metadata (`IqaMeta`): PSNR, SSIM, MS-SSIM, the score of a full-reference model, and which reference frame it was
//! compared with.
//!
//! ## Which frame is compared with which
//! `alignment=auto`, the default, finds one constant offset between the two streams from the pictures; `track` follows
//! drops, duplicates and drift; `pts` and `offset` go by running time alone. Every frame says its `pairing`, its
//! `offset` and how far that can be trusted. A frame without a trustworthy partner is `unmatched`, which enters no
//! statistics. The property `stats` is a ledger of all frames.
//!
//! Whenever the offset is found or changes, the pictures no longer agree, or the memory given by `max-bytes` runs out,
//! an element message `iqa-alignment` is posted:
//!
//! | field | type | |
//! |---|---|---|
//! | `event` | string | `found`, `changed`: the offset; `lost`: frames are unmatched until the pictures agree again; `shrunk`: the search window |
//! | `from`, `to` | int64 | the offset before, if there was one, and from now on, in nanoseconds, as in the frames' `offset` |
//! | `confidence` | double | of the offset, 0 to 1 |
//! | `window` | uint64 | how far the search still reaches, in nanoseconds |
//! | `pts`, `running-time` | uint64 | of the first distorted frame for which this holds, if that has a time stamp |
//!
//! ## What is measured
//! Frames are read in the format in which they come, at its full depth; matrix and range are the caps'. What caps leave
//! out (a matrix, in `1:0:0:0`) takes GStreamer's default for such a video, which is logged. Alpha is not looked at. A
//! `GstVideoCropMeta` is honored: the picture is the rectangle that it leaves, which must begin where the format has a
//! chroma sample.
//!
//! Do not convert before comparing. A `videoconvert` that has nothing to do changes nothing, but one that is made to
//! convert to R'G'B' turns an 8-bit white into 253, and one that is made to lift 8 bits to 10 repeats bits, which is
//! 53 dB away from the same picture. `jpegdec` drops every second chroma sample of a 4:4:4 JPEG;
//! `jpegparse ! avdec_mjpeg` keeps them.
//!
//! ## What is held, and for how long
//! A frame waits for its partner. In a pipeline that is not live it waits until the other stream has come that far, or
//! has ended; each side is held back as soon as a few of its frames are waiting. Only while the other side has nothing
//! at all, for longer than its frames are usually apart, and nothing else goes on, more are let in: so a branch that
//! holds frames back, as an encoder with look-ahead does behind a tee, needs no `queue` beside it. All that the element
//! holds, frames that are being looked at included, is at most `max-bytes` (and one frame a side), of which those that
//! wait may use three quarters. When that is used up the search window gives way first. If the other side still does
//! not deliver, a warning says which side is full, and what to do; if nothing has moved ten seconds later, an error.
//!
//! In a live pipeline a frame waits `latency` at most, after which it leaves with or without partner: a reference that
//! has died holds nothing up. `latency` follows from the alignment until it is set: `search-range` with `auto` and
//! `track`, 0 with `pts` and `offset`. Where one live branch comes later than the other, as through an encoder, set it
//! to at least the difference.
//!
//! ## Warnings
//! Once each, with what to do: display aspects that differ by more than 1 % (unless `registration` cuts bars off),
//! transfer functions of which one is PQ or HLG, 8 bits against more, stated matrices or ranges that differ, interlaced
//! pictures, an `alarm-field` that no measure or model has, an alarm that cannot clear, frames without time stamps
//! under `window` or an alarm, and entries of another element of the same name. At the end: a side without a frame, no
//! matched or no scored frame, more than 2 % of the frames without a pair. Windows and alarms are those of `iqascore`.
//!
//! ## Example pipelines
//!
//! A transcode against its source, every frame to a log; what is linked without naming a pad is the stream that goes
//! through:
//! ```bash
//! gst-launch-1.0 filesrc location=source.mp4 ! decodebin ! videoconvert ! queue ! c.reference \
//!   filesrc location=transcode.mp4 ! decodebin ! videoconvert ! queue \
//!   ! iqacompare name=c measures=psnr+ssim+ms-ssim ! iqalog location=scores.jsonl ! fakesink
//! ```
//!
//! What an encoder makes of a picture, frame by frame by running time:
//! ```bash
//! gst-launch-1.0 videotestsrc num-buffers=300 ! tee name=t  t. ! c.reference \
//!   t. ! queue ! x264enc bitrate=300 ! avdec_h264 \
//!   ! iqacompare name=c alignment=pts ! iqalog location=- ! fakesink
//! ```

use gst::glib;
use gst::prelude::*;

mod alignment_events;
mod budget;
mod category;
mod context;
mod deadline;
mod differences;
mod events;
mod frames;
mod imp;
mod input;
mod ledger;
mod output;
mod queries;
mod queues;
mod references;
mod session;
mod settings;
mod streams;
mod task;
mod verdict;
mod wakeup;

use crate::scoring::measures::Measures;
use settings::{Alignment, OnUnmatched, Registration, Scale};

glib::wrapper! {
    /// The element `iqacompare`.
    pub struct IqaCompare(ObjectSubclass<imp::IqaCompare>) @extends gst::Element, gst::Object;
}

/// Registers the element.
///
/// # Errors
/// When the name is taken.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    let types = [
        Alignment::static_type(),
        Measures::static_type(),
        OnUnmatched::static_type(),
        Registration::static_type(),
        Scale::static_type(),
    ];
    for own in types {
        own.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
    gst::Element::register(Some(plugin), "iqacompare", gst::Rank::NONE, IqaCompare::static_type())
}
