// SPDX-License-Identifier: MPL-2.0

//! The Gaussian windows of SSIM over a band of rows, in f32.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use crate::simd::{LANES, SimdLevel, multiply_add};

/// Pixels a side of a window.
pub(super) const WINDOW: usize = 11;
/// Pixels from a window's middle to its border.
pub(super) const RADIUS: usize = WINDOW / 2;

/// Windows side by side that are worked on at a time, so that what is in use stays in the nearest cache.
const TILE: usize = 128;
/// Columns that they reach over, rounded up, and what the last vector may read too much.
const COLUMNS: usize = TILE + LANES;

/// exp(−r² / 2σ²) with σ = 1.5 for r from 0 to 5, normalized so that eleven of them sum to 1.
pub(super) fn gaussian() -> [f64; RADIUS + 1] {
    let raw: [f64; RADIUS + 1] = std::array::from_fn(|r| (-((r * r) as f64) / (2.0 * 1.5 * 1.5)).exp());
    let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    raw.map(|weight| weight / sum)
}

/// The stabilising constants, and what to add to a sample to get it as it was before it was centerd.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constants {
    pub c1: f32,
    pub c2: f32,
    /// The same for luminance, contrast and structure by themselves.
    pub parts: [f32; 2],
    pub middle: f32,
}

impl Constants {
    /// (K L)² with K₁ = 0.01 and K₂ = 0.03, for samples of which `middle` was subtracted: L is `peak` for SSIM, and 255
    /// for its three parts.
    pub fn new(peak: f64, middle: f64) -> Self {
        let square = |k: f64, peak: f64| ((k * peak) * (k * peak)) as f32;
        let parts = [square(0.01, 255.0), square(0.03, 255.0)];
        Self { c1: square(0.01, peak), c2: square(0.03, peak), parts, middle: middle as f32 }
    }
}

/// Sums over windows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct WindowSums {
    pub ssim: f64,
    pub luminance: f64,
    pub contrast: f64,
    pub structure: f64,
}

impl std::ops::AddAssign for WindowSums {
    fn add_assign(&mut self, other: Self) {
        self.ssim += other.ssim;
        self.luminance += other.luminance;
        self.contrast += other.contrast;
        self.structure += other.structure;
    }
}

/// Moments: the means of a, b, ab and either of a² + b², or of a² and b².
type Moments<T> = [T; 5];

/// Working memory of [`sums`].
pub(super) struct Ring {
    rows: Box<[Moments<[f32; COLUMNS]>; WINDOW]>,
    column: Box<Moments<[f32; COLUMNS]>>,
}

impl Default for Ring {
    fn default() -> Self {
        Self { rows: Box::new([[[0.0; COLUMNS]; 5]; WINDOW]), column: Box::new([[0.0; COLUMNS]; 5]) }
    }
}

/// Rows of two pictures, `stride` numbers apart and `width` long.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub reference: &'a [f32],
    pub distorted: &'a [f32],
    pub stride: usize,
    pub width: usize,
}

/// Sums over all windows whose pixels are in these rows; with `PARTS` those of luminance, contrast and structure
/// too, otherwise only of their product.
#[inline(always)]
pub(super) fn sums<L: SimdLevel, const PARTS: bool>(
    rows: Rows<'_>,
    constants: Constants,
    ring: &mut Ring,
) -> WindowSums {
    let weights = gaussian().map(|weight| weight as f32);
    let mut total = WindowSums::default();
    let count = rows.reference.len() / rows.stride;
    let windows = rows.width.saturating_sub(WINDOW - 1);
    for x in (0..windows).step_by(TILE) {
        let tile = TILE.min(windows - x);
        let used = (tile + WINDOW - 1).next_multiple_of(LANES);
        for y in 0..count {
            let line = y * rows.stride + x..y * rows.stride + x + tile + WINDOW - 1;
            let slot = y % WINDOW;
            products::<L, PARTS>(&rows.reference[line.clone()], &rows.distorted[line], &mut ring.rows[slot]);
            if y + 1 >= WINDOW {
                for m in 0..if PARTS { 5 } else { 4 } {
                    // `slot` is the last row of the window, the one after it in the ring the first.
                    let mut column = [&ring.rows[slot][m]; WINDOW];
                    for k in 0..WINDOW - 1 {
                        column[k] = &ring.rows[(slot + 1 + k) % WINDOW][m];
                    }
                    vertical::<L>(column, &weights, used, &mut ring.column[m]);
                }
                total += horizontal::<L, PARTS>(&ring.column, &weights, tile, constants);
            }
        }
    }
    total
}

/// The moments of single pixels.
#[inline(always)]
fn products<L: SimdLevel, const PARTS: bool>(a: &[f32], b: &[f32], out: &mut Moments<[f32; COLUMNS]>) {
    let [means_a, means_b, both, first, second] = out;
    let length = a.len();
    for x in 0..length {
        let (a, b) = (a[x], b[x]);
        means_a[x] = a;
        means_b[x] = b;
        both[x] = a * b;
        if PARTS {
            first[x] = a * a;
            second[x] = b * b;
        } else {
            first[x] = multiply_add::<L>(a, a, b * b);
        }
    }
}

/// The windows' columns.
#[inline(always)]
fn vertical<L: SimdLevel>(
    rows: [&[f32; COLUMNS]; WINDOW],
    weights: &[f32; RADIUS + 1],
    used: usize,
    out: &mut [f32; COLUMNS],
) {
    for x in (0..used).step_by(LANES) {
        let mut sum = [0.0; LANES];
        for lane in 0..LANES {
            sum[lane] = rows[RADIUS][x + lane] * weights[0];
        }
        for r in 1..=RADIUS {
            for lane in 0..LANES {
                let pair = rows[RADIUS - r][x + lane] + rows[RADIUS + r][x + lane];
                sum[lane] = multiply_add::<L>(pair, weights[r], sum[lane]);
            }
        }
        out[x..x + LANES].copy_from_slice(&sum);
    }
}

/// `LANES` windows from their columns.
#[inline(always)]
fn across<L: SimdLevel>(columns: &[f32], weights: &[f32; RADIUS + 1]) -> [f32; LANES] {
    let columns = &columns[..LANES + WINDOW - 1];
    let mut sum = [0.0; LANES];
    for lane in 0..LANES {
        sum[lane] = columns[RADIUS + lane] * weights[0];
    }
    for r in 1..=RADIUS {
        for lane in 0..LANES {
            let pair = columns[RADIUS - r + lane] + columns[RADIUS + r + lane];
            sum[lane] = multiply_add::<L>(pair, weights[r], sum[lane]);
        }
    }
    sum
}

/// Sums over a row of windows.
#[inline(always)]
fn horizontal<L: SimdLevel, const PARTS: bool>(
    columns: &Moments<[f32; COLUMNS]>,
    weights: &[f32; RADIUS + 1],
    tile: usize,
    constants: Constants,
) -> WindowSums {
    let mut sums = [[0.0f32; LANES]; 4];
    for x in (0..tile).step_by(LANES) {
        let mut moments = [[0.0; LANES]; 5];
        for m in 0..if PARTS { 5 } else { 4 } {
            moments[m] = across::<L>(&columns[m][x..], weights);
        }
        let [a, b, both, first, second] = &moments;
        for lane in 0..LANES {
            let inside = if x + lane < tile { 1.0 } else { 0.0 };
            let values = window::<L, PARTS>([a[lane], b[lane], both[lane], first[lane], second[lane]], constants);
            for i in 0..if PARTS { 4 } else { 1 } {
                sums[i][lane] += values[i] * inside;
            }
        }
    }
    WindowSums {
        ssim: sum_of(&sums[0]),
        luminance: sum_of(&sums[1]),
        contrast: sum_of(&sums[2]),
        structure: sum_of(&sums[3]),
    }
}

#[inline(always)]
fn sum_of(lanes: &[f32; LANES]) -> f64 {
    let mut sum = 0.0;
    for lane in lanes {
        sum += f64::from(*lane);
    }
    sum
}

/// SSIM and its three parts in one window (Wang et al. 2004, equations 6, 9, 10 and 13).
#[inline(always)]
fn window<L: SimdLevel, const PARTS: bool>(moments: [f32; 5], constants: Constants) -> [f32; 4] {
    let [a, b, both, first, second] = moments;
    let Constants { c1, c2, parts: [l1, l2], middle } = constants;
    let (mean_a, mean_b) = (a + middle, b + middle);
    let covariance = multiply_add::<L>(-a, b, both);
    let means = 2.0 * mean_a * mean_b;
    let sse = multiply_add::<L>(mean_a, mean_a, mean_b * mean_b);
    let top = (means + c1) * multiply_add::<L>(2.0, covariance, c2);
    if !PARTS {
        let variances = multiply_add::<L>(-a, a, multiply_add::<L>(-b, b, first));
        return [top / ((sse + c1) * (variances + c2)), 0.0, 0.0, 0.0];
    }
    // As libvmaf: variances cannot be negative, nor can the covariance where there is no variance.
    let variance_a = multiply_add::<L>(-a, a, first).max(0.0);
    let variance_b = multiply_add::<L>(-b, b, second).max(0.0);
    let deviations = (variance_a * variance_b).sqrt();
    let bounded = if deviations <= 0.0 { covariance.max(0.0) } else { covariance };
    let variances = variance_a + variance_b;
    let luminance = (means + l1) / (sse + l1);
    let contrast = multiply_add::<L>(2.0, deviations, l2) / (variances + l2);
    let structure = multiply_add::<L>(0.5, l2, bounded) / multiply_add::<L>(0.5, l2, deviations);
    [top / ((sse + c1) * (variances + c2)), luminance, contrast, structure]
}
