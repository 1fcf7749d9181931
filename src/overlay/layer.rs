// SPDX-License-Identifier: MPL-2.0

//! What is drawn over a frame, and its samples.

use super::canvas::{Canvas, Rgba};
use super::codes::Code;
use crate::picture::{Component, FrameInfo, PictureError, PlaneMut, Rect};
use std::iter::repeat_n;
use std::sync::Arc;

/// A picture that is drawn over a part of the frame.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Its place, in pixels of the visible picture. It begins and ends at chroma samples, or with the picture.
    pub rect: Rect,
    /// Its content; scaled to the rectangle (bilinearly) if that has a different size.
    pub canvas: Arc<Canvas>,
    /// Changes whenever anything has changed.
    pub serial: u64,
}

/// The rows of a layer's rectangle, in order.
struct Rows<'a> {
    canvas: &'a Canvas,
    rect: Rect,
    /// For each column, the two columns of the canvas it lies between; empty if nothing is scaled.
    columns: Vec<(u32, u32, f32)>,
    /// A row with the canvas's columns, and one with the rectangle's.
    narrow: Vec<[f32; 4]>,
    wide: Vec<Rgba>,
}

impl<'a> Rows<'a> {
    fn of(layer: &'a Layer) -> Self {
        let (canvas, rect) = (&*layer.canvas, layer.rect);
        let scaled = (canvas.width(), canvas.height()) != (rect.width, rect.height);
        let columns = if scaled { 0..rect.width } else { 0..0 };
        let columns = columns.map(|x| neighbors(x, rect.width, canvas.width())).collect();
        Self { canvas, rect, columns, narrow: Vec::new(), wide: Vec::new() }
    }

    fn row(&mut self, y: u32) -> &[Rgba] {
        if self.columns.is_empty() {
            return self.canvas.row(y);
        }
        let (top, bottom, down) = neighbors(y, self.rect.height, self.canvas.height());
        let mix = |one: f32, two: f32, share: f32| one + (two - one) * share;
        let pairs = self.canvas.row(top).iter().zip(self.canvas.row(bottom));
        self.narrow.clear();
        self.narrow.extend(pairs.map(|(top, bottom)| -> [f32; 4] {
            std::array::from_fn(|channel| mix(f32::from(top[channel]), f32::from(bottom[channel]), down))
        }));
        let narrow = &self.narrow;
        let at = |x: u32| narrow.get(x as usize).copied().unwrap_or_default();
        self.wide.clear();
        self.wide.extend(self.columns.iter().map(|&(left, right, across)| -> Rgba {
            let (left, right) = (at(left), at(right));
            std::array::from_fn(|channel| (mix(left[channel], right[channel], across) + 0.5) as u8)
        }));
        &self.wide
    }
}

/// The two samples of a row of `from` samples between which the center of sample `at` of `to` lies, and its distance
/// from the first.
fn neighbors(at: u32, to: u32, from: u32) -> (u32, u32, f32) {
    let last = from.saturating_sub(1);
    let place = ((at as f32 + 0.5) * from as f32 / to.max(1) as f32 - 0.5).clamp(0.0, last as f32);
    let first = place as u32;
    (first, (first + 1).min(last), place - first as f32)
}

/// The rectangle, enlarged until it begins and ends at multiples of `alignment` or with the picture.
pub fn aligned(rect: Rect, alignment: [u32; 2], [width, height]: [u32; 2]) -> Rect {
    let grow = |from: u32, to: u32, step: u32, length: u32| {
        let from = from.min(length) / step * step;
        (from, to.min(length).max(from).next_multiple_of(step).min(length) - from)
    };
    let (x, width) = grow(rect.x, rect.right(), alignment[0], width);
    let (y, height) = grow(rect.y, rect.bottom(), alignment[1], height);
    Rect { x, y, width, height }
}

/// The samples of one component.
#[derive(Debug)]
struct Samples {
    component: &'static Component,
    values: Vec<u16>,
    /// The opacity of each; shared by components with the same subsampling.
    alpha: Arc<[u8]>,
    width: usize,
}

/// A layer as samples of one pixel format.
#[derive(Debug)]
pub struct Prepared {
    serial: u64,
    info: FrameInfo,
    rect: Rect,
    samples: Vec<Samples>,
}

impl Prepared {
    /// The layer for frames of this kind.
    pub fn new(layer: &Layer, info: FrameInfo) -> Self {
        let rect = layer.rect;
        let components: Vec<_> = Code::of(info).collect();
        let mut samples: Vec<Samples> = Vec::new();
        for (index, (first, _)) in components.iter().enumerate() {
            let alike = |other: &Component| (other.sub_x, other.sub_y) == (first.sub_x, first.sub_y);
            if components.iter().take(index).any(|(other, _)| alike(other)) {
                continue;
            }
            let own: Vec<_> = components.iter().filter(|(other, _)| alike(other)).collect();
            let (width, height) = (first.width(rect.width) as usize, first.height(rect.height) as usize);
            let mut values = vec![Vec::with_capacity(width * height); own.len()];
            let mut alpha = Vec::with_capacity(width * height);
            average(layer, first, |color, opacity, count| {
                alpha.extend(repeat_n(opacity, count));
                for (values, (_, code)) in values.iter_mut().zip(&own) {
                    values.extend(repeat_n(code.round(color), count));
                }
            });
            let alpha: Arc<[u8]> = alpha.into();
            let own = own.into_iter().zip(values);
            samples.extend(own.map(|((component, _), values)| {
                let alpha = alpha.clone();
                Samples { component, values, alpha, width }
            }));
        }
        Self { serial: layer.serial, info, rect, samples }
    }

    /// Whether it was made from this layer for such frames.
    pub fn is(&self, layer: &Layer, info: FrameInfo) -> bool {
        self.serial == layer.serial && self.info == info
    }

    /// Draws it over a plane of a frame whose visible part begins at `origin`, a multiple of the format's alignment.
    ///
    /// # Errors
    /// When the plane is too short.
    pub fn blend(&self, index: usize, mut plane: PlaneMut<'_>, origin: [u32; 2]) -> Result<(), PictureError> {
        for samples in self.samples.iter().filter(|samples| usize::from(samples.component.plane) == index) {
            let component = samples.component;
            let (x, y) = (origin[0] + self.rect.x, origin[1] + self.rect.y);
            let (x, y) = (x >> component.sub_x, y >> component.sub_y);
            let rows = samples.values.chunks(samples.width.max(1)).zip(samples.alpha.chunks(samples.width.max(1)));
            for (y, (values, alpha)) in (y..).zip(rows) {
                let row = plane.from_sample(component, x, y);
                let expected = values.len().saturating_sub(1) * usize::from(component.step) + component.bytes();
                if row.len() < expected {
                    return Err(PictureError::Short { plane: index, expected, actual: row.len() });
                }
                blend_row(row, component, values, alpha);
            }
        }
        Ok(())
    }
}

/// Calls `each` with the mean color and opacity of the pixels that a sample of the component covers, and the number of
/// consecutive samples they apply to: most of a drawing has one color.
fn average(layer: &Layer, component: &Component, mut each: impl FnMut([f32; 3], u8, usize)) {
    let (rect, mut rows) = (layer.rect, Rows::of(layer));
    let (across, down) = (1usize << component.sub_x, 1u32 << component.sub_y);
    if across == 1 && down == 1 {
        for y in 0..rect.height {
            for run in rows.row(y).chunk_by(|one, two| one == two) {
                if let Some(&[r, g, b, a]) = run.first() {
                    each([r, g, b].map(f32::from), a, run.len());
                }
            }
        }
        return;
    }
    // One row of samples; no format has more than two rows of pixels per row of samples.
    let (mut upper, mut lower): (Vec<Rgba>, Vec<Rgba>) = Default::default();
    for top in (0..rect.height).step_by(down as usize) {
        upper.clear();
        upper.extend_from_slice(rows.row(top));
        lower.clear();
        if down > 1 && top + 1 < rect.height {
            lower.extend_from_slice(rows.row(top + 1));
        }
        let below = lower.chunks(across).chain(std::iter::repeat(&[][..]));
        let mut run = None::<(Rgba, usize)>;
        for (above, below) in upper.chunks(across).zip(below) {
            let pixels = || above.iter().chain(below);
            let first = above.first().copied().unwrap_or_default();
            let uniform = pixels().all(|pixel| *pixel == first);
            match &mut run {
                Some((color, count)) if uniform && *color == first => {
                    *count += 1;
                    continue;
                }
                _ => end(run.take(), &mut each),
            }
            if uniform {
                run = Some((first, 1));
            } else {
                let (color, alpha) = mean(pixels());
                each(color, alpha, 1);
            }
        }
        end(run, &mut each);
    }
}

/// Emits samples of one color.
fn end(run: Option<(Rgba, usize)>, each: &mut impl FnMut([f32; 3], u8, usize)) {
    if let Some(([r, g, b, a], count)) = run {
        each([r, g, b].map(f32::from), a, count);
    }
}

/// The mean of the colors, weighted by opacity, and the mean of the opacities.
fn mean<'a>(pixels: impl Iterator<Item = &'a Rgba>) -> ([f32; 3], u8) {
    let (mut colors, mut opacity, mut count) = ([0; 3], 0, 0);
    for &[r, g, b, a] in pixels {
        let a = u32::from(a);
        colors.iter_mut().zip([r, g, b]).for_each(|(sum, value)| *sum += u32::from(value) * a);
        (opacity, count) = (opacity + a, count + 1);
    }
    let share = if opacity == 0 { 0.0 } else { 1.0 / opacity as f32 };
    (colors.map(|sum| sum as f32 * share), ((opacity + count / 2) / count.max(1)) as u8)
}

/// Blends samples with those that are present.
fn blend_row(row: &mut [u8], component: &Component, values: &[u16], alpha: &[u8]) {
    let samples = values.iter().zip(alpha);
    let step = usize::from(component.step);
    match (component.bytes(), step) {
        (1, 1) => row.iter_mut().zip(samples).for_each(|(place, (&value, &alpha))| mix_byte(place, value, alpha)),
        (1, _) => {
            let places = row.iter_mut().step_by(step);
            places.zip(samples).for_each(|(place, (&value, &alpha))| mix_byte(place, value, alpha));
        }
        _ => {
            for (place, (&value, &alpha)) in row.chunks_mut(step).zip(samples) {
                if let Some(word) = place.first_chunk_mut::<2>() {
                    *word = mix_word(u16::from_le_bytes(*word), component.shift, value, alpha).to_le_bytes();
                }
            }
        }
    }
}

/// An opacity of up to 255 as a fraction of 256.
fn share(alpha: u8) -> u16 {
    u16::from(alpha) + u16::from(alpha >> 7)
}

#[inline]
fn mix_byte(place: &mut u8, value: u16, alpha: u8) {
    let share = share(alpha);
    // At most 255 × 256 + 128, which fits a u16.
    *place = ((u16::from(*place) * (256 - share) + value * share + 128) >> 8) as u8;
}

/// The bits below a sample in its word are preserved.
#[inline]
fn mix_word(word: u16, shift: u8, value: u16, alpha: u8) -> u16 {
    let share = u32::from(share(alpha));
    let mixed = (u32::from(word >> shift) * (256 - share) + u32::from(value) * share + 128) >> 8;
    (mixed as u16) << shift | word & ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_grow_to_chroma_samples_and_end_with_the_picture() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        let grown = |part| aligned(part, [2, 2], [23, 17]);
        assert_eq!(grown(rect(3, 4, 4, 4)), rect(2, 4, 6, 4));
        assert_eq!(grown(rect(20, 15, 9, 9)), rect(20, 14, 3, 3));
        assert_eq!(grown(rect(90, 90, 9, 9)), rect(22, 16, 1, 1));
        assert_eq!(aligned(rect(5, 1, 1, 1), [4, 1], [23, 17]), rect(4, 1, 4, 1));
        assert_eq!(aligned(rect(u32::MAX, 0, u32::MAX, 2), [1, 1], [8, 8]), rect(8, 0, 0, 2));
    }

    #[test]
    fn opacity_has_both_ends() {
        let mix = |below, value, alpha| {
            let mut place = below;
            mix_byte(&mut place, value, alpha);
            place
        };
        assert_eq!([mix(255, 7, 0), mix(255, 7, 255), mix(0, 255, 255), mix(255, 255, 90)], [255, 7, 255, 255]);
        assert_eq!(mix(100, 200, 128), 150);
        // P010: the six low bits stay.
        assert_eq!(mix_word(0b11_1111, 6, 1023, 255), 0xffff);
        assert_eq!(mix_word(0xabcd, 6, 0, 0), 0xabcd);
        assert_eq!(mix_word(0xffff, 0, 0xffff, 77), 0xffff);
    }

    #[test]
    fn what_is_scaled_reaches_from_end_to_end() {
        assert_eq!(neighbors(0, 100, 2), (0, 1, 0.0));
        assert_eq!(neighbors(99, 100, 2), (1, 1, 0.0));
        let (first, second, share) = neighbors(50, 101, 2);
        assert!((first, second) == (0, 1) && (share - 0.5).abs() < 1e-6);
        assert_eq!(neighbors(3, 7, 1), (0, 0, 0.0));
    }
}
