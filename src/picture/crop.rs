// SPDX-License-Identifier: MPL-2.0

//! A borrowed part of a picture.

use super::error::PictureError;
use super::format::{Component, PixelFormat};
use super::rect::Rect;
use super::{Picture, Plane};

impl PixelFormat {
    /// Parts of a picture can begin at multiples of this number of pixels, across and down, where every component has a
    /// sample.
    pub fn alignment(self) -> [u32; 2] {
        let largest = |subs: fn(&Component) -> u8| self.components().iter().map(subs).max().unwrap_or(0);
        [1 << largest(|c| c.sub_x), 1 << largest(|c| c.sub_y)]
    }
}

impl<'a> Picture<'a> {
    /// All of it.
    pub fn rect(&self) -> Rect {
        Rect::whole(self.width, self.height)
    }

    /// The part `rect` of the picture, borrowed in place: nothing is copied.
    ///
    /// # Errors
    /// When the part is empty, extends beyond the picture, or does not begin at a multiple of
    /// [`PixelFormat::alignment`].
    pub fn crop(&self, rect: Rect) -> Result<Self, PictureError> {
        let (format, [across, down]) = (self.format, self.format.alignment());
        if rect.right() > self.width || rect.bottom() > self.height {
            return Err(PictureError::Outside { rect, width: self.width, height: self.height });
        }
        if !rect.x.is_multiple_of(across) || !rect.y.is_multiple_of(down) {
            return Err(PictureError::Begin { rect, format, alignment: [across, down] });
        }
        let mut planes = self.planes;
        // Components that share a plane agree on where an aligned pixel begins in memory.
        for component in format.components() {
            let index = usize::from(component.plane);
            let Plane { data, stride } = self.planes[index];
            // An empty part may begin below the last row, where there is no memory.
            let row = ((rect.y >> component.sub_y) as usize).saturating_mul(stride);
            let start = row.saturating_add((rect.x >> component.sub_x) as usize * usize::from(component.step));
            planes[index].data = data.get(start..).unwrap_or_default();
        }
        Picture::new(format, rect.width, rect.height, &planes, self.colorimetry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Colorimetry, Frame, OwnedFrame};

    /// Each byte of each plane another one than its neighbors.
    fn counting(format: PixelFormat, width: u32, height: u32) -> OwnedFrame {
        let mut sizes = vec![(0, 0); format.planes()];
        for c in format.components() {
            let size = &mut sizes[usize::from(c.plane)];
            let row = usize::from(c.offset) + (c.width(width) as usize - 1) * usize::from(c.step) + c.bytes();
            *size = (size.0.max(row.next_multiple_of(2) + 2), c.height(height) as usize);
        }
        let plane = |&(stride, rows): &(usize, usize)| ((0..stride * rows).map(|i| (i % 251) as u8).collect(), stride);
        OwnedFrame { format, width, height, colorimetry: Colorimetry::SRGB, planes: sizes.iter().map(plane).collect() }
    }

    /// A sample's bytes.
    fn sample<'a>(picture: &Picture<'a>, component: usize, x: u32, y: u32) -> &'a [u8] {
        let c = picture.format().components()[component];
        let at = x as usize * usize::from(c.step);
        &picture.row(component, y)[at..at + c.bytes()]
    }

    #[test]
    fn a_part_has_the_samples_of_the_whole() {
        for &format in PixelFormat::ALL {
            let frame = counting(format, 23, 17);
            let whole = frame.picture().unwrap();
            let [across, down] = format.alignment();
            for rect in [
                Rect { x: 0, y: 0, width: 23, height: 17 },
                Rect { x: 2 * across, y: down, width: 5, height: 3 },
                Rect { x: 4 * across, y: 4 * down, width: 23 - 4 * across, height: 17 - 4 * down },
                Rect { x: 22 / across * across, y: 16 / down * down, width: 1, height: 1 },
            ] {
                let part = whole.crop(rect).unwrap();
                assert_eq!((part.width(), part.height(), part.format()), (rect.width, rect.height, format));
                for (index, c) in format.components().iter().enumerate() {
                    for y in 0..c.height(rect.height) {
                        for x in 0..c.width(rect.width) {
                            let of_whole = sample(&whole, index, x + (rect.x >> c.sub_x), y + (rect.y >> c.sub_y));
                            assert_eq!(sample(&part, index, x, y), of_whole, "{format} {rect} {index}: {x},{y}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_part_of_a_part_is_a_part() {
        let frame = counting(PixelFormat::Yuy2, 16, 8);
        let whole = frame.picture().unwrap();
        let part = whole.crop(Rect { x: 2, y: 1, width: 12, height: 6 }).unwrap();
        let twice = part.crop(Rect { x: 4, y: 2, width: 3, height: 4 }).unwrap();
        let once = whole.crop(Rect { x: 6, y: 3, width: 3, height: 4 }).unwrap();
        assert_eq!(
            (0..4).map(|y| twice.row(1, y)).collect::<Vec<_>>(),
            (0..4).map(|y| once.row(1, y)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn an_empty_part_below_the_picture_is_an_error_whatever_the_stride() {
        let plane = Plane { data: &[7; 2], stride: usize::MAX };
        let picture = Picture::new(PixelFormat::Gray8, 2, 1, &[plane], Colorimetry::SRGB).unwrap();
        assert!(picture.crop(Rect { x: 1, y: 1, width: 1, height: 0 }).is_err());
    }

    #[test]
    fn impossible_parts_are_named() {
        let frame = counting(PixelFormat::I420, 16, 8);
        let picture = frame.picture().unwrap();
        let crop = |x, y, width, height| picture.crop(Rect { x, y, width, height }).unwrap_err();
        assert!(matches!(crop(0, 0, 17, 8), PictureError::Outside { .. }));
        assert!(matches!(crop(0, 2, 16, 7), PictureError::Outside { .. }));
        assert!(matches!(crop(u32::MAX, 0, 2, 2), PictureError::Outside { .. }));
        assert!(matches!(crop(1, 0, 4, 4), PictureError::Begin { .. }));
        assert!(matches!(crop(0, 3, 4, 4), PictureError::Begin { .. }));
        assert!(matches!(crop(0, 0, 0, 4), PictureError::Size { width: 0, .. }));
        assert!(crop(3, 0, 4, 4).to_string().contains("4x4 at 3,0"));
    }
}
