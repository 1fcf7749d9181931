// SPDX-License-Identifier: MPL-2.0

//! Drawings on frames of every format.

use super::*;
use crate::picture::{ChromaSite, Colorimetry, Component, Family, FrameInfo, Matrix, OwnedFrame, PixelFormat, Range};

const BT709: Colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };

/// A frame whose bytes are noise, with padding behind the rows.
fn noise(info: FrameInfo) -> OwnedFrame {
    let FrameInfo { format, width, height, colorimetry } = info;
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    };
    let mut sizes = vec![(0, 0); format.planes()];
    for c in format.components() {
        let size = &mut sizes[usize::from(c.plane)];
        let row = usize::from(c.offset) + (c.width(width) as usize - 1) * usize::from(c.step) + usize::from(c.step);
        *size = (size.0.max(row + 5), c.height(height) as usize);
    }
    let planes = sizes.iter().map(|&(stride, rows)| ((0..stride * rows).map(|_| next()).collect(), stride)).collect();
    OwnedFrame::new(format, width, height, planes, colorimetry).unwrap()
}

/// Where a sample's bytes are in its plane.
fn place(frame: &OwnedFrame, c: &Component, x: u32, y: u32) -> std::ops::Range<usize> {
    let stride = frame.planes[usize::from(c.plane)].1;
    let start = (y as usize) * stride + usize::from(c.offset) + (x as usize) * usize::from(c.step);
    start..start + c.bytes()
}

fn sample(frame: &OwnedFrame, c: &Component, x: u32, y: u32) -> u16 {
    match &frame.planes[usize::from(c.plane)].0[place(frame, c, x, y)] {
        [byte] => u16::from(*byte),
        bytes => u16::from_le_bytes([bytes[0], bytes[1]]) >> c.shift,
    }
}

/// Bytes that have changed, but for those of samples within the rectangles.
fn changed_outside(before: &OwnedFrame, after: &OwnedFrame, rects: &[Rect]) -> usize {
    let mut after = after.clone();
    for c in before.format.components() {
        for rect in rects {
            for y in rect.y >> c.sub_y..rect.bottom().div_ceil(1 << c.sub_y) {
                for x in rect.x >> c.sub_x..rect.right().div_ceil(1 << c.sub_x) {
                    let at = place(before, c, x, y);
                    let plane = usize::from(c.plane);
                    after.planes[plane].0[at.clone()].copy_from_slice(&before.planes[plane].0[at]);
                }
            }
        }
    }
    let bytes = |frame: &OwnedFrame| frame.planes.iter().flat_map(|(data, _)| data.clone()).collect::<Vec<_>>();
    bytes(before).iter().zip(bytes(&after)).filter(|(one, two)| *one != two).count()
}

fn rects(overlay: &Overlay) -> Vec<Rect> {
    overlay.layers.iter().map(|layer| layer.rect).collect()
}

#[test]
fn in_every_format_all_outside_keeps_its_bits() {
    for &format in PixelFormat::ALL {
        for (size, position) in [([161, 123], Position::BottomRight), ([160, 120], Position::Center)] {
            let info = FrameInfo { format, width: size[0], height: size[1], colorimetry: BT709 };
            let before = noise(info);
            let mut settings = Settings { position, ..Settings::default() };
            settings.show.history = false;
            let mut overlay = Overlay::new(settings);
            let mut raised = record(55.5);
            raised.alarm = Some(true);
            overlay.observe(Some(0), [("iqascore0", &raised)]);
            let mut after = before.clone();
            overlay.draw(&mut after).unwrap();
            let rects = rects(&overlay);
            assert_eq!(rects.len(), 5, "four strips and a box: {rects:?}");
            let [across, down] = format.alignment();
            for rect in &rects {
                assert!(rect.x.is_multiple_of(across) && rect.y.is_multiple_of(down), "{format} {rect}");
                assert!(rect.right().is_multiple_of(across) || rect.right() == size[0], "{format} {rect}");
                assert!(rect.bottom().is_multiple_of(down) || rect.bottom() == size[1], "{format} {rect}");
            }
            assert_eq!(changed_outside(&before, &after, &rects), 0, "{format} {size:?}");
            assert!(changed_outside(&before, &after, &rects[..4]) > 100, "{format}: the box is drawn");
        }
    }
}

/// Every sample under a layer is what its color is by definition, mixed with what was there.
#[test]
fn in_every_format_drawn_colors_are_right() {
    let colors = [[255, 255, 255, 255], [0, 0, 0, 255], [222, 36, 36, 255], [128, 200, 104, 255], [72, 178, 224, 128]];
    for &format in PixelFormat::ALL {
        for (matrix, range) in
            [(Matrix::Bt709, Range::Limited), (Matrix::Bt601, Range::Full), (Matrix::Bt2020, Range::Limited)]
        {
            let colorimetry = Colorimetry { matrix, range, chroma_site: ChromaSite::LEFT };
            let info = FrameInfo { format, width: 24, height: 10, colorimetry };
            let rect = Rect { x: 4, y: 2, width: 20, height: 8 };
            for color in colors {
                let before = noise(info);
                let layer = Layer { rect, canvas: Arc::new(Canvas::new(20, 8, color)), serial: 1 };
                let mut after = before.clone();
                for plane in 0..format.planes() {
                    Prepared::new(&layer, info).blend(plane, after.plane_mut(plane).unwrap(), [0, 0]).unwrap();
                }
                let [r, g, b, a] = color.map(f64::from);
                for (index, c) in format.components().iter().enumerate() {
                    let expected = reference(format, index, c.depth, colorimetry, [r, g, b]);
                    for y in 2 >> c.sub_y..10 >> c.sub_y {
                        for x in 4 >> c.sub_x..24 >> c.sub_x {
                            let was = f64::from(sample(&before, c, x, y));
                            // Opacity has 256 steps: one of them is a 256th of the difference.
                            let bound = 1.0 + if a < 255.0 { (expected - was).abs() / 256.0 } else { 0.0 };
                            let expected = was + (expected - was) * a / 255.0;
                            let found = f64::from(sample(&after, c, x, y));
                            assert!((found - expected).abs() <= bound, "{format} {index}: {found} for {expected}");
                        }
                    }
                }
            }
        }
    }
}

/// ITU-T H.273's equations (full and limited range), written out once more.
fn reference(format: PixelFormat, index: usize, depth: u8, colorimetry: Colorimetry, rgb: [f64; 3]) -> f64 {
    let [r, g, b] = rgb.map(|value| value / 255.0);
    let (kr, kb) = colorimetry.matrix.weights();
    let y = kr * r + (1.0 - kr - kb) * g + kb * b;
    let (most, unit) = (2f64.powi(depth.into()) - 1.0, 2f64.powi(i32::from(depth) - 8));
    let full = colorimetry.range == Range::Full;
    let luma = |value: f64| if full { value * most } else { (16.0 + 219.0 * value) * unit };
    let chroma = |value: f64| 128.0 * unit + value * if full { most } else { 224.0 * unit };
    match (format.family(), index) {
        (Family::Rgb, index) => luma([r, g, b][index]),
        (Family::Yuv, 1) => chroma((b - y) / (2.0 - 2.0 * kb)),
        (Family::Yuv, 2) => chroma((r - y) / (2.0 - 2.0 * kr)),
        _ => luma(y),
    }
}

#[test]
fn no_picture_is_too_small() {
    for side in (1..20).chain([32, 64, 65]) {
        for (width, height) in [(side, side), (side, 300), (300, side)] {
            for format in [PixelFormat::I420, PixelFormat::Y41b, PixelFormat::Rgb, PixelFormat::Uyvy] {
                let info = FrameInfo { format, width, height, colorimetry: BT709 };
                let mut frame = noise(info);
                let mut overlay = Overlay::default();
                let mut raised = record(5.0);
                raised.alarm = Some(true);
                raised.map = Some(Arc::new(Map { width: 3, height: 2, data: vec![7; 6] }));
                overlay.observe(Some(0), [("a", &raised)]);
                overlay.observe(Some(SECOND), [("a", &record(9.0))]);
                overlay.draw(&mut frame).unwrap();
            }
        }
    }
}

#[test]
fn a_map_lies_over_all_of_the_picture() {
    let info = FrameInfo { format: PixelFormat::Rgb, width: 64, height: 32, colorimetry: Colorimetry::SRGB };
    let mut settings = Settings { map_opacity: 1.0, map_colormap: Colormap::Gray, ..Settings::default() };
    settings.show = Show { score: false, history: false, values: false, alarm: false, map: true };
    settings.position = Position::BottomRight;
    let mut overlay = Overlay::new(settings);
    let mut mapped = record(50.0);
    mapped.map = Some(Arc::new(Map { width: 2, height: 1, data: vec![10, 250] }));
    overlay.observe(Some(0), [("a", &mapped)]);
    let mut frame = noise(info);
    overlay.draw(&mut frame).unwrap();
    let red = info.format.components()[0];
    let across: Vec<_> = [0, 15, 32, 48, 63].map(|x| sample(&frame, &red, x, 3)).into();
    assert_eq!(across, [10, 10, 134, 250, 250], "bilinear between the middles of its pixels");
    // A map that is not what it says is left out.
    let mut broken = record(50.0);
    broken.map = Some(Arc::new(Map { width: 9, height: 9, data: vec![1] }));
    overlay.observe(Some(SECOND), [("a", &broken)]);
    assert!(overlay.map.is_none() || overlay.layers([64, 32], [1, 1]).iter().all(|layer| layer.rect.width < 64));
}

/// A frame of which something crops a part.
struct Cropped(OwnedFrame, Rect);

impl FrameMut for Cropped {
    fn info(&self) -> FrameInfo {
        self.0.info()
    }

    fn visible(&self) -> Rect {
        self.1
    }

    fn plane_mut(&mut self, plane: usize) -> Result<crate::picture::PlaneMut<'_>, PictureError> {
        self.0.plane_mut(plane)
    }
}

#[test]
fn what_a_crop_hides_is_not_drawn_on() {
    let info = FrameInfo { format: PixelFormat::I420, width: 400, height: 300, colorimetry: BT709 };
    let before = noise(info);
    let shown = Rect { x: 51, y: 33, width: 301, height: 200 };
    let mut frame = Cropped(before.clone(), shown);
    let mut overlay = Overlay::default();
    overlay.observe(Some(0), [("a", &record(50.0))]);
    overlay.draw(&mut frame).unwrap();
    assert!(changed_outside(&before, &frame.0, &[]) > 100);
    assert_eq!(changed_outside(&before, &frame.0, &[Rect { x: 52, y: 34, width: 300, height: 198 }]), 0);
    let mut frame = Cropped(before.clone(), Rect { x: 300, ..shown });
    assert!(matches!(overlay.draw(&mut frame), Err(PictureError::Outside { .. })));
    // Less than a chroma sample.
    overlay.draw(&mut Cropped(before, Rect { x: 51, y: 33, width: 1, height: 1 })).unwrap();
}

#[test]
fn a_frame_that_is_too_short_is_refused_before_anything_is_drawn() {
    let info = FrameInfo { format: PixelFormat::I420, width: 400, height: 300, colorimetry: BT709 };
    let mut frame = noise(info);
    frame.planes[2].0.truncate(100);
    let before = frame.clone();
    let mut overlay = Overlay::default();
    overlay.observe(Some(0), [("a", &record(50.0))]);
    assert!(matches!(overlay.draw(&mut frame), Err(PictureError::Short { plane: 2, .. })));
    assert_eq!(frame.planes, before.planes);
}
