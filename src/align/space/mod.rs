// SPDX-License-Identifier: MPL-2.0

//! Alignment in space: letterbox crop, scaling, translation, in this order.
//!
//! [`SpatialAligner`] does all of it for a pair of streams, [`Letterbox`] finds the black bars of one, [`Orientation`]
//! tells when one is turned or mirrored.
//!
//! # What is cut
//! With [`Registration::Crop`] the bars of each stream are found, and the two pictures cut to what they have in common:
//!
//! * **The same place in both**, if both pictures have one shape and what is content begins and ends at about the same
//!   place (within 34 pixels or a twentieth of the side: one may be shifted, with black where there is no picture), or
//!   if the contents have different shapes (one has been blanked). Pictures of one size are cut to exactly equal
//!   rectangles; of different sizes, to the rectangle that corresponds, to a fraction of a pixel.
//! * **Content on content** otherwise: one has bars that the other has not, or others. Contents that differ by no more
//!   than 4 pixels a side are cut to the smaller size, not scaled: compression moves edges by that much.
//!
//! # How a translation is found
//! The pictures are not looked at as a whole but in up to 4 × 3 tiles of up to 128 × 128 pixels of luma (green), half
//! over each other and under a Hann window. The sum of their cross spectra, divided by the power in each (the smoothed
//! coherence transform of Knapp and Carter, "The generalized correlation method for estimation of time delay", IEEE
//! Trans. ASSP 24(4), 1976; of one tile, the phase correlation of Kuglin and Hines, 1975), has its peak at the
//! translation in whole pixels, up to 34 in each direction or three eighths of a tile. With tiles so far apart the rest
//! is the slope of the phase over frequency: the same paper's maximum likelihood, each frequency up to 0.35 cycles a
//! pixel with the weight γ² / (1 − γ²) of its coherence γ.
//!
//! It is trusted if there is texture, the peak is 1.6 times higher than any other, the standard error is at most 0.04
//! pixels, what is left correlates by 0.5 at least, and there is structure in all directions. Gain and bias play no
//! part. Where one pair of frames does not say enough, as under heavy compression, their spectra are added up.
//!
//! The first eight pairs are looked at, then every 25th (less often than each as long as nothing can be trusted). What
//! was found is in force from the first trusted pair on, and stays so while nothing can be said; another translation
//! has to be seen three times in a row.
//!
//! A translation that both pictures' chroma can follow is only a crop; any other one is a resampling of the distorted
//! picture, together with its scaling. Both are cut to the area in which the kernel has all its samples.
//!
//! # What is resampled, and how
//! Whatever can be had by looking at a part of a picture is: [`Picture::crop`] costs nothing, and pictures of one size,
//! sampling and place come back as they were. Everything else is one resampling, straight from the frame's memory, in
//! which crop, scale and translation are one: bicubic (Keys 1981, a = −½), centers aligned, widened when it shrinks, cut
//! off at the borders and normalized, as Pillow's `BICUBIC` does it. Samples keep their depth and range and are rounded
//! to the nearest code; limited range is not clipped to 16..235. Subsampled chroma is taken from where its siting says
//! it is.
//!
//! The picture that is resampled takes on the other's chroma sampling and siting; if both are, or if nothing but the
//! sampling differs, it is the distorted one. Siting alone makes no picture be resampled.
//!
//! # Why not with a crate
//! `fast_image_resize` (6.1) is fast and resamples a fractional cut-out of u8 and u16. But a cut-out has to lie within
//! the picture, and that of cosited chroma, or of a picture moved by a quarter pixel, begins outside; a 10-bit picture's
//! overshoots are clamped at 65535, not at 1023; and both passes round. The loops that prepare tensors have all of that
//! already, so they are used here.

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

/// What is looked for before pictures are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Registration {
    /// Nothing: they lie on each other as they are.
    #[default]
    None,
    /// Letterbox and pillarbox; both are cut to the common picture.
    Crop,
    /// A translation too, to a quarter pixel; both are cut to what they then have in common.
    Shift,
}

/// Two pictures of equal size that show the same at the same place.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Aligned<'a> {
    /// The reference, or what is left of it.
    pub reference: Picture<'a>,
    /// What is to be compared with it.
    pub distorted: Picture<'a>,
    /// By how much the distorted picture's content lay to the right of the reference's and below it, in the
    /// reference's pixels, in steps of a quarter; it has been undone. None unless it was asked for and can be trusted.
    pub shift: Option<[f64; 2]>,
    /// The common picture in the reference as it came, in whole pixels, before any translation.
    pub reference_crop: Rect,
    /// The same in the distorted picture.
    pub distorted_crop: Rect,
}

#[cfg(test)]
mod tests;
