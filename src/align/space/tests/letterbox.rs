// SPDX-License-Identifier: MPL-2.0

//! Bars where they were put, and none where there are none.

use super::LIMITED;
use super::scenes::{Random, frame};
use crate::align::space::Letterbox;
use crate::picture::{Colorimetry, Frame, OwnedFrame, PixelFormat, Range, Rect};

/// Texture inside `content`, black outside, everything with coding noise of ±1.5 codes.
pub fn boxed(format: PixelFormat, size: [u32; 2], content: Rect, colorimetry: Colorimetry, seed: u64) -> OwnedFrame {
    let mut random = Random(seed);
    let depth = format.components()[0].depth;
    let unit = f64::from(1u32 << (depth - 8));
    let black = if colorimetry.range == Range::Limited { 16.0 } else { 0.0 };
    frame(format, size, colorimetry, |index, x, y| {
        let c = format.components()[index];
        let (x, y) = (x << c.sub_x, y << c.sub_y);
        let inside = (content.x..content.right()).contains(&x) && (content.y..content.bottom()).contains(&y);
        let chroma = format.family() == crate::picture::Family::Yuv && index > 0;
        let value = match (inside, chroma) {
            (_, true) => 128.0,
            (true, false) => 90.0 + 70.0 * (f64::from(x) / 9.0).sin() * (f64::from(y) / 7.0).cos(),
            (false, false) => black,
        };
        (value + 0.75 * random.normal().clamp(-2.0, 2.0)) * unit
    })
}

fn update(bars: &mut Letterbox, frame: &OwnedFrame) -> Rect {
    bars.update(&frame.picture().unwrap())
}

#[test]
fn bars_are_found_in_every_format_and_range() {
    let size = [200, 120];
    for content in [
        Rect { x: 0, y: 16, width: 200, height: 88 },
        Rect { x: 24, y: 0, width: 152, height: 120 },
        Rect { x: 20, y: 12, width: 160, height: 100 },
        Rect { x: 0, y: 0, width: 200, height: 120 },
        Rect { x: 0, y: 0, width: 192, height: 120 },
    ] {
        for &format in PixelFormat::ALL {
            for range in [Range::Limited, Range::Full] {
                let colorimetry = Colorimetry { range, ..LIMITED };
                let found = update(&mut Letterbox::new(), &boxed(format, size, content, colorimetry, 3));
                assert_eq!(found, content, "{format} {range:?}");
            }
        }
    }
}

#[test]
fn odd_edges_are_moved_into_the_content() {
    let content = Rect { x: 21, y: 13, width: 159, height: 100 };
    let found = update(&mut Letterbox::new(), &boxed(PixelFormat::I420, [200, 120], content, LIMITED, 5));
    assert_eq!(found, Rect { x: 22, y: 14, width: 158, height: 98 });
    // At the border of a picture of odd size there is nothing to move.
    let content = Rect { x: 0, y: 13, width: 201, height: 108 };
    let found = update(&mut Letterbox::new(), &boxed(PixelFormat::I420, [201, 121], content, LIMITED, 5));
    assert_eq!(found, Rect { x: 0, y: 14, width: 201, height: 107 });
}

#[test]
fn darkness_says_nothing_and_what_was_seen_stays_seen() {
    let size = [160, 120];
    let dark = boxed(PixelFormat::I420, size, Rect::whole(0, 0), LIMITED, 1);
    let mut bars = Letterbox::new();
    assert_eq!((update(&mut bars, &dark), bars.content()), (Rect::whole(160, 120), None));
    let narrow = Rect { x: 0, y: 20, width: 160, height: 80 };
    assert_eq!(update(&mut bars, &boxed(PixelFormat::I420, size, narrow, LIMITED, 2)), narrow);
    assert_eq!((update(&mut bars, &dark), bars.content()), (narrow, Some(narrow)));
    // A wider scene, and back.
    let wide = Rect { x: 0, y: 8, width: 160, height: 96 };
    let both = Rect { x: 0, y: 8, width: 160, height: 96 };
    assert_eq!(update(&mut bars, &boxed(PixelFormat::I420, size, wide, LIMITED, 3)), both);
    assert_eq!(update(&mut bars, &boxed(PixelFormat::I420, size, narrow, LIMITED, 4)), both);
    // Another size is another stream.
    let content = Rect { x: 0, y: 40, width: 320, height: 160 };
    assert_eq!(update(&mut bars, &boxed(PixelFormat::I420, [320, 240], content, LIMITED, 5)), content);
}

#[test]
fn a_subtitle_in_a_bar_takes_its_rows_from_it() {
    let size = [320, 240];
    let content = Rect { x: 0, y: 40, width: 320, height: 160 };
    let mut bars = Letterbox::new();
    assert_eq!(update(&mut bars, &boxed(PixelFormat::Nv12, size, content, LIMITED, 1)), content);
    let mut subtitle = boxed(PixelFormat::Nv12, size, content, LIMITED, 2);
    let (luma, stride) = &mut subtitle.planes[0];
    for y in 210..222 {
        // Strokes, two pixels of four.
        (140..180).filter(|x| x % 4 < 2).for_each(|x| luma[y * *stride + x] = 235);
    }
    assert_eq!(update(&mut bars, &subtitle), Rect { height: 182, ..content });
    assert_eq!(
        update(&mut bars, &boxed(PixelFormat::Nv12, size, content, LIMITED, 3)),
        Rect { height: 182, ..content }
    );
}

#[test]
fn a_title_on_black_is_no_small_picture() {
    let size = [320, 240];
    let mut title = boxed(PixelFormat::I420, size, Rect::whole(0, 0), LIMITED, 1);
    let (luma, stride) = &mut title.planes[0];
    for y in 100..140 {
        // Letters: strokes that are nowhere a wide edge.
        (80..240).filter(|x| (x / 4 + y / 8) % 5 == 0).for_each(|x| luma[y * *stride + x] = 200);
    }
    let mut bars = Letterbox::new();
    assert_eq!(update(&mut bars, &title), Rect::whole(320, 240));
    let content = Rect { x: 0, y: 30, width: 320, height: 180 };
    assert_eq!(update(&mut bars, &boxed(PixelFormat::I420, size, content, LIMITED, 2)), content);
    // A small thing is none either, however sharp its edges.
    let thing = Rect { x: 140, y: 100, width: 40, height: 40 };
    let found = update(&mut Letterbox::new(), &boxed(PixelFormat::I420, size, thing, LIMITED, 3));
    assert_eq!(found, Rect::whole(320, 240));
}

#[test]
fn tiny_and_odd_pictures_are_whole_pictures() {
    for &format in PixelFormat::ALL {
        for size in [[1, 1], [1, 2], [3, 1], [5, 3], [2, 7], [33, 2]] {
            for content in [Rect::whole(0, 0), Rect::whole(size[0], size[1])] {
                let found = update(&mut Letterbox::new(), &boxed(format, size, content, LIMITED, 9));
                assert_eq!(found, Rect::whole(size[0], size[1]), "{format}");
            }
        }
    }
}
