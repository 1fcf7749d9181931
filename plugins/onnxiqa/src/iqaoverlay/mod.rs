// SPDX-License-Identifier: MPL-2.0

//! SECTION:element-iqaoverlay
//! @see_also: iqascore, iqacompare
//!
//! Draws on the picture what elements upstream have found out about it, and passes the frames on.
//!
//! A box shows the newest score as a number, as a word (bad, poor, fair, good, excellent: a fifth of the scale each)
//! and as a place on a bar, its history over the last 30 seconds, and what else is known: the measures of `iqacompare`,
//! a model's attributes. Where no model scores, the first of `vmaf`, `psnr-y`, `psnr`, `ms-ssim` and `ssim` is the
//! large number, and its name stands above it; only `vmaf` has words. A model that gives a map of quality (`mt-irn`)
//! has it laid over the whole picture. While the alarm of a scoring element is raised (`alarm-below`, `alarm-above`),
//! the picture has a striped frame, and the box says so.
//!
//! A frame without a score of its own, by `interval`, `max-rate` or `mode=live`, is drawn with the last one and with
//! its age; one older than `stale-after` is gray and marked. So is a copy of a scored frame, by which `videorate` fills a
//! gap. `show` chooses parts, `elements` whose scores are drawn.
//! All properties may change while playing.
//!
//! ## What is changed
//! Nothing but the pixels under the drawing; those beside keep their bits, in every format, and so do alpha and metas.
//! Boxes begin and end at chroma samples; colors are made by the matrix and range that the caps state. The transfer
//! function is left as it is: on video of high dynamic range the drawing is as bright as the format goes.
//!
//! If downstream composites, as many sinks do, nothing at all is changed: the drawing is attached as a
//! `GstVideoOverlayCompositionMeta`, and the caps get the feature `meta:GstVideoOverlayComposition`. Downstream has to
//! say so both in its caps and in its answer to the ALLOCATION query. What others have attached stays, below.
//!
//! Formats whose samples are no bytes or little-endian words of their own (v210, Y410, RGB10A2_LE, the big-endian ones)
//! are not drawn on: there the drawing is attached, or a warning says once that downstream does not composite.
//!
//! ## Cost
//! It grows with the area that is covered: a box costs little, a map that covers all of the picture as much as its pixels.
//! Drawn anew is only what has changed. A frame whose memory others hold, a tee's other branch for instance, is copied
//! before it is drawn on. `cargo bench --bench iqaoverlay` measures.
//!
//! ## Time
//! Ages and the history go by running time. A flush forgets all, and where running time jumps back by more than a second
//! the history begins anew. Where it jumps ahead, the score becomes stale, and the curve has a gap of what is not known.
//!
//! ## Example pipelines
//!
//! A camera, with the newest score on the picture:
//! ```bash
//! gst-launch-1.0 v4l2src ! videoconvert ! iqascore mode=live max-rate=2/1 ! iqaoverlay ! autovideosink
//! ```
//!
//! Where a clip is bad:
//! ```bash
//! gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! iqascore model=mt-irn interval=25 ! \
//!     iqaoverlay map-opacity=0.6 ! videoconvert ! autovideosink
//! ```
//!
//! A transcode against its source, with the measures:
//! ```bash
//! gst-launch-1.0 filesrc location=source.mp4 ! decodebin ! videoconvert ! c.reference \
//!     filesrc location=transcode.mp4 ! decodebin ! videoconvert ! c.distorted \
//!     iqacompare name=c measures=psnr+ssim+vmaf ! iqaoverlay position=bottom-right ! autovideosink
//! ```
//!
//! Since: plugins-onnxiqa-0.1.0

use gst::glib;
use gst::prelude::*;

mod composition;
mod drawing;
mod imp;
mod negotiation;
mod settings;

use settings::{Colormap, Position, Show};

glib::wrapper! {
    /// The element `iqaoverlay`.
    pub struct IqaOverlay(ObjectSubclass<imp::IqaOverlay>) @extends gst::Element, gst::Object;
}

/// Registers the element.
///
/// # Errors
/// When the name is taken.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    for own in [Position::static_type(), Colormap::static_type(), Show::static_type()] {
        own.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
    gst::Element::register(Some(plugin), "iqaoverlay", gst::Rank::NONE, IqaOverlay::static_type())
}
