// SPDX-License-Identifier: MPL-2.0

//! Which areas correspond.

use super::letterbox::boxed;
use super::{LIMITED, assert_size};
use crate::align::space::{Registration, Scale, SpaceError, SpatialAligner};
use crate::picture::{Frame, PixelFormat, Rect};

/// The two crops for a pair of pictures of these sizes with content there.
fn crops(scale: Scale, reference: ([u32; 2], Rect), distorted: ([u32; 2], Rect)) -> Result<[Rect; 2], SpaceError> {
    let a = boxed(PixelFormat::I420, reference.0, reference.1, LIMITED, 1);
    let b = boxed(PixelFormat::I420, distorted.0, distorted.1, LIMITED, 2);
    let mut register = SpatialAligner::new(scale, Registration::Crop);
    let (a, b) = (a.picture().unwrap(), b.picture().unwrap());
    let aligned = register.align(&a, &b)?;
    let kept = if scale == Scale::ToDistorted { aligned.distorted_crop } else { aligned.reference_crop };
    assert_size(&aligned, [kept.width, kept.height]);
    Ok([aligned.reference_crop, aligned.distorted_crop])
}

const fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect { x, y, width, height }
}

#[test]
fn equal_bars_are_cut_from_both() {
    let content = rect(0, 40, 320, 160);
    let found = crops(Scale::None, ([320, 240], content), ([320, 240], content)).unwrap();
    assert_eq!(found, [content, content]);
    let whole = Rect::whole(320, 240);
    assert_eq!(crops(Scale::None, ([320, 240], whole), ([320, 240], whole)).unwrap(), [whole, whole]);
}

#[test]
fn nearly_equal_bars_make_equal_rectangles() {
    // Edges that were blurred into the bars, and one in the content.
    let found = crops(Scale::None, ([320, 240], rect(0, 40, 320, 160)), ([320, 240], rect(0, 37, 320, 161))).unwrap();
    assert_eq!(found, [rect(0, 40, 320, 158); 2]);
    // A picture moved to the right and down, with black where there is none.
    let found = crops(Scale::None, ([640, 480], Rect::whole(640, 480)), ([640, 480], rect(16, 9, 624, 471))).unwrap();
    assert_eq!(found, [rect(16, 10, 624, 470); 2]);
}

#[test]
fn bars_on_one_side_are_cut_from_it() {
    // The same film, once with bars and once without.
    let found = crops(Scale::None, ([320, 240], rect(0, 40, 320, 160)), ([320, 160], Rect::whole(320, 160))).unwrap();
    assert_eq!(found, [rect(0, 40, 320, 160), Rect::whole(320, 160)]);
    // A row or two that the codec has darkened.
    let found = crops(Scale::None, ([320, 240], rect(0, 42, 320, 158)), ([320, 160], Rect::whole(320, 160))).unwrap();
    assert_eq!(found, [rect(0, 42, 320, 158), rect(0, 0, 320, 158)]);
    // With scaling.
    let found = crops(Scale::ToReference, ([640, 360], Rect::whole(640, 360)), ([320, 240], rect(0, 30, 320, 180)));
    assert_eq!(found.unwrap(), [Rect::whole(640, 360), rect(0, 30, 320, 180)]);
    let found = crops(Scale::ToDistorted, ([640, 480], rect(0, 60, 640, 360)), ([320, 180], Rect::whole(320, 180)));
    assert_eq!(found.unwrap(), [rect(0, 60, 640, 360), Rect::whole(320, 180)]);
    // Zoomed out, in a picture of the same size.
    let found = crops(Scale::ToReference, ([320, 240], Rect::whole(320, 240)), ([320, 240], rect(40, 30, 240, 180)));
    assert_eq!(found.unwrap(), [Rect::whole(320, 240), rect(40, 30, 240, 180)]);
}

#[test]
fn a_blanked_picture_is_compared_where_it_is_not() {
    let found = crops(Scale::None, ([320, 240], Rect::whole(320, 240)), ([320, 240], rect(0, 40, 320, 160))).unwrap();
    assert_eq!(found, [rect(0, 40, 320, 160); 2]);
}

#[test]
fn a_ladder_keeps_the_places_of_its_source() {
    // 92 · 1.5 = 138; found a pixel off in the smaller one.
    let found = crops(Scale::ToReference, ([960, 540], rect(0, 70, 960, 400)), ([640, 360], rect(0, 47, 640, 266)));
    let [reference, distorted] = found.unwrap();
    // 48 · 1.5 = 72, and 312 · 1.5 = 468.
    assert_eq!((reference, distorted), (rect(0, 72, 960, 396), rect(0, 48, 640, 264)));
}

#[test]
fn contents_that_differ_in_size_are_an_error_without_scaling() {
    let error = crops(Scale::None, ([320, 240], rect(0, 40, 320, 160)), ([640, 320], Rect::whole(640, 320)));
    let error = error.unwrap_err();
    assert_eq!(error, SpaceError::Sizes { reference: [320, 160], distorted: [640, 320], cropped: true });
    assert!(error.to_string().contains("without their black bars"), "{error}");
}

#[test]
fn bars_are_left_alone_unless_asked_for() {
    let content = rect(0, 40, 320, 160);
    let frame = boxed(PixelFormat::I420, [320, 240], content, LIMITED, 1);
    let picture = frame.picture().unwrap();
    let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
    assert_size(&register.align(&picture, &picture).unwrap(), [320, 240]);
}
