// SPDX-License-Identifier: MPL-2.0

//! Composition by downstream.

use super::*;
use gst_video::{VideoOverlayComposition, VideoOverlayCompositionMeta};

const FEATURE: &str = "meta:GstVideoOverlayComposition";

/// Downstream accepts compositions: by its caps and, if `in_allocation`, in its answer to ALLOCATION.
fn offer(harness: &ElementHarness, in_allocation: bool) {
    harness.answer_below(move |query| match query.view_mut() {
        gst::QueryViewMut::Allocation(query) => {
            if in_allocation {
                query.add_allocation_meta::<VideoOverlayCompositionMeta>(None);
            }
            Some(true)
        }
        _ => None,
    });
}

fn has_feature(harness: &ElementHarness) -> bool {
    let caps = harness.sink.current_caps().unwrap();
    assert_eq!(caps.structure(0).unwrap().get::<i32>("width"), Ok(320), "{caps}");
    caps.features(0).is_some_and(|features| features.contains(FEATURE))
}

fn rectangles(buffer: &gst::BufferRef) -> Vec<(i32, i32, u32, u32)> {
    let meta = buffer.meta::<VideoOverlayCompositionMeta>();
    meta.iter().flat_map(|meta| meta.overlay().iter()).map(|rectangle| rectangle.render_rectangle()).collect()
}

#[test]
fn pixels_are_unchanged_if_downstream_composites() {
    let harness = ElementHarness::new(iqaoverlay().build().unwrap());
    offer(&harness, true);
    harness.start(LARGE);
    assert!(has_feature(&harness));
    for n in 0..3 {
        harness.push(if n < 2 { with(frame(n), &scored(72.4)) } else { frame(n) }).unwrap();
    }
    let frames = harness.frames(3);
    for buffer in &frames {
        assert_eq!(drawn(buffer), 0);
        let [(x, y, width, height)] = rectangles(buffer)[..] else { panic!("{:?}", rectangles(buffer)) };
        assert!(x >= 0 && y >= 0 && x as u32 + width < 320 && y as u32 + height < 240);
    }
    // The first frame has no history to draw yet. If nothing has changed since, it is the same rectangle, which a sink
    // uploads only once.
    let seqnum = |index: usize| {
        let meta = frames[index].meta::<VideoOverlayCompositionMeta>().unwrap();
        meta.overlay().rectangle(0).unwrap().seqnum()
    };
    assert_ne!(seqnum(0), seqnum(1));
    assert_eq!(seqnum(1), seqnum(2));
}

#[test]
fn composition_by_gstreamer_equals_drawing() {
    // Without a matrix in between, and without a fourth byte, which GStreamer treats as alpha even in BGRx.
    let caps = LARGE.replace("GRAY8", "RGB");
    let first = |composites: bool| {
        let harness = ElementHarness::new(iqaoverlay().build().unwrap());
        if composites {
            offer(&harness, true);
        }
        harness.start(&caps);
        harness.push(with(bytes(0, vec![128; 320 * 240 * 3]), &scored(72.4))).unwrap();
        harness.frames(1).remove(0)
    };
    let (ours, mut theirs) = (first(false), first(true).copy_deep().unwrap());
    let composition = theirs.meta::<VideoOverlayCompositionMeta>().unwrap().overlay_owned();
    let info = gst_video::VideoInfo::from_caps(&caps.parse::<gst::Caps>().unwrap()).unwrap();
    let fields = theirs.get_mut().unwrap();
    let mut target = gst_video::VideoFrameRef::from_buffer_ref_writable(fields, &info).unwrap();
    composition.blend(&mut target).unwrap();
    drop(target);
    assert!(drawn(&ours) > 3000);
    for (place, (one, two)) in data(&ours).into_iter().zip(data(&theirs)).enumerate().filter(|(place, _)| place % 4 < 3)
    {
        assert!(one.abs_diff(two) <= 2, "byte {place}: {one} and {two}");
    }
}

#[test]
fn support_must_also_be_in_the_answer_to_allocation() {
    let harness = ElementHarness::new(iqaoverlay().build().unwrap());
    offer(&harness, false);
    harness.start(LARGE);
    harness.push(with(frame(0), &scored(72.4))).unwrap();
    let out = harness.frames(1).remove(0);
    assert!(!has_feature(&harness) && rectangles(&out).is_empty() && drawn(&out) > 1000);
}

#[test]
fn formats_that_cannot_be_drawn_on_are_composited() {
    for format in ["v210", "Y410", "I420_10BE"] {
        let harness = ElementHarness::new(iqaoverlay().build().unwrap());
        offer(&harness, true);
        harness.start(&LARGE.replace("GRAY8", format));
        harness.push(with(bytes(0, vec![128; 320 * 240 * 4]), &scored(72.4))).unwrap();
        let out = harness.frames(1).remove(0);
        assert_eq!((rectangles(&out).len(), drawn(&out)), (1, 0), "{format}");
        assert!(harness.warnings().is_empty());
    }
}

#[test]
fn upstreams_rectangles_stay_below() {
    for features in [FEATURE.to_owned(), format!("memory:SystemMemory, {FEATURE}")] {
        check_upstreams(&LARGE.replace("video/x-raw", &format!("video/x-raw({features})")));
    }
}

fn check_upstreams(caps: &str) {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), caps);
    assert!(has_feature(&harness));
    let mut picture = gst::Buffer::from_mut_slice(vec![255u8; 4 * 4 * 4]);
    let (flags, format) = (gst_video::VideoFrameFlags::empty(), gst_video::VideoFormat::Bgra);
    gst_video::VideoMeta::add(picture.get_mut().unwrap(), flags, format, 4, 4).unwrap();
    let rectangle =
        gst_video::VideoOverlayRectangle::new_raw(&picture, 7, 8, 4, 4, gst_video::VideoOverlayFormatFlags::empty());
    let upstream = VideoOverlayComposition::new([&rectangle]).unwrap();
    let mut buffer = with(frame(0), &scored(72.4));
    VideoOverlayCompositionMeta::add(buffer.make_mut(), &upstream);
    harness.push(buffer).unwrap();
    let found = rectangles(&harness.frames(1)[0]);
    assert_eq!((found.len(), found[0]), (2, (7, 8, 4, 4)));
    assert_eq!(upstream.n_rectangles(), 1, "upstream's own is not changed");
}

#[test]
fn the_compositing_side_may_change_while_playing() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    harness.push(with(frame(0), &scored(72.4))).unwrap();
    offer(&harness, true);
    harness.sink.push_event(gst::event::Reconfigure::new());
    harness.push(with(frame(1), &scored(72.4))).unwrap();
    let out = harness.frames(2);
    assert!(drawn(&out[0]) > 1000 && rectangles(&out[0]).is_empty());
    assert!(drawn(&out[1]) == 0 && rectangles(&out[1]).len() == 1);
}
