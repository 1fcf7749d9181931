// SPDX-License-Identifier: MPL-2.0

//! Alignment in space: letterbox crop, scaling, translation, in this order.
//!
//! [`SpatialAligner`] does all of this for a pair of streams, [`Letterbox`] finds the black bars of one stream,
//! [`Orientation`] detects a picture that is turned or mirrored.
//!
//! # What is cut
//! With [`Registration::Crop`] the bars of each stream are found, and both pictures are cut to what they have in
//! common:
//!
//! * **The same place in both**, if both pictures have one shape and their contents begin and end at about the same
//!   place (within 34 pixels or a twentieth of the side, since one may be shifted, with black where it has no picture),
//!   or if the contents have different shapes (one was blanked). Pictures of one size are cut to exactly equal
//!   rectangles; pictures of different sizes to the corresponding rectangle, to a fraction of a pixel.
//! * **Content on content** otherwise: one picture has bars that the other lacks. Contents that differ by no more than
//!   4 pixels per side are cut to the smaller size instead of scaled: compression moves edges by that much.
//!
//! # How a translation is found
//! Up to 4 × 3 tiles of up to 128 × 128 pixels of luma (or green), half overlapping and under a Hann window, are
//! transformed. The sum of their cross spectra, divided by the power in each (the smoothed coherence transform of Knapp
//! and Carter, "The generalized correlation method for estimation of time delay", IEEE Trans. ASSP 24(4), 1976; with a
//! single tile, the phase correlation of Kuglin and Hines, 1975), has its peak at the translation in whole pixels, up
//! to 34 in each direction or three eighths of a tile. With the tiles moved by that translation, the fraction is the
//! slope of the phase over frequency: the maximum likelihood estimate of the same paper, which weights each frequency
//! up to 0.35 cycles per pixel by γ² / (1 − γ²), γ being its coherence.
//!
//! The result is trusted if there is texture, the peak is 1.6 times higher than any other, the standard error is at
//! most 0.04 pixels, the pictures correlate by at least 0.5 once the translation is undone, and there is structure in
//! all directions. Gain and bias do not matter. If one pair of frames is not enough, as under heavy compression, the
//! spectra of several are added up.
//!
//! The first eight pairs are examined, then every 25th (fewer while no estimate can be trusted). A translation is
//! applied from the first trusted pair on, and kept while nothing better is known; a different one must be seen three
//! times in a row.
//!
//! A translation that the chroma of both pictures can follow is a crop; any other one is a resampling of the distorted
//! picture, combined with its scaling. Both pictures are cut to the area in which the kernel has all its samples.
//!
//! # What is resampled, and how
//! Whatever can be achieved by reading a part of a picture is: [`Picture::crop`] costs nothing, and pictures of one
//! size, sampling and place are returned unchanged. Everything else is a single resampling, directly from the frame's
//! memory, that combines crop, scale and translation: bicubic (Keys 1981, a = −½), centers aligned, widened when it
//! shrinks, cut off at the borders and normalized, as Pillow's `BICUBIC`. Samples keep their depth and range and are
//! rounded to the nearest code; limited range is not clipped to 16..235. Subsampled chroma is read at the positions
//! that its siting gives.
//!
//! The resampled picture takes on the other's chroma sampling and siting; if both are resampled, or if they differ in
//! sampling alone, it is the distorted one. A difference in siting alone causes no resampling.
//!
//! # Why not with a crate
//! `fast_image_resize` (6.1) is fast and resamples a fractional area of u8 and u16. But the area must lie within the
//! picture, whereas that of cosited chroma, or of a picture moved by a quarter pixel, begins outside; overshoots of a
//! 10-bit picture are clamped at 65535 instead of 1023; and both passes round. The loops that prepare tensors have none
//! of these limits, so they are used here.

mod active_area;
mod error;
mod letterbox;
mod orientation;
mod part;
mod phase_correlation;
mod placement;
mod registration;
mod resample;

pub use error::SpaceError;
pub use letterbox::Letterbox;
pub use orientation::Orientation;
pub use registration::SpatialAligner;

use crate::picture::{Picture, Rect};

/// Which picture is scaled when sizes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scale {
    /// The distorted one.
    #[default]
    ToReference,
    /// The reference.
    ToDistorted,
    /// None: sizes that differ are an error.
    None,
}

/// What is searched for before pictures are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Registration {
    /// Nothing: they are compared as they lie.
    #[default]
    None,
    /// Letterbox and pillarbox bars; both pictures are cut to what they have in common.
    Crop,
    /// Also a translation, to a quarter pixel; both pictures are cut to what they then have in common.
    Shift,
}

/// Two pictures of equal size with the same content at the same place.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Aligned<'a> {
    /// The reference, or what is left of it.
    pub reference: Picture<'a>,
    /// The picture that is compared with it.
    pub distorted: Picture<'a>,
    /// How far the distorted content lay to the right of the reference's and below it, in reference pixels, in steps of
    /// a quarter. It has been undone. `None` unless a translation was asked for and can be trusted.
    pub shift: Option<[f64; 2]>,
    /// The common area in the original reference, in whole pixels, before any translation.
    pub reference_crop: Rect,
    /// The same in the original distorted picture.
    pub distorted_crop: Rect,
}

#[cfg(test)]
mod tests;
