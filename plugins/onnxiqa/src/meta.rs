// SPDX-License-Identifier: MPL-2.0

//! What a frame carries: the custom meta `IqaMeta`.
//!
//! Its structure holds one field per element that scored the frame, named after the element. The value is a
//! structure `iqa-score`. The meta has no tags, so converters, scalers and encoders copy it.

use crate::messages;
use gst::glib;
use gst::meta::CustomMeta;
use onnx_iqa::record::FrameRecord;

/// The name under which the meta is registered.
pub const NAME: &str = "IqaMeta";

/// Registers the meta, unless it is registered already: a second registration would be refused with a critical warning.
pub fn register() {
    if !CustomMeta::is_registered(NAME) {
        CustomMeta::register(NAME, &[]);
    }
}

/// Puts `entry` on the buffer as what `element` says of it; gives the entry of that name that was there before.
///
/// # Errors
/// When GStreamer cannot add the meta (it is not registered).
pub fn attach(
    buffer: &mut gst::BufferRef,
    element: &str,
    entry: gst::Structure,
) -> Result<Option<gst::Structure>, glib::BoolError> {
    if let Ok(mut meta) = CustomMeta::from_mut_buffer(buffer, NAME) {
        let structure = meta.mut_structure();
        let before = structure.get(element).ok();
        structure.set(element, entry);
        return Ok(before);
    }
    let mut meta = CustomMeta::add(buffer, NAME)?;
    meta.mut_structure().set(element, entry);
    Ok(None)
}

/// What the elements upstream say of the buffer: their names and entries.
pub fn entries(buffer: &gst::BufferRef) -> Vec<(String, gst::Structure)> {
    let Ok(meta) = CustomMeta::from_buffer(buffer, NAME) else { return Vec::new() };
    meta.structure()
        .iter()
        .filter_map(|(element, value)| Some((element.to_string(), value.get::<gst::Structure>().ok()?)))
        .collect()
}

/// The same as records, without the maps of quality.
pub fn records(buffer: &gst::BufferRef) -> Vec<(String, FrameRecord)> {
    entries(buffer).into_iter().map(|(element, entry)| (element, messages::frame_record(&entry, false))).collect()
}
