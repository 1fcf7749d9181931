// SPDX-License-Identifier: MPL-2.0

//! Planes of 16-bit samples, with borders for filters.

use super::taps::{OFFSET, REACH, TILE, reflected};
use crate::metrics::pair::Component;
use crate::metrics::samples::Samples;
use crate::metrics::workers::Workers;

/// Rows per thread. Even, so that pairs of rows stay together.
pub const BAND: usize = 32;

/// 16-bit samples, less [`OFFSET`], with [`REACH`] mirrored samples on either side of each row.
#[derive(Default)]
pub struct Plane {
    data: Vec<i16>,
    pub width: usize,
    pub height: usize,
    stride: usize,
}

impl Plane {
    /// Sets the size; the content is then undefined.
    pub fn resize(&mut self, width: usize, height: usize) {
        let stride = width.next_multiple_of(TILE) + 2 * REACH;
        if (self.width, self.height) != (width, height) {
            *self = Self { data: vec![0; stride * height], width, height, stride };
        }
    }

    /// A row, from [`REACH`] samples left of the picture to beyond its right border.
    #[inline(always)]
    pub fn row(&self, y: usize) -> &[i16] {
        &self.data[y * self.stride..][..self.stride]
    }

    /// Row `y`, mirrored at the borders of the picture.
    #[inline(always)]
    pub fn reflected_row(&self, y: isize) -> &[i16] {
        self.row(reflected(y, self.height))
    }

    /// Bands of `rows` rows each, for writing.
    pub fn bands(&mut self, rows: usize) -> impl Iterator<Item = Rows<'_>> {
        let (width, stride) = (self.width, self.stride);
        self.data.chunks_mut((stride * rows).max(1)).map(move |data| Rows { data, width, stride })
    }

    /// Loads a component's samples. With a `peak`, they are converted to the common depth and range, and rounded.
    pub fn fill(&mut self, workers: &Workers, samples: &Samples<'_>, peak: Option<f32>) {
        self.resize(samples.width(), samples.height());
        let pixels = self.width * self.height;
        let bands: Vec<_> = self.bands(BAND).collect();
        workers.over(bands, pixels, |index, mut rows, _| {
            for y in 0..rows.count() {
                load(samples, peak, index * BAND + y, rows.row(y), |sample| (sample - OFFSET) as i16);
                rows.mirror(y);
            }
        });
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.data[..])
    }
}

/// The greatest sample of `depth` bits, if the two pictures' samples have to be converted to a common depth and range.
pub fn peak(component: &Component<'_>, depth: u8) -> Option<f32> {
    (!component.same).then(|| f32::from((1u16 << depth) - 1))
}

/// Loads a row of samples, as converted by `store`. With a `peak`, they are first converted to the common depth and
/// range, and rounded.
#[inline(always)]
pub fn load<T>(samples: &Samples<'_>, peak: Option<f32>, y: usize, out: &mut [T], store: impl Fn(i32) -> T) {
    if let Some(peak) = peak {
        let mut numbers = vec![0.0; out.len()];
        samples.load(y, &mut numbers);
        out.iter_mut().zip(&numbers).for_each(|(out, sample)| *out = store(sample.round().clamp(0.0, peak) as i32));
    } else if let (8, Some(bytes)) = (samples.depth(), samples.bytes(y)) {
        out.iter_mut().zip(bytes).for_each(|(out, sample)| *out = store(i32::from(*sample)));
    } else {
        let mut whole = vec![0; out.len()];
        samples.whole(y, &mut whole);
        out.iter_mut().zip(&whole).for_each(|(out, sample)| *out = store(i32::from(*sample)));
    }
}

/// Some rows of a plane, for writing.
pub struct Rows<'a> {
    data: &'a mut [i16],
    width: usize,
    stride: usize,
}

impl Rows<'_> {
    pub fn count(&self) -> usize {
        self.data.len() / self.stride.max(1)
    }

    /// The samples of a row within the picture.
    #[inline(always)]
    pub fn row(&mut self, y: usize) -> &mut [i16] {
        &mut self.data[y * self.stride + REACH..][..self.width]
    }

    /// Fills the borders of a row.
    pub fn mirror(&mut self, y: usize) {
        let row = &mut self.data[y * self.stride..][..self.stride];
        for x in 1..=REACH {
            row[REACH - x] = row[REACH + reflected(-(x as isize), self.width)];
            let right = self.width - 1 + x;
            row[REACH + right] = row[REACH + reflected(right as isize, self.width)];
        }
    }
}
