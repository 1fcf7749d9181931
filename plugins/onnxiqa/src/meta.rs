// SPDX-License-Identifier: MPL-2.0

//! The custom meta `IqaMeta` that buffers carry.
//!
//! Its structure has one field per element that scored the frame, named after the element. The field's value is an
//! `iqa-score` structure. The meta has no tags, so converters, scalers and encoders copy it.

use crate::messages;
use gst::glib;
use gst::meta::CustomMeta;
use onnx_iqa::record::FrameRecord;

/// Name under which the meta is registered.
pub const NAME: &str = "IqaMeta";

/// Registers the meta unless it is already registered; GStreamer rejects a second registration with a critical warning.
pub fn register() {
    if !CustomMeta::is_registered(NAME) {
        CustomMeta::register(NAME, &[]);
    }
}

/// Attaches `entry` to the buffer under the name of `element`. Returns the previous entry of that name, if any.
///
/// # Errors
/// If GStreamer cannot add the meta, for example because it is not registered.
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

/// Returns the entries attached by upstream elements, with the element names.
pub fn entries(buffer: &gst::BufferRef) -> Vec<(String, gst::Structure)> {
    let Ok(meta) = CustomMeta::from_buffer(buffer, NAME) else { return Vec::new() };
    meta.structure()
        .iter()
        .filter_map(|(element, value)| Some((element.to_string(), value.get::<gst::Structure>().ok()?)))
        .collect()
}

/// Returns the entries as records, without quality maps.
pub fn records(buffer: &gst::BufferRef) -> Vec<(String, FrameRecord)> {
    entries(buffer).into_iter().map(|(element, entry)| (element, messages::frame_record(&entry, false))).collect()
}
