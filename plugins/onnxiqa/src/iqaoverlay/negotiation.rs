// SPDX-License-Identifier: MPL-2.0

//! Negotiates who blends: downstream, if both its caps and its ALLOCATION answer offer it, otherwise this element.

use crate::video_frame;
use gst::prelude::*;
use gst_video::{CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION as FEATURE, VideoOverlayCompositionMeta};

/// Template caps: every format supported by the scoring elements, with and without a composition.
pub fn template_caps() -> gst::Caps {
    both(&video_frame::template_caps())
}

/// The caps, and the same caps with a composition.
fn both(caps: &gst::CapsRef) -> gst::Caps {
    let mut all = caps.to_owned();
    all.merge(with(caps));
    // Caps of some elements do not mention system memory, which is equivalent.
    all.merge(changed(&with(caps), |features| features.remove(gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY)));
    all
}

/// Adds the composition feature to the caps.
fn with(caps: &gst::CapsRef) -> gst::Caps {
    changed(caps, |features| features.add(FEATURE))
}

/// Removes the composition feature from the caps.
fn without(caps: &gst::CapsRef) -> gst::Caps {
    changed(caps, |features| features.remove(FEATURE))
}

fn changed(caps: &gst::CapsRef, change: impl Fn(&mut gst::CapsFeaturesRef)) -> gst::Caps {
    let mut made = caps.to_owned();
    let caps = made.make_mut();
    for index in 0..caps.size() {
        if let Some(features) = caps.features_mut(index).filter(|features| !features.is_any()) {
            change(features);
        }
    }
    made
}

/// Whether frames of these caps may carry a composition.
pub fn has_composition(caps: &gst::CapsRef) -> bool {
    caps.features(0).is_some_and(|features| features.contains(FEATURE))
}

/// Sets the source pad's caps for input `caps`; returns whether downstream blends.
///
/// # Errors
/// If downstream refuses the caps.
pub fn negotiate(src_pad: &gst::Pad, caps: &gst::Caps) -> Result<bool, gst::FlowError> {
    if has_composition(caps) {
        return push(src_pad, caps).map(|()| true);
    }
    let composed = with(caps);
    if src_pad.peer_query_caps(Some(&composed)).can_intersect(&composed) && src_pad.peer_query_accept_caps(&composed) {
        // Transform elements downstream answer ALLOCATION only once they have caps.
        push(src_pad, &composed)?;
        let mut query = gst::query::Allocation::new(Some(&composed), false);
        let answered = src_pad.peer_query(&mut query);
        if answered && query.find_allocation_meta::<VideoOverlayCompositionMeta>().is_some() {
            return Ok(true);
        }
    }
    push(src_pad, caps).map(|()| false)
}

fn push(src_pad: &gst::Pad, caps: &gst::Caps) -> Result<(), gst::FlowError> {
    if src_pad.current_caps().is_some_and(|current| current == *caps) || src_pad.push_event(gst::event::Caps::new(caps))
    {
        return Ok(());
    }
    // A flushing peer refuses everything.
    let flushing = src_pad.pad_flags().contains(gst::PadFlags::FLUSHING);
    Err(if flushing { gst::FlowError::Flushing } else { gst::FlowError::NotNegotiated })
}

/// Caps accepted on the sink pad: those downstream accepts with or without a composition.
pub fn sink_caps(src_pad: &gst::Pad, filter: Option<&gst::CapsRef>) -> gst::Caps {
    let downstream = src_pad.peer_query_caps(None);
    let mut taken = downstream.clone();
    taken.merge(without(&downstream));
    restricted(&taken, filter)
}

/// Caps offered on the source pad: those upstream offers, with and without a composition.
pub fn src_caps(sink_pad: &gst::Pad, filter: Option<&gst::CapsRef>) -> gst::Caps {
    let upstream = sink_pad.peer_query_caps(None);
    let mut given = upstream.clone();
    given.merge(with(&upstream));
    restricted(&given, filter)
}

fn restricted(caps: &gst::Caps, filter: Option<&gst::CapsRef>) -> gst::Caps {
    let caps = caps.intersect_with_mode(&template_caps(), gst::CapsIntersectMode::First);
    match filter {
        Some(filter) => filter.intersect_with_mode(&caps, gst::CapsIntersectMode::First),
        None => caps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composition_comes_and_goes() {
        gst::init().expect("GStreamer");
        let plain = "video/x-raw,format=I420".parse::<gst::Caps>().expect("caps");
        let composed = with(&plain);
        assert_eq!([has_composition(&plain), has_composition(&composed)], [false, true]);
        assert_eq!(without(&composed), plain);
        assert!(plain.is_subset(&both(&plain)) && composed.is_subset(&both(&plain)));
        let any = gst::Caps::new_any();
        assert!(with(&any).is_any() && without(&any).is_any());
    }
}
