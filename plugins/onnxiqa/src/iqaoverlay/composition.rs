// SPDX-License-Identifier: MPL-2.0

//! The drawing as a `GstVideoOverlayComposition`, if downstream blends it.

use gst_video::{VideoFormat, VideoFrameFlags, VideoMeta, VideoOverlayFormatFlags};
use gst_video::{VideoOverlayComposition, VideoOverlayCompositionMeta, VideoOverlayRectangle};
use onnx_iqa::overlay::Layer;

/// Rectangles of the layers, recreated when a layer changes.
#[derive(Debug, Default)]
pub struct Rectangles {
    serials: Vec<u64>,
    origin: [u32; 2],
    made: Vec<VideoOverlayRectangle>,
    alone: Option<VideoOverlayComposition>,
}

impl Rectangles {
    /// Attaches the layers to the buffer, above rectangles attached by upstream. `origin` is the top left corner of the
    /// visible picture.
    ///
    /// # Errors
    /// An error text, if GStreamer rejects a rectangle.
    pub fn attach(&mut self, buffer: &mut gst::BufferRef, layers: &[Layer], origin: [u32; 2]) -> Result<(), String> {
        if origin != self.origin || !self.serials.iter().eq(layers.iter().map(|layer| &layer.serial)) {
            self.made = layers.iter().map(|layer| rectangle(layer, origin)).collect::<Result<_, _>>()?;
            self.alone = Some(VideoOverlayComposition::new(&self.made).map_err(|error| error.to_string())?);
            (self.serials, self.origin) = (layers.iter().map(|layer| layer.serial).collect(), origin);
        }
        if let Some(mut meta) = buffer.meta_mut::<VideoOverlayCompositionMeta>() {
            let below: Vec<_> = meta.overlay().iter().collect();
            let both =
                VideoOverlayComposition::new(below.iter().chain(&self.made)).map_err(|error| error.to_string())?;
            meta.set_overlay(&both);
        } else if let Some(composition) = &self.alone {
            VideoOverlayCompositionMeta::add(buffer, composition);
        }
        Ok(())
    }
}

/// Converts a layer to a rectangle of the frame.
fn rectangle(layer: &Layer, origin: [u32; 2]) -> Result<VideoOverlayRectangle, String> {
    let canvas = &layer.canvas;
    // GStreamer's composition format on little-endian machines: B, G, R, A.
    let bytes: Vec<u8> = canvas.pixels().iter().flat_map(|&[r, g, b, a]| [b, g, r, a]).collect();
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    let fields = buffer.get_mut().ok_or("a new buffer is not writable")?;
    VideoMeta::add(fields, VideoFrameFlags::empty(), VideoFormat::Bgra, canvas.width(), canvas.height())
        .map_err(|error| error.to_string())?;
    let place = |from: u32, to: u32| i32::try_from(from.saturating_add(to)).map_err(|error| error.to_string());
    let (x, y) = (place(layer.rect.x, origin[0])?, place(layer.rect.y, origin[1])?);
    let (width, height, flags) = (layer.rect.width, layer.rect.height, VideoOverlayFormatFlags::empty());
    Ok(VideoOverlayRectangle::new_raw(&buffer, x, y, width, height, flags))
}
