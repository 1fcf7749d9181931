// SPDX-License-Identifier: MPL-2.0

//! Which of two pictures has detail that the other lacks: this distinguishes a source from its rendition.

use super::block_edges::BlockEdges;
use super::error::MetricsError;
use super::pair::Pair;
use super::scale::Scale;
use crate::picture::Picture;
use std::ops::AddAssign;

/// Side of a block, in pixels.
const BLOCK: usize = 16;
/// Fewer blocks than this give no result.
const FEW: usize = 32;
/// Enough blocks: of larger pictures, some rows of blocks are skipped.
const ENOUGH: usize = 2048;
/// The least energy of the distorted picture's detail, relative to the reference's.
const MORE: f64 = 1.2;
/// The greatest amplification of the reference's own detail; above it, the picture was sharpened.
const SHARPENED: f64 = 1.1;
/// How much stronger the rest must be where the picture has the most detail than where it has the least: noise is
/// everywhere.
const PLACED: f64 = 5.0;

/// How the detail of a distorted picture relates to that of its reference. Detail is luma less its mean over the
/// nearest pixels.
///
/// Coding removes detail where there is some, so a decoded picture has less of it than its source. If the two inputs
/// were swapped, the distorted one has more. Sharpening, noise and grain also add detail, but can be distinguished:
/// sharpening amplifies the reference's own detail, and noise and grain are also found where there is none. The noise
/// of codecs without a deblocking filter (JPEG, MPEG-2, MPEG-4 part 2) lies where the detail is; it is recognized by
/// the edges of blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Detail {
    /// The gain from the reference's detail to the distorted picture's, by least squares.
    pub gain: f64,
    /// The energy of the distorted picture's detail, relative to that of the reference's.
    pub energy: f64,
    /// The energy of what the reference's detail does not explain, in the quarter of the blocks with the most detail,
    /// relative to that in the quarter with the least.
    pub placed: f64,
    /// By how much edges of blocks of 8×8 pixels are more visible in the distorted picture than in the reference,
    /// relative to the mean difference of neighboring pixels.
    pub edges: f64,
}

/// Sums over a block.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    reference: f64,
    distorted: f64,
    both: f64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.reference += other.reference;
        self.distorted += other.distorted;
        self.both += other.both;
    }
}

impl Detail {
    /// Compares two pictures of one size; `None` if they are too small or too flat for a result.
    ///
    /// # Errors
    /// If their sizes differ, or only one of them is R'G'B'.
    pub fn of(reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<Option<Self>, MetricsError> {
        let (mut blocks, edges) = blocks(Pair::new(reference, distorted)?.luma());
        if blocks.len() < FEW {
            return Ok(None);
        }
        let mut all = Sums::default();
        blocks.iter().for_each(|block| all += *block);
        // Detail of less than a quarter of a level per pixel is rounding.
        let least = (blocks.len() * BLOCK * BLOCK) as f64 / 16.0;
        if all.reference < least || all.distorted < least {
            return Ok(None);
        }
        let gain = all.both / all.reference;
        blocks.sort_by(|one, other| one.reference.total_cmp(&other.reference));
        let quarter = blocks.len() / 4;
        let rest = |blocks: &[Sums]| -> f64 {
            blocks.iter().map(|block| block.distorted - 2.0 * gain * block.both + gain * gain * block.reference).sum()
        };
        let (flat, busy) = (rest(&blocks[..quarter]), rest(&blocks[blocks.len() - quarter..]));
        Ok(Some(Self {
            gain,
            energy: all.distorted / all.reference,
            placed: busy / flat.max((quarter * BLOCK * BLOCK) as f64 / 256.0),
            edges: edges[1] - edges[0],
        }))
    }

    /// Whether the distorted picture has detail that its reference lacks and that is neither sharpening nor noise over
    /// the whole picture. It may be a codec's noise: see [`edges`](Self::edges).
    #[must_use]
    pub fn is_the_distorteds(&self) -> bool {
        self.energy >= MORE && self.gain <= SHARPENED && self.placed >= PLACED
    }
}

/// The sums over whole blocks, of all rows of blocks or of evenly spaced ones; and how visible edges of blocks are in
/// each picture.
fn blocks(luma: Scale<'_>) -> (Vec<Sums>, [f64; 2]) {
    let (columns, rows) = (luma.width / BLOCK, luma.height / BLOCK);
    let step = (columns * rows / ENOUGH).max(1);
    let mut blocks = Vec::new();
    let mut sides = [0, 1].map(|_| Rows::new(luma.width));
    let mut edges = [0, 1].map(|_| BlockEdges::new(luma.width));
    for row in (step / 2..rows).step_by(step) {
        let start = blocks.len();
        blocks.resize(start + columns, Sums::default());
        // Pixels at the picture's edge lack neighbors.
        for y in (row * BLOCK).max(1)..((row + 1) * BLOCK).min(luma.height.saturating_sub(1)) {
            for ((side, source), edges) in sides.iter_mut().zip(&luma.sources).zip(&mut edges) {
                let [above, own] = side.detail(y, |y, out| source.load(y, out));
                edges.add(y, above, own);
            }
            let [ours, theirs] = sides.each_ref().map(|side| &side.detail);
            let pairs = ours.chunks_exact(BLOCK).zip(theirs.chunks_exact(BLOCK));
            for (block, (ours, theirs)) in blocks[start..].iter_mut().zip(pairs) {
                let mut sums = [0.0f32; 3];
                for (&reference, &distorted) in ours.iter().zip(theirs) {
                    sums[0] += reference * reference;
                    sums[1] += distorted * distorted;
                    sums[2] += reference * distorted;
                }
                let [reference, distorted, both] = sums.map(f64::from);
                *block += Sums { reference, distorted, both };
            }
        }
    }
    (blocks, edges.map(|edges| edges.shown()))
}

/// Rows of one picture's luma.
struct Rows {
    /// Row `y` is at `y % 3`, if it is loaded.
    luma: [(Option<usize>, Vec<f32>); 3],
    detail: Vec<f32>,
}

impl Rows {
    fn new(width: usize) -> Self {
        Self { luma: [0, 1, 2].map(|_| (None, vec![0.0; width])), detail: vec![0.0; width] }
    }

    /// The detail of row `y`, which is not at the edge: luma less ½ of itself and ⅛ of each of its four neighbors.
    /// Returns the luma of the row above and of this one.
    fn detail(&mut self, y: usize, load: impl Fn(usize, &mut [f32])) -> [&[f32]; 2] {
        for row in y - 1..=y + 1 {
            let (number, luma) = &mut self.luma[row % 3];
            if *number != Some(row) {
                load(row, luma);
                *number = Some(row);
            }
        }
        let [above, own, below] = [y - 1, y, y + 1].map(|row| &self.luma[row % 3].1);
        let inner = self.detail.get_mut(1..own.len().saturating_sub(1)).unwrap_or_default();
        let vertical = above.iter().zip(below).skip(1);
        for ((detail, own), (above, below)) in inner.iter_mut().zip(own.windows(3)).zip(vertical) {
            *detail = 0.5 * own[1] - 0.125 * (own[0] + own[2] + above + below);
        }
        [above, own]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};

    const SIZE: [usize; 2] = [160, 128];

    /// A gray picture of a function of the position.
    fn shown([width, height]: [usize; 2], value: impl Fn(usize, usize) -> f64) -> OwnedFrame {
        let sample = |at| value(at % width, at / width).round().clamp(0.0, 255.0) as u8;
        let plane = ((0..width * height).map(sample).collect(), width);
        OwnedFrame::new(PixelFormat::Gray8, width as u32, height as u32, vec![plane], Colorimetry::SRGB).unwrap()
    }

    /// −1 to 1, different at each position and for each seed.
    fn noise(x: usize, y: usize, seed: usize) -> f64 {
        let mixed = (x * 73_856_093) ^ (y * 19_349_663) ^ (seed * 83_492_791);
        (mixed.wrapping_mul(2_654_435_761) >> 7) as f64 % 2048.0 / 1024.0 - 1.0
    }

    /// Texture in the left half, nothing in the right. `fine` is the part that coding removes.
    fn film(width: usize, coarse: f64, fine: f64) -> impl Fn(usize, usize) -> f64 {
        move |x, y| {
            let texture = coarse * noise(x, y, 1) + fine * noise(x, y, 2);
            128.0 + if x < width / 2 { 60.0 * texture } else { 0.3 * texture }
        }
    }

    fn detail(reference: &OwnedFrame, distorted: &OwnedFrame) -> Result<Option<Detail>, MetricsError> {
        Detail::of(&reference.picture().unwrap(), &distorted.picture().unwrap())
    }

    fn said(reference: &OwnedFrame, distorted: &OwnedFrame) -> bool {
        detail(reference, distorted).unwrap().unwrap().is_the_distorteds()
    }

    #[test]
    fn a_source_in_the_place_of_its_rendition_is_recognized() {
        // Of larger pictures, not every block is used.
        for size in [SIZE, [1283, 725]] {
            let (source, coded) = (shown(size, film(size[0], 0.6, 0.5)), shown(size, film(size[0], 0.6, 0.0)));
            assert!(said(&coded, &source));
            assert!(!said(&source, &coded) && !said(&source, &source));
        }
    }

    #[test]
    fn grain_and_sharpening_are_not_detail_of_the_source() {
        let film = film(SIZE[0], 0.6, 0.0);
        let source = shown(SIZE, &film);
        assert!(!said(&source, &shown(SIZE, |x, y| film(x, y) + 20.0 * noise(x, y, 3))), "grain");
        assert!(!said(&source, &shown(SIZE, |x, y| 128.0 + 1.4 * (film(x, y) - 128.0))), "sharpening");
    }

    /// Every block of 8×8 has its own level, as with a codec without a deblocking filter.
    #[test]
    fn a_blocky_picture_is_recognized_by_its_edges() {
        let film = film(SIZE[0], 0.6, 0.0);
        let source = shown(SIZE, &film);
        let offset = |x: usize, y: usize| if x < SIZE[0] / 2 { 40.0 * noise(x / 8, y / 8, 5) } else { 0.0 };
        let more = |x: usize, y: usize| film(x, y) + if x < SIZE[0] / 2 { 20.0 * noise(x, y, 6) } else { 0.0 };
        assert!(said(&source, &shown(SIZE, more)));
        let blocks = shown(SIZE, |x, y| more(x, y) + offset(x, y));
        let found = detail(&source, &blocks).unwrap().unwrap();
        assert!(found.is_the_distorteds() && found.edges > 0.3, "{found:?}");
        let swapped = detail(&blocks, &source).unwrap().unwrap();
        assert!(!swapped.is_the_distorteds() && swapped.edges == -found.edges, "{swapped:?}");
    }

    /// The sums match the definition in every block, also at the picture's edges.
    #[test]
    fn blocks_are_summed_completely() {
        let value = |x: usize, y: usize| 100.0 + (50.0 * noise(x, y, 4)).round();
        let (one, two) = (shown([37, 35], value), shown([37, 35], |_, _| 100.0));
        let pictures = [one.picture().unwrap(), two.picture().unwrap()];
        let (found, _) = blocks(Pair::new(&pictures[0], &pictures[1]).unwrap().luma());
        let by_hand = |column: usize, row: usize| {
            let mut sum = 0.0;
            for y in (16 * row).max(1)..16 * row + 16 {
                for x in (16 * column).max(1)..16 * column + 16 {
                    let around = value(x - 1, y) + value(x + 1, y) + value(x, y - 1) + value(x, y + 1);
                    sum += (0.5 * value(x, y) - 0.125 * around).powi(2);
                }
            }
            sum
        };
        assert_eq!(found.len(), 4);
        for (index, block) in found.iter().enumerate() {
            let expected = by_hand(index % 2, index / 2);
            assert!((block.reference - expected).abs() < 1e-4 * expected, "{index}: {block:?}, not {expected}");
            assert_eq!((block.distorted, block.both), (0.0, 0.0));
        }
    }

    #[test]
    fn flat_small_and_unequal_pictures_have_no_result() {
        let flat = shown(SIZE, |_, _| 100.0);
        assert_eq!(detail(&flat, &shown(SIZE, film(SIZE[0], 0.6, 0.5))).unwrap(), None);
        for size in [[1, 1], [2, 40], [16, 16]] {
            let small = shown(size, |_, _| 0.0);
            assert_eq!(detail(&small, &small).unwrap(), None);
            assert!(matches!(detail(&small, &flat), Err(MetricsError::Size { .. })));
        }
    }
}
