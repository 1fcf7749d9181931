// SPDX-License-Identifier: MPL-2.0

//! How alike two frames are, tile by tile.

use super::{EvidenceError, Shown};
use crate::align::space::{Registration, Scale, SpatialAligner};
use crate::metrics::{Measures, Meter};
use crate::picture::{Picture, Rect};

/// The SSIM that is drawn as the greatest difference; lower values are drawn the same.
pub const MAP_WORST: f64 = 0.5;

/// Approximate number of tiles along the picture's longer side.
const TILES: u32 = 64;
/// The least size of a tile: SSIM's window has 11 pixels.
const LEAST: u32 = 16;

/// Cividis (Nuñez, Anderton and Renslow, PLoS ONE 13(7), 2018) at 0, ⅓, ⅔ and 1: distinguishable by lightness alone.
const RAMP: [[f64; 3]; 4] = [[0.0, 34.0, 78.0], [87.0, 93.0, 109.0], [166.0, 157.0, 117.0], [254.0, 232.0, 56.0]];

/// The SSIM of the tiles of two frames, one pixel per tile: dark blue where it is 1, through gray to yellow where it is
/// [`MAP_WORST`] or less. The distorted frame is scaled to the reference's size, as for measuring.
///
/// # Errors
/// When one is R'G'B' and the other is not, or the reference has fewer than 16 pixels on a side.
pub fn ssim_map(reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<Shown, EvidenceError> {
    let mut aligner = SpatialAligner::new(Scale::ToReference, Registration::None);
    let aligned = aligner.align(reference, distorted)?;
    let (reference, distorted) = (aligned.reference, aligned.distorted);
    let [width, height] = [reference.width(), reference.height()];
    // Tiles begin where every component has a sample.
    let side = width.max(height).div_ceil(TILES).max(LEAST).next_multiple_of(4);
    let [columns, rows] = [width, height].map(|length| (length / side).max(1));
    let mut meter = Meter::new(Measures::SSIM, 1);
    let mut pixels = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            // The last tile of a row or column takes the remainder.
            let last =
                |index: u32, count: u32, length: u32| if index + 1 == count { length - index * side } else { side };
            let rect = Rect {
                x: column * side,
                y: row * side,
                width: last(column, columns, width),
                height: last(row, rows, height),
            };
            let found = meter.measure(&reference.crop(rect)?, &distorted.crop(rect)?)?;
            let ssim = found.ssim().ok_or(crate::metrics::MetricsError::TooSmall {
                measure: "an SSIM map",
                size: [width, height],
                least: LEAST,
            })?;
            pixels.extend(color((1.0 - ssim) / (1.0 - MAP_WORST)));
        }
    }
    Ok(Shown { width: columns, height: rows, pixels })
}

/// The color of the ramp at a position from 0 to 1.
fn color(place: f64) -> [u8; 3] {
    let place = place.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let step = (place as usize).min(RAMP.len() - 2);
    let share = place - step as f64;
    std::array::from_fn(|channel| (RAMP[step][channel] * (1.0 - share) + RAMP[step + 1][channel] * share).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::ssim_map;
    use crate::picture::{Frame, OwnedFrame};

    fn picture(width: usize, height: usize, spoiled: impl Fn(usize, usize) -> bool) -> OwnedFrame {
        let pixel = |x: usize, y: usize| {
            let value = ((x * 7 + y * 13) % 31 * 8) as u8;
            [if spoiled(x, y) { 255 - value } else { value }; 3]
        };
        let pixels = (0..width * height).flat_map(|at| pixel(at % width, at / width)).collect();
        OwnedFrame::rgb(width as u32, height as u32, pixels).unwrap()
    }

    #[test]
    fn only_the_spoiled_tiles_are_light() {
        let reference = picture(167, 90, |_, _| false);
        let distorted = picture(167, 90, |x, y| (32..48).contains(&x) && y < 16);
        let map = ssim_map(&reference.picture().unwrap(), &distorted.picture().unwrap()).unwrap();
        assert_eq!((map.width, map.height), (10, 5), "tiles of 16 pixels, the last ones wider");
        let tiles: Vec<_> = map.pixels.chunks(3).collect();
        assert_eq!(tiles[2], [254, 232, 56]);
        assert!(tiles.iter().enumerate().all(|(index, tile)| index == 2 || *tile == [0, 34, 78]));
    }

    #[test]
    fn sizes_may_differ_but_not_be_tiny() {
        let (large, small) = (picture(64, 64, |_, _| false), picture(32, 32, |_, _| false));
        let map = ssim_map(&large.picture().unwrap(), &small.picture().unwrap()).unwrap();
        assert_eq!((map.width, map.height), (4, 4));
        let tiny = picture(8, 8, |_, _| false);
        assert!(ssim_map(&tiny.picture().unwrap(), &tiny.picture().unwrap()).is_err());
    }
}
