// SPDX-License-Identifier: MPL-2.0

//! Which of two pictures has detail that the other lacks: what tells a source from its rendition.

use super::{EvidenceError, Shown};
use std::ops::AddAssign;

/// Side of a block, in pixels.
const BLOCK: usize = 16;
/// Blocks without which nothing is said.
const FEW: usize = 32;
/// How much more energy the rendition's detail must have than the source's, at least.
const MORE: f64 = 1.2;
/// How much the source's own detail may be amplified: more is sharpening.
const SHARPENED: f64 = 1.1;
/// By how much more the rest must be where the picture has detail than where it has least: noise is everywhere.
const PLACED: f64 = 5.0;

/// How the detail of a rendition's picture stands to that of the source's. Detail is luma less its mean over the nearest
/// pixels.
///
/// Coding takes detail away where there is some: a decoded picture has less of it than its source, and of two inputs that
/// were exchanged the "rendition" has more. Sharpening, which amplifies the source's own detail, and noise or grain, which
/// lies where there is none, give more of it as well, and are told apart by that.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Detail {
    /// The gain of the rendition's detail over the source's, by least squares.
    pub gain: f64,
    /// The energy of the rendition's detail, in that of the source's.
    pub energy: f64,
    /// The energy of what the source's detail does not explain, in the quarter of the blocks with the most detail, in that
    /// of the quarter with the least.
    pub placed: f64,
}

/// Sums over a block.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    source: f64,
    rendition: f64,
    both: f64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.source += other.source;
        self.rendition += other.rendition;
        self.both += other.both;
    }
}

impl Detail {
    /// Of two pictures of one size; `None` where they are too small or too flat to say anything.
    ///
    /// # Errors
    /// When they are of different sizes.
    pub fn of(source: &Shown, rendition: &Shown) -> Result<Option<Self>, EvidenceError> {
        let sizes = [source, rendition].map(|shown| [shown.width, shown.height]);
        if sizes[0] != sizes[1] {
            return Err(EvidenceError::Sizes { one: sizes[0], two: sizes[1] });
        }
        let mut blocks = blocks(source, rendition);
        if blocks.len() < FEW {
            return Ok(None);
        }
        let mut all = Sums::default();
        blocks.iter().for_each(|block| all += *block);
        // Less than a quarter of a level of detail a pixel is rounding.
        let least = (blocks.len() * BLOCK * BLOCK) as f64 / 16.0;
        if all.source < least || all.rendition < least {
            return Ok(None);
        }
        let gain = all.both / all.source;
        blocks.sort_by(|one, other| one.source.total_cmp(&other.source));
        let quarter = blocks.len() / 4;
        let rest = |blocks: &[Sums]| -> f64 {
            blocks.iter().map(|block| block.rendition - 2.0 * gain * block.both + gain * gain * block.source).sum()
        };
        let (flat, busy) = (rest(&blocks[..quarter]), rest(&blocks[blocks.len() - quarter..]));
        Ok(Some(Self {
            gain,
            energy: all.rendition / all.source,
            placed: busy / flat.max((quarter * BLOCK * BLOCK) as f64 / 256.0),
        }))
    }

    /// Whether the rendition has detail that the source lacks, and that is neither noise nor sharpening.
    #[must_use]
    pub fn is_the_renditions(&self) -> bool {
        self.energy >= MORE && self.gain <= SHARPENED && self.placed >= PLACED
    }
}

/// The sums over each whole block.
fn blocks(source: &Shown, rendition: &Shown) -> Vec<Sums> {
    let [width, height] = [source.width as usize, source.height as usize];
    let (columns, rows) = (width / BLOCK, height / BLOCK);
    let mut blocks = vec![Sums::default(); columns * rows];
    let [mut ours, mut theirs] = [vec![0.0; width], vec![0.0; width]];
    // A pixel at the edge has not all its neighbors.
    for y in 1..height.saturating_sub(1).min(rows * BLOCK) {
        detail(source, y, &mut ours);
        detail(rendition, y, &mut theirs);
        let row = &mut blocks[y / BLOCK * columns..][..columns];
        for (block, (ours, theirs)) in row.iter_mut().zip(ours.chunks_exact(BLOCK).zip(theirs.chunks_exact(BLOCK))) {
            for (&source, &rendition) in ours.iter().zip(theirs) {
                *block += Sums { source: source * source, rendition: rendition * rendition, both: source * rendition };
            }
        }
    }
    blocks
}

/// A row's detail: luma less ½ of itself and ⅛ of each of its four neighbors.
fn detail(shown: &Shown, y: usize, row: &mut [f64]) {
    let width = shown.width as usize;
    let luma = |x: usize, y: usize| {
        let pixel = &shown.pixels[3 * (y * width + x)..][..3];
        0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2])
    };
    row.fill(0.0);
    for (x, detail) in row.iter_mut().enumerate().take(width.saturating_sub(1)).skip(1) {
        let around = luma(x - 1, y) + luma(x + 1, y) + luma(x, y - 1) + luma(x, y + 1);
        *detail = 0.5 * luma(x, y) - 0.125 * around;
    }
}

#[cfg(test)]
mod tests {
    use super::{Detail, EvidenceError, Shown};

    const SIZE: [usize; 2] = [160, 128];

    /// Gray pixels of a function of the place.
    fn shown(value: impl Fn(usize, usize) -> f64) -> Shown {
        let [width, height] = SIZE;
        let pixels =
            (0..width * height).flat_map(|at| [value(at % width, at / width).round().clamp(0.0, 255.0) as u8; 3]);
        Shown { width: width as u32, height: height as u32, pixels: pixels.collect() }
    }

    /// −1 to 1, another at each place and for each seed.
    fn noise(x: usize, y: usize, seed: usize) -> f64 {
        let mixed = (x * 73_856_093) ^ (y * 19_349_663) ^ (seed * 83_492_791);
        (mixed.wrapping_mul(2_654_435_761) >> 7) as f64 % 2048.0 / 1024.0 - 1.0
    }

    /// Texture in the left half, nothing in the right; `fine` is the part of it that coding takes away.
    fn film(coarse: f64, fine: f64) -> impl Fn(usize, usize) -> f64 {
        move |x, y| {
            let texture = coarse * noise(x, y, 1) + fine * noise(x, y, 2);
            128.0 + if x < SIZE[0] / 2 { 60.0 * texture } else { 0.3 * texture }
        }
    }

    fn said(source: &Shown, rendition: &Shown) -> bool {
        Detail::of(source, rendition).unwrap().unwrap().is_the_renditions()
    }

    #[test]
    fn a_source_has_more_than_its_rendition_and_exchanged_it_is_said() {
        let (source, coded) = (shown(film(0.6, 0.5)), shown(film(0.6, 0.0)));
        assert!(said(&coded, &source));
        assert!(!said(&source, &coded) && !said(&source, &source));
    }

    #[test]
    fn grain_and_sharpening_are_no_detail_of_the_source() {
        let film = film(0.6, 0.0);
        let source = shown(&film);
        assert!(!said(&source, &shown(|x, y| film(x, y) + 20.0 * noise(x, y, 3))), "grain");
        assert!(!said(&source, &shown(|x, y| 128.0 + 1.4 * (film(x, y) - 128.0))), "sharpening");
    }

    #[test]
    fn flat_small_and_unequal_pictures_say_nothing() {
        let flat = shown(|_, _| 100.0);
        assert_eq!(Detail::of(&flat, &shown(film(0.6, 0.5))).unwrap(), None);
        let small = Shown { width: 16, height: 16, pixels: vec![0; 768] };
        assert_eq!(Detail::of(&small, &small).unwrap(), None);
        let sizes = EvidenceError::Sizes { one: [16, 16], two: [160, 128] };
        assert_eq!(Detail::of(&small, &flat), Err(sizes));
    }
}
