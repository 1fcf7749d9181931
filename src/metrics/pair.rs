// SPDX-License-Identifier: MPL-2.0

//! Two pictures, brought to one depth and range.

use super::error::MetricsError;
use super::range::{Affine, Kind, SampleRange};
use super::samples::{Luma, Samples};
use super::scale::{Scale, Source};
use super::ssim_window::Constants;
use crate::picture::{Family, Picture};

/// The middle of the range of 8-bit samples. Luma is taken relative to it, because f32 is more exact for small numbers.
pub(super) const MIDDLE: f64 = 128.0;

/// Two pictures of the same size and family.
pub(super) struct Pair<'a> {
    /// The reference and the distorted picture.
    pictures: [&'a Picture<'a>; 2],
    /// Bit depth of the deeper one.
    depth: u8,
}

/// The same component of the two pictures.
#[derive(Clone, Copy)]
pub(super) struct Component<'a> {
    pub samples: [Samples<'a>; 2],
    /// Depth and range are the same.
    pub same: bool,
}

impl Component<'_> {
    /// How many samples there are.
    pub fn count(&self) -> usize {
        self.samples[0].width() * self.samples[0].height()
    }
}

impl<'a> Pair<'a> {
    pub fn new(reference: &'a Picture<'a>, distorted: &'a Picture<'a>) -> Result<Self, MetricsError> {
        let size = |picture: &Picture<'_>| [picture.width(), picture.height()];
        if size(reference) != size(distorted) {
            return Err(MetricsError::Size { reference: size(reference), distorted: size(distorted) });
        }
        let rgb = |picture: &Picture<'_>| picture.format().family() == Family::Rgb;
        if rgb(reference) != rgb(distorted) {
            return Err(MetricsError::Family { reference: reference.format(), distorted: distorted.format() });
        }
        let depth = |picture: &Picture<'_>| picture.format().components()[0].depth;
        Ok(Self { pictures: [reference, distorted], depth: depth(reference).max(depth(distorted)) })
    }

    /// Whether the pictures are R'G'B'.
    pub fn rgb(&self) -> bool {
        self.pictures[0].format().family() == Family::Rgb
    }

    /// Bit depth at which the two are compared.
    pub fn depth(&self) -> u8 {
        self.depth
    }

    /// The greatest sample value.
    pub fn peak(&self) -> f64 {
        f64::from((1u32 << self.depth) - 1)
    }

    fn kind(&self, component: usize) -> Kind {
        if component == 0 || self.rgb() { Kind::Light } else { Kind::Chroma }
    }

    /// The conversion of a component, if it exists, to the common depth and range.
    fn affine(&self, side: usize, component: usize) -> Option<Affine> {
        let kind = self.kind(component);
        let picture = self.pictures[side];
        let common = SampleRange::new(kind, self.depth, self.pictures[0].colorimetry().range);
        let own =
            SampleRange::new(kind, picture.format().components().get(component)?.depth, picture.colorimetry().range);
        Some(own.to(&common))
    }

    /// Whether both pictures have the same components in the same sizes.
    pub fn same_sizes(&self) -> bool {
        let sizes = self.pictures.map(|picture| {
            let sub = picture.format().components().iter().map(|component| [component.sub_x, component.sub_y]);
            sub.collect::<Vec<_>>()
        });
        sizes[0] == sizes[1]
    }

    /// The components that both have in the same size.
    pub fn components(&self) -> impl Iterator<Item = Component<'_>> {
        let count = if self.same_sizes() { self.pictures[0].format().components().len() } else { 1 };
        (0..count).filter_map(|index| self.component(index))
    }

    fn component(&self, index: usize) -> Option<Component<'_>> {
        let affine = [self.affine(0, index)?, self.affine(1, index)?];
        let samples = |side: usize| Samples::new(self.pictures[side], index, affine[side]);
        Some(Component { samples: [samples(0)?, samples(1)?], same: affine == [Affine::SAME; 2] })
    }

    /// The constants of SSIM for luma in units of 8-bit samples.
    pub fn constants(&self) -> Constants {
        Constants::new(self.peak() / self.unit(), MIDDLE)
    }

    /// The step of an 8-bit sample at the common depth.
    fn unit(&self) -> f64 {
        f64::from(1u32 << (self.depth - 8))
    }

    /// The luma of both, less the middle, in units of 8-bit samples.
    pub fn luma(&self) -> Scale<'_> {
        let [width, height] = [self.pictures[0].width(), self.pictures[0].height()].map(|side| side as usize);
        let sources = [0, 1].map(|side| {
            Source::Picture(self.luma_of(side).expect("every format has a first component, R'G'B' has three"))
        });
        Scale { sources, stored: self.luma_stored(), width, height }
    }

    fn luma_of(&self, side: usize) -> Option<Luma<'_>> {
        let unit = self.unit();
        let samples = |index: usize| {
            let affine = self.affine(side, index)?.centered(MIDDLE * unit, 1.0 / unit);
            Samples::new(self.pictures[side], index, affine)
        };
        if !self.rgb() {
            return Some(Luma::Stored(samples(0)?));
        }
        let (kr, kb) = self.pictures[0].colorimetry().matrix.weights();
        let weights = [kr, 1.0 - kr - kb, kb].map(|weight| weight as f32);
        Some(Luma::Mixed([samples(0)?, samples(1)?, samples(2)?], weights))
    }

    /// Luma as stored, if it is integers of up to 12 bits that need no conversion.
    fn luma_stored(&self) -> Option<[Samples<'_>; 2]> {
        let luma = self.component(0)?;
        (luma.same && self.depth <= 12 && !self.rgb()).then_some(luma.samples)
    }
}
