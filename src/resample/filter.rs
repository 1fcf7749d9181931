// SPDX-License-Identifier: MPL-2.0

//! Resampling along one axis as a sparse matrix: the samples and weights that make up each output sample.
//!
//! Subsampled chroma is not scaled on its own grid: its matrix is the product of "scale" and "linear interpolation to
//! the luma grid", so the result is that of interpolating the whole plane first, edges included.

use std::f64::consts::PI;

/// How values between samples are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// The sample whose area contains the point.
    Nearest,
    /// A triangle of ±1.
    #[default]
    Bilinear,
    /// Keys' cubic with a = -0.5 (Pillow, and PyTorch's `interpolate` with `antialias=True`).
    Bicubic,
    /// Keys' cubic with a = -0.75 (OpenCV, and PyTorch's `interpolate` without antialiasing).
    BicubicOpencv,
    /// The mean over the area that an output pixel covers (OpenCV's INTER_AREA when shrinking).
    Area,
    /// A sinc windowed by a sinc of three times its width, always widened when shrinking (Pillow's `LANCZOS`).
    Lanczos,
}

/// A matrix with a few adjacent nonzero elements per row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FilterTable {
    /// Columns: the number of input samples.
    inputs: u32,
    /// The column of the first element, and the elements, of each row.
    rows: Vec<(u32, Vec<f64>)>,
}

impl FilterTable {
    /// From `inputs` samples to `outputs`.
    ///
    /// With `antialias`, kernels are widened when shrinking, cut off at the borders and normalized, as in PIL; without,
    /// they keep their width and borders are repeated, as in OpenCV.
    pub fn resample(inputs: u32, outputs: u32, filter: Filter, antialias: bool) -> Self {
        let scale = f64::from(inputs) / f64::from(outputs);
        let center = |x: u32| (f64::from(x) + 0.5) * scale;
        let row = |x: u32| match filter {
            _ if inputs == outputs => (x, vec![1.0]),
            Filter::Nearest => {
                let at = (2 * u64::from(x) + 1) * u64::from(inputs) / (2 * u64::from(outputs));
                (at as u32, vec![1.0])
            }
            Filter::Area if scale > 1.0 => covered(x, inputs, outputs),
            Filter::Area => replicated(x, inputs, scale, 1, triangle),
            Filter::Bilinear if antialias => widened(center(x), inputs, scale, 1.0, triangle),
            Filter::Bilinear => replicated(x, inputs, scale, 1, triangle),
            Filter::Bicubic if antialias => widened(center(x), inputs, scale, 2.0, |d| cubic(-0.5, d)),
            Filter::Bicubic => replicated(x, inputs, scale, 2, |d| cubic(-0.5, d)),
            Filter::BicubicOpencv if antialias => widened(center(x), inputs, scale, 2.0, |d| cubic(-0.75, d)),
            Filter::BicubicOpencv => replicated(x, inputs, scale, 2, |d| cubic(-0.75, d)),
            Filter::Lanczos => widened(center(x), inputs, scale, LOBES, lanczos),
        };
        Self { inputs, rows: (0..outputs).map(row).collect() }
    }

    /// From chroma samples to the `outputs` luma samples they belong to, linearly; borders are repeated.
    pub fn interpolate(outputs: u32, sub: u8, cosited: bool) -> Self {
        let inputs = outputs.div_ceil(1 << sub);
        let phase = if cosited { 0.0 } else { 0.5 };
        let row = |x: u32| at_point(inputs, (f64::from(x) + phase) / f64::from(1 << sub) - phase, 1, triangle);
        Self { inputs, rows: (0..outputs).map(row).collect() }
    }

    /// Bicubic (a = −½), antialiased, cut off at the borders and normalized, at any position: the center of output x is
    /// at `first + step * x`, in samples, the left edge of the first sample being 0.
    pub fn placed(inputs: u32, outputs: u32, first: f64, step: f64) -> Self {
        let row = |x: u32| {
            // Beyond the border there is only the last sample.
            let center = (first + f64::from(x) * step).clamp(0.0, f64::from(inputs));
            widened(center, inputs, step, 2.0, |d| cubic(-0.5, d))
        };
        Self { inputs, rows: (0..outputs).map(row).collect() }
    }

    /// Applies `inner` first, then `self`.
    pub fn after(&self, inner: &Self) -> Self {
        let row = |(start, weights): &(u32, Vec<f64>)| {
            let used = &inner.rows[*start as usize..*start as usize + weights.len()];
            let first = used.iter().map(|row| row.0).min().unwrap_or(0);
            let end = used.iter().map(|row| row.0 as usize + row.1.len()).max().unwrap_or(0);
            let mut product = vec![0.0; end - first as usize];
            for (weight, (at, inner_weights)) in weights.iter().zip(used) {
                for (sum, w) in product[(at - first) as usize..].iter_mut().zip(inner_weights) {
                    *sum += weight * w;
                }
            }
            (first, product)
        };
        Self { inputs: inner.inputs, rows: self.rows.iter().map(row).collect() }
    }

    /// Mirrors the output at its borders to `outputs` samples, half of the addition (rounded down) before the first.
    pub fn mirrored(self, outputs: u32) -> Self {
        let length = self.rows.len() as u32;
        if outputs <= length {
            return self;
        }
        let before = i64::from((outputs - length) / 2);
        let rows = (0..i64::from(outputs)).map(|i| self.rows[reflect(i - before, length) as usize].clone()).collect();
        Self { inputs: self.inputs, rows }
    }

    /// The column of the first element, and the elements, of each row.
    pub fn rows(&self) -> &[(u32, Vec<f64>)] {
        &self.rows
    }

    /// In single precision, packed for the loops.
    pub fn pack(&self) -> PackedFilter {
        let trimmed = |(start, weights): &(u32, Vec<f64>)| {
            let zeros = weights.iter().take_while(|w| w.abs() < 1e-9).count();
            let end = weights.iter().rposition(|w| w.abs() >= 1e-9).map_or(zeros, |last| last + 1);
            (*start + zeros as u32, zeros, end)
        };
        let width = self.rows.iter().map(trimmed).map(|(_, zeros, end)| end - zeros).max().unwrap_or(1).max(1);
        let mut axis = PackedFilter { width, ..PackedFilter::default() };
        for row in &self.rows {
            let (start, zeros, end) = trimmed(row);
            // Padded with zeros to `width` after the weights, or before them if that would extend beyond the last
            // sample.
            let moved = start.min(self.inputs - width as u32);
            let lead = (start - moved) as usize;
            let at = axis.weights.len();
            axis.weights.resize(at + width, 0.0);
            for (packed, w) in axis.weights[at + lead..].iter_mut().zip(&row.1[zeros..end]) {
                *packed = *w as f32;
            }
            axis.starts.push(moved);
            axis.counts.push((lead + end - zeros) as u32);
        }
        axis.ascending = axis.starts.is_sorted();
        let padding = [0.0; PackedFilter::PADDING];
        for k in 0..width {
            axis.turned.extend(axis.weights[k..].iter().step_by(width));
            axis.turned.extend(padding);
        }
        axis.starts.extend([axis.starts.last().copied().unwrap_or(0); PackedFilter::PADDING]);
        axis
    }
}

/// Keys' cubic convolution kernel.
fn cubic(a: f64, distance: f64) -> f64 {
    let x = distance.abs();
    if x < 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * a
    } else {
        0.0
    }
}

/// Pillow's a = 3.
const LOBES: f64 = 3.0;

fn lanczos(distance: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) };
    if distance.abs() < LOBES { sinc(distance) * sinc(distance / LOBES) } else { 0.0 }
}

fn triangle(distance: f64) -> f64 {
    (1.0 - distance.abs()).max(0.0)
}

/// Pillow's `precompute_coeffs`.
fn widened(center: f64, inputs: u32, scale: f64, support: f64, kernel: impl Fn(f64) -> f64) -> (u32, Vec<f64>) {
    let stretch = scale.max(1.0);
    let reach = support * stretch;
    let first = (center - reach + 0.5).max(0.0) as u32;
    let end = ((center + reach + 0.5) as u32).min(inputs).max(first + 1);
    // By the reciprocal, as in Pillow: its weights are rounded to integers, which a last bit can change.
    let shrink = 1.0 / stretch;
    let weights: Vec<f64> = (first..end).map(|i| kernel((f64::from(i) - center + 0.5) * shrink)).collect();
    let sum: f64 = weights.iter().sum();
    (first, weights.iter().map(|w| w / sum).collect())
}

/// At the position of output sample `x` on the input's grid (centers aligned).
fn replicated(x: u32, inputs: u32, scale: f64, reach: i64, kernel: impl Fn(f64) -> f64) -> (u32, Vec<f64>) {
    at_point(inputs, (f64::from(x) + 0.5) * scale - 0.5, reach, kernel)
}

/// The kernel at `point`; weights outside go to the first or last sample.
fn at_point(inputs: u32, point: f64, reach: i64, kernel: impl Fn(f64) -> f64) -> (u32, Vec<f64>) {
    let last = i64::from(inputs) - 1;
    let floor = point.floor() as i64;
    let (from, to) = (floor + 1 - reach, floor + reach);
    let first = from.clamp(0, last);
    let mut weights = vec![0.0; (to.clamp(0, last) - first + 1) as usize];
    for i in from..=to {
        weights[(i.clamp(0, last) - first) as usize] += kernel(i as f64 - point);
    }
    (first as u32, weights)
}

/// The share of each input sample in the area that output sample `x` covers.
fn covered(x: u32, inputs: u32, outputs: u32) -> (u32, Vec<f64>) {
    // In units of 1 / outputs of an input sample, everything is an integer.
    let (n, m) = (u64::from(inputs), u64::from(outputs));
    let (from, to) = (u64::from(x) * n, (u64::from(x) + 1) * n);
    let first = from / m;
    let share = |i: u64| (to.min((i + 1) * m) - from.max(i * m)) as f64 / n as f64;
    (first as u32, (first..to.div_ceil(m)).map(share).collect())
}

/// A [`FilterTable`] for the loops: every row has `width` weights.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PackedFilter {
    /// Weights per row.
    pub width: usize,
    /// The first input sample of each output sample, followed by the last one `PADDING` more times.
    pub starts: Vec<u32>,
    /// For each output sample, the number of weights before only zeros follow.
    pub counts: Vec<u32>,
    /// `width` weights per output sample.
    pub weights: Vec<f32>,
    /// The same, transposed: all first weights and `PADDING` zeros, then all second ones, and so on.
    pub turned: Vec<f32>,
    /// Whether starts never decrease.
    pub ascending: bool,
}

impl PackedFilter {
    /// The length of a vector, so that a whole one can be read for the last output.
    const PADDING: usize = 16;

    /// The input samples that the outputs `from..from + length` need: the first, and one past the last.
    pub fn needs(&self, from: usize, length: usize) -> (usize, usize) {
        let starts = &self.starts[from..from + length];
        let first = starts.iter().min().map_or(0, |&s| s as usize);
        let last = starts.iter().max().map_or(0, |&s| s as usize);
        (first, last + self.width)
    }

    /// First input sample and weights of an output sample, without trailing zeros.
    pub fn row(&self, output: usize) -> (usize, &[f32]) {
        let at = output * self.width;
        (self.starts[output] as usize, &self.weights[at..at + self.counts[output] as usize])
    }
}

/// The index of `i`, which may be outside, in a row of `length` mirrored at its ends without repeating them.
pub(crate) fn reflect(i: i64, length: u32) -> u32 {
    if length <= 1 {
        return 0;
    }
    let last = i64::from(length) - 1;
    let folded = i.rem_euclid(2 * last);
    folded.min(2 * last - folded) as u32
}
