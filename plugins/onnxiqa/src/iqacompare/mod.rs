// SPDX-License-Identifier: MPL-2.0

//! SECTION:element-iqacompare
//!
//! Compares the frames on `distorted` with those on `reference` and passes them on untouched, each with what was found
//! as metadata (`IqaMeta`): PSNR, SSIM, MS-SSIM, VMAF, the score of a full-reference model, and which reference frame it was
//! compared with.
//!
//! ## Which frame is compared with which
//! `alignment=auto`, the default, goes by running time unless the pictures show another offset, drops, repeats, jumps
//! or drift; `track` goes by the pictures alone; `pts` and `offset` go by running time alone. Every frame says its
//! `pairing`, its `offset`, how far that can be trusted (`confidence`) and what it rests on (`evidence`). A frame
//! without a trustworthy partner is `unmatched`, which enters no statistics. The property `stats` is a ledger of all
//! frames.
//!
//! With `pts` and `offset` the pictures decide nothing, but are asked all the same: where they tell the partner from
//! the frames beside it, `evidence` is `picture` and the confidence at least 0.9; where they do not, as in a still,
//! `time` and 0.4; where they contradict the pair, since the partner shows something else or a frame beside it shows
//! the same, `time` and at most 0.1. If that is so of most pairs, the `verdict` of `iqa-summary` is `not-aligned`.
//!
//! Times match to within half a reference frame: by its duration, or the frame rate of the caps. Where that is far
//! below the distance of the frames, caps state a time base (24000/1) and not a frame rate, and the usual distance
//! counts.
//!
//! `alignment=still` is for reduced-reference models, whose reference may show something else, or be one picture: the
//! last reference picture whose running time is not later than the frame's plus `offset` stands for the frame, before it
//! the first. Every frame is `matched`, with confidence 1; pictures are not looked at, no measures are taken, nothing is
//! scaled or registered, and each picture goes to the model in its own size. In the ledger a reference counts as
//! `matched` with the first frame that it stands for, and the frames after that as `duplicate`. A picture stands on after
//! the reference has ended, and after a seek or a new stream of `distorted` that brings no other picture (the
//! ledger then counts it once more). With another alignment a reduced-reference model is an error; a full-reference model with `still` is warned of.
//!
//! Whenever the offset is found or changes, the pictures no longer agree, nothing is matched, or the memory given by
//! `max-bytes` runs out, an element message `iqa-alignment` is posted:
//!
//! | field | type | |
//! |---|---|---|
//! | `event` | string | `found`, `changed`: the offset; `lost`: frames are unmatched until the pictures agree again; `not-found`: no two frames belong together so far; `shrunk`: the search window |
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
//! `jpegparse ! avdec_mjpeg` keeps them. `videoconvert` down to 8 bits cuts samples off, whatever `dither` says;
//! `jpegenc` stores limited-range samples as they are (put `videoconvert ! video/x-raw,colorimetry=1:4:0:0` before it);
//! `pngdec` announces a PNG of high dynamic range as sRGB; `avdec_h264` adds the film grain that an SEI describes and
//! `openh264dec` does not (GStreamer 1.22.0 and 1.28.8). R'G'B' in AV1, which `av1dec` gives as `Y444` with an RGB
//! matrix, is read as `GBR`. YCgCo, ICtCp and constant luminance have no name in caps and are taken for the default.
//!
//! Where one side is R'G'B' and the other Y'CbCr or gray, the R'G'B' side is converted once, to the other's matrix, range
//! and at least its depth; the other stays as it is.
//!
//! ## Which pairs a model scores
//! All, unless `interval` or `max-rate` say less: one pair in so many, and at most so many a second of stream time. Only frames
//! with a partner have a turn. A pair without one has the state `skipped`, its measures, and no score; it counts among
//! `skipped`, and its measures count in the pools. Without a model both do nothing: measures are taken of every pair.
//!
//! ## A ladder
//! Elements whose `reference` is given the same memory, as by a `tee`, compute VIF's and motion's half of VMAF, MS-SSIM's smaller scales
//! and a model's reference branch once, whatever their other settings, and hold that as long as one of them needs it: of up
//! to eight frames and 192 MiB in all. The values are those of one element alone. Nothing is to be set. Frames that upstream
//! must have back (of a pool that cannot grow) are copied by each element, and shared by none. A rung that is
//! two frames ahead of another waits for it, up to 100 ms; if that was in vain, not again for two seconds.
//!
//! ## VMAF
//! `measures=vmaf` is what libvmaf's features and the model of `vmaf-model` give for the pairs in their order: motion
//! is taken from a pair's reference frame to the next pair's, whatever was dropped between them. A frame waits for the
//! next pair (the first one, with a model for high frame rates, `hfr`, for the next two), the last one for the end; a
//! flush, a seek or another size begins another sequence. Frames without a partner that come between two pairs wait
//! too; in a live pipeline, and where `max-bytes` is used up, the frame then goes without `vmaf`, which a warning says.
//! `iqa-summary` and logs name the model as `vmaf-model`. The 4K model is used only where it is asked for. Pictures of
//! less than 33 pixels a side, R'G'B' and samples of more than 12 bits have no VMAF; a warning says why.
//!
//! VMAF 1 (`vmaf_v1.0.16_…`) also looks at chroma and at banding: pictures have to be Y'CbCr, with at least 80 chroma
//! samples a side (160 pixels of 4:2:0; 5d0h 266, 3d0h_2160 318). Its scores do not compare with those of v0.6.1, in
//! neither direction and by no formula: even the order of two renditions may be another one, after sharpening above
//! all. So thresholds have to be found anew, and for one depth: the same picture in 8 bits and lifted to 10 scores
//! differently, for banding does.
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
//! `track`, 0 otherwise. Where one live branch comes later than the other, as through an encoder, set it
//! to at least the difference. With the measure `vmaf` a frame's duration is added to what the element reports, two frames'
//! with a model for high frame rates.
//!
//! ## What becomes of the numbers downstream
//! As with `iqascore`: they stay with their frames, through encoders and decoders too, and what copies frames copies
//! them. `analytics-meta=true` puts the score of a `model` into GStreamer's own analytics metadata, as the level of the
//! class `iqa/score/<model>`; measures are no model's scores and have no class, whatever `alarm-field` says. Without a
//! model it adds nothing, which a warning says.
//!
//! ## Warnings
//! Once each, with what to do: display aspects that differ by more than 1 % (unless `registration` cuts bars off),
//! transfer functions of which one is PQ or HLG, 8 bits against more, stated matrices or ranges that differ, interlaced
//! pictures, an `alarm-field` that no measure or model has, an alarm that cannot clear, frames without time stamps
//! under `max-rate`, `window` or an alarm, and entries of another element of the same name. At the end: a side without a frame, no
//! scored frame.
//!
//! At the first sign and, if it holds, at the end:
//!
//! * no frame of a hundred is matched;
//! * more than 2 % of the frames are without a pair;
//! * the pictures contradict most pairs that `pts` or `offset` have made;
//! * the distorted picture is turned or mirrored: the text names the `videoflip` that puts it upright;
//! * the pictures agree at an offset beyond `search-range`, or at another one than `pts` or `offset` take: the text
//!   says what to set. Offsets up to ten times `search-range` are found, where scenes are not still and do not repeat.
//!
//! Of the last two, which are causes, nothing else is said that follows from them. Windows and alarms are those of
//! `iqascore`.
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
//!
//! Frames of a film against one picture of good quality that shows something else, by a reduced-reference model:
//! ```bash
//! gst-launch-1.0 filesrc location=picture.png ! decodebin ! c.reference \
//!   filesrc location=film.mp4 ! decodebin ! queue \
//!   ! iqacompare name=c alignment=still model=/path/to/model.onnx ! iqalog location=- ! fakesink
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
