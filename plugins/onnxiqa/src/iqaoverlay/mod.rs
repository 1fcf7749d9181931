// SPDX-License-Identifier: MPL-2.0

/**
 * SECTION:element-iqaoverlay
 * @see_also: iqascore, iqacompare
 *
 * Draws the quality scores that frames carry on the picture.
 *
 * A box shows the newest score as a number, a rating (bad, poor, fair, good or excellent, one fifth of the scale each)
 * and a bar, its graph over the last 30 seconds, and other values: the measures of `iqacompare` and the attributes of a
 * model. Without a model, the main number is the first available of `vmaf`, `psnr-y`, `psnr`, `ms-ssim` and `ssim`,
 * labeled with its name; of these only `vmaf` has ratings. A quality map, as provided by the model `mt-irn`, is drawn
 * over the whole picture. While the alarm of a scoring element is raised, the picture has a striped border and the box
 * a label.
 *
 * A frame without a score of its own, because of `interval`, `max-rate` or `mode=live`, shows the last score and its
 * age; so does a frame duplicated by `videorate`. A score older than `stale-after` is drawn in gray and marked as
 * stale. `show` selects the parts that are drawn, `elements` the elements whose scores are drawn. All properties can
 * be changed while playing.
 *
 * ## What is modified
 *
 * Only the pixels under the overlay are modified. All other pixels, alpha and metadata are preserved in every format.
 * Boxes are aligned to chroma samples. Colors are converted according to the matrix and range in the caps, but not
 * according to the transfer function: on high dynamic range video the overlay is as bright as the format allows.
 *
 * If downstream supports overlay compositions, as many sinks do, frames are not modified: the overlay is attached as a
 * `GstVideoOverlayCompositionMeta` and the caps have the feature `meta:GstVideoOverlayComposition`. Downstream must
 * announce support in its caps and in its answer to the ALLOCATION query. Compositions attached by upstream are kept,
 * below the overlay.
 *
 * Formats whose samples are not separate bytes or little-endian words (v210, Y410, RGB10A2_LE and big-endian formats)
 * cannot be drawn on. If downstream does not support compositions either, a warning is posted and frames pass
 * unchanged.
 *
 * ## Performance
 *
 * The cost is proportional to the covered area: low for the box, one pass over the picture for a full quality map. Only
 * parts that have changed are rendered again. A frame whose memory is shared, for example by a `tee`, is copied before
 * it is drawn on. `cargo bench --bench iqaoverlay` measures this.
 *
 * ## Time
 *
 * Ages and the graph are based on running time. A flush resets everything, and a backward jump of running time by more
 * than one second resets the graph. After a forward jump the score is stale and the graph has a gap.
 *
 * ## Example pipelines
 *
 * Show the newest score of a camera on the picture:
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! iqascore mode=live max-rate=2/1 ! iqaoverlay ! autovideosink
 * ]|
 *
 * Show where the quality of a clip is low:
 *
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! iqascore model=mt-irn interval=25 ! \
 *     iqaoverlay map-opacity=0.6 ! videoconvert ! autovideosink
 * ]|
 *
 * Compare a transcode with its source and show the measures:
 *
 * |[
 * gst-launch-1.0 filesrc location=source.mp4 ! decodebin ! videoconvert ! c.reference \
 *     filesrc location=transcode.mp4 ! decodebin ! videoconvert ! c.distorted \
 *     iqacompare name=c measures=psnr+ssim+vmaf ! iqaoverlay position=bottom-right ! autovideosink
 * ]|
 *
 * Since: plugins-onnxiqa-0.2.0
 */
use gst::glib;
use gst::prelude::*;

mod composition;
mod drawing;
mod imp;
mod negotiation;
mod settings;

glib::wrapper! {
    /// The `iqaoverlay` element.
    pub struct IqaOverlay(ObjectSubclass<imp::IqaOverlay>) @extends gst::Element, gst::Object;
}

/// Registers the element with the plugin.
///
/// # Errors
/// If GStreamer rejects the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    #[cfg(feature = "doc")]
    for own in [settings::Position::static_type(), settings::Colormap::static_type(), settings::Show::static_type()] {
        own.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
    gst::Element::register(Some(plugin), "iqaoverlay", gst::Rank::NONE, IqaOverlay::static_type())
}
