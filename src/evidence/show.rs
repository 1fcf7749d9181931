// SPDX-License-Identifier: MPL-2.0

//! A frame as a screen shows it.

use super::EvidenceError;
use crate::model::contract::{Channels, Input, Layout, Resize};
use crate::picture::Picture;
use crate::preprocess::Plan;

/// A full-range R'G'B' picture of 8 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// R', G', B', row by row, without padding.
    pub pixels: Vec<u8>,
}

/// The picture in `size` (width and height in pixels), converted by the frame's own matrix, range and siting, and
/// scaled bicubically (a = −½, widened when it shrinks) if its size differs.
///
/// The transfer function is not changed: a picture of high dynamic range looks flat.
///
/// # Errors
/// When a side is 0 or above 2¹⁶.
pub fn show(picture: &Picture<'_>, size: [u32; 2]) -> Result<Shown, EvidenceError> {
    let mut input = Input::new("shown", Channels::Rgb);
    input.layout = Layout::Nhwc;
    if size != [picture.width(), picture.height()] {
        input.geometry.scale = Some(Resize::Size(size));
    }
    let mut plan = Plan::new(&input, picture.format(), picture.width(), picture.height(), picture.colorimetry())?;
    let mut values = vec![0.0; plan.layout().len()];
    plan.run(picture, &mut values)?;
    let pixels = values.into_iter().map(|value| (value * 255.0).round() as u8).collect();
    Ok(Shown { width: size[0], height: size[1], pixels })
}

#[cfg(test)]
mod tests {
    use super::show;
    use crate::picture::{Colorimetry, Frame, Matrix, OwnedFrame, PixelFormat, Range};

    #[test]
    fn limited_range_becomes_full() {
        let colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, ..Colorimetry::SRGB };
        let planes = [vec![16, 235, 126, 16, 235, 126, 235, 16], vec![128; 2], vec![128; 2]];
        let planes = planes.into_iter().zip([4, 2, 2]).collect();
        let frame = OwnedFrame::new(PixelFormat::I420, 4, 2, planes, colorimetry).unwrap();
        let shown = show(&frame.picture().unwrap(), [4, 2]).unwrap();
        let gray: Vec<_> = shown.pixels.chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(gray, [0, 255, 128, 0, 255, 128, 255, 0]);
        assert!(shown.pixels.chunks(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    }

    #[test]
    fn another_size_is_scaled_to() {
        let frame = OwnedFrame::rgb(4, 4, [200, 100, 50].repeat(16)).unwrap();
        let shown = show(&frame.picture().unwrap(), [9, 5]).unwrap();
        assert_eq!((shown.width, shown.height, shown.pixels), (9, 5, [200, 100, 50].repeat(45)));
        assert!(show(&frame.picture().unwrap(), [0, 5]).is_err());
    }
}
