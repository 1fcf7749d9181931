// SPDX-License-Identifier: MPL-2.0

//! Where the pixels of one picture lie in another.

use crate::picture::{Component, Picture, Rect};
use crate::resample::FilterTable;

/// The left edge of output column X lies at `origin + step · X` of the source, whose left border is 0; rows likewise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    pub origin: [f64; 2],
    pub step: [f64; 2],
}

impl Placement {
    /// `size` output pixels cover `extent` source pixels starting at `origin`.
    pub fn new(origin: [f64; 2], extent: [f64; 2], size: [u32; 2]) -> Self {
        Self { origin, step: [0, 1].map(|axis| extent[axis] / f64::from(size[axis])) }
    }

    /// The same source, with the output starting at `place`.
    pub fn from(self, place: [f64; 2]) -> Self {
        Self { origin: [0, 1].map(|axis| self.origin[axis] + self.step[axis] * place[axis]), ..self }
    }

    /// If nothing must be resampled: the output as a part of `picture`.
    pub fn part(&self, picture: &Picture<'_>, size: [u32; 2]) -> Option<Rect> {
        let alignment = picture.format().alignment();
        let whole = [picture.width(), picture.height()];
        let fits = |axis: usize| {
            let first = self.origin[axis];
            self.step[axis] == 1.0
                && first >= 0.0
                && first % f64::from(alignment[axis]) == 0.0
                && first + f64::from(size[axis]) <= f64::from(whole[axis])
        };
        let [width, height] = size;
        (fits(0) && fits(1)).then(|| Rect { x: self.origin[0] as u32, y: self.origin[1] as u32, width, height })
    }
}

/// One axis of a component: its subsampling and the position of its samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    sub: u8,
    cosited: bool,
}

impl Grid {
    /// One sample per column (or row), as luma has.
    pub const FULL: Self = Self { sub: 0, cosited: false };

    /// The grid of a component, across (0) or down (1).
    pub fn of(component: &Component, chroma_site: crate::picture::ChromaSite, axis: usize) -> Self {
        match axis {
            0 => Self { sub: component.sub_x, cosited: chroma_site.cosited_x },
            _ => Self { sub: component.sub_y, cosited: chroma_site.cosited_y },
        }
    }

    /// Pixels from one sample to the next.
    fn pitch(self) -> f64 {
        f64::from(1u32 << self.sub)
    }

    /// Distance of the first sample from the border, in pixels.
    fn first(self) -> f64 {
        0.5 + if self.cosited { 0.0 } else { (self.pitch() - 1.0) / 2.0 }
    }

    /// How `outputs` samples on the grid `to` are computed from `inputs` samples on this one; `origin` and `step` are
    /// those of a [`Placement`].
    pub fn filter(self, inputs: u32, to: Self, outputs: u32, origin: f64, step: f64) -> FilterTable {
        // In source pixels, then in samples.
        let sample = |pixels: f64| (pixels - self.first()) / self.pitch() + 0.5;
        let place = |output: f64| sample(origin + step * (to.first() + to.pitch() * output));
        FilterTable::placed(inputs, outputs, place(0.0), place(1.0) - place(0.0))
    }
}
