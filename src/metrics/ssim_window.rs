// SPDX-License-Identifier: MPL-2.0

//! SSIM and its parts for MS-SSIM over all Gaussian windows of a band of rows, in f32.
//!
//! Sums have the same bits at every level, and whatever else is summed: each operation is rounded once, and lanes are
//! added in order.

use super::fused::fused;
use crate::simd::{LANES, SimdLevel};

/// The side of a window, in pixels.
pub(super) const WINDOW: usize = 11;
/// Pixels from a window's center to its border.
pub(super) const RADIUS: usize = WINDOW / 2;

/// Windows per tile, chosen so that the working set stays in the first-level cache.
const TILE: usize = 128;
/// The deficit of libvmaf's variances, relative to the squared mean. Its weights have six digits, so those of one side
/// sum to s = 1.000002. Its means, and its means of squares, are s² times those with weights that sum to 1, and s² x² −
/// (s² x)² is −(s⁴ − s²) x² instead of 0. In flat parts of a picture, this changes the third digit of SSIM.
const EXCESS: f32 = 4.00002e-6;

/// Columns covered by a tile, rounded up, and what the last vector may read beyond them.
const COLUMNS: usize = TILE + LANES;

/// exp(−r² / 2σ²) with σ = 1.5 for r from 0 to 5, normalized so that the eleven weights sum to 1.
pub(super) fn gaussian() -> [f64; RADIUS + 1] {
    let raw: [f64; RADIUS + 1] = std::array::from_fn(|r| (-((r * r) as f64) / (2.0 * 1.5 * 1.5)).exp());
    let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    raw.map(|weight| weight / sum)
}

/// The stabilizing constants, and the value that was subtracted to center samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constants {
    pub c1: f32,
    pub c2: f32,
    /// The same for luminance, contrast and structure.
    pub parts: [f32; 2],
    pub middle: f32,
}

impl Constants {
    /// (K L)² with K₁ = 0.01 and K₂ = 0.03, for samples from which `middle` was subtracted. L is `peak` for SSIM, and
    /// 255 for its three parts.
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
    pub parts: Parts<f64>,
}

/// The three parts of SSIM, for MS-SSIM.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Parts<T> {
    pub luminance: T,
    pub contrast: T,
    pub structure: T,
}

impl std::ops::AddAssign for WindowSums {
    fn add_assign(&mut self, other: Self) {
        self.ssim += other.ssim;
        self.parts.luminance += other.parts.luminance;
        self.parts.contrast += other.parts.contrast;
        self.parts.structure += other.parts.structure;
    }
}

/// The number of windows along a side.
pub(super) fn windows(side: usize) -> usize {
    side.saturating_sub(WINDOW - 1)
}

/// The means of a, b, ab, a² + b², a² and b².
type Moments<T> = [T; 6];

/// Whether a moment is needed: the fourth for SSIM, the last two for its parts and for libvmaf's SSIM.
const fn needed<const SSIM: bool, const PARTS: bool, const FLOAT: bool>(moment: usize) -> bool {
    match moment {
        3 => SSIM,
        4 | 5 => PARTS || FLOAT,
        _ => true,
    }
}

/// Working memory of [`sums`].
pub(super) struct Ring(Box<Memory>);

/// Aligned, because a vector across two cache lines takes two loads.
#[repr(C, align(64))]
struct Memory {
    rows: [Moments<[f32; COLUMNS]>; WINDOW],
    column: Moments<[f32; COLUMNS]>,
}

impl Default for Ring {
    fn default() -> Self {
        Self(Box::new(Memory { rows: [[[0.0; COLUMNS]; 6]; WINDOW], column: [[0.0; COLUMNS]; 6] }))
    }
}

/// Rows of two pictures, `width` numbers long, one after another.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub reference: &'a [f32],
    pub distorted: &'a [f32],
    pub width: usize,
}

/// Sums over all windows whose pixels are in these rows: of SSIM with `SSIM`, of SSIM as in libvmaf with `FLOAT`, of
/// SSIM's three parts with `PARTS`.
#[inline(always)]
pub(super) fn sums<L: SimdLevel, const SSIM: bool, const PARTS: bool, const FLOAT: bool>(
    rows: Rows<'_>,
    constants: Constants,
    ring: &mut Ring,
) -> WindowSums {
    let Memory { rows: ring, column: columns } = &mut *ring.0;
    let weights = gaussian().map(|weight| weight as f32);
    let mut total = WindowSums::default();
    let count = rows.reference.len() / rows.width;
    let windows = windows(rows.width);
    for x in (0..windows).step_by(TILE) {
        let tile = TILE.min(windows - x);
        let used = (tile + WINDOW - 1).next_multiple_of(LANES);
        for y in 0..count {
            let line = y * rows.width + x..y * rows.width + x + tile + WINDOW - 1;
            let slot = y % WINDOW;
            products::<L, SSIM, PARTS, FLOAT>(&rows.reference[line.clone()], &rows.distorted[line], &mut ring[slot]);
            if y + 1 >= WINDOW {
                for m in 0..6 {
                    if !needed::<SSIM, PARTS, FLOAT>(m) {
                        continue;
                    }
                    // `slot` is the last row of the window; the next one in the ring is its first.
                    let mut column = [&ring[slot][m]; WINDOW];
                    for k in 0..WINDOW - 1 {
                        column[k] = &ring[(slot + 1 + k) % WINDOW][m];
                    }
                    vertical::<L>(column, &weights, used, &mut columns[m]);
                }
                total += horizontal::<L, SSIM, PARTS, FLOAT>(columns, &weights, tile, constants);
            }
        }
    }
    total
}

/// The moments of single pixels.
#[inline(always)]
fn products<L: SimdLevel, const SSIM: bool, const PARTS: bool, const FLOAT: bool>(
    a: &[f32],
    b: &[f32],
    out: &mut Moments<[f32; COLUMNS]>,
) {
    let [means_a, means_b, both, sum, first, second] = out;
    let length = a.len();
    for x in 0..length {
        let (a, b) = (a[x], b[x]);
        means_a[x] = a;
        means_b[x] = b;
        both[x] = a * b;
        if SSIM {
            sum[x] = fused::<L>(a, a, b * b);
        }
        if PARTS || FLOAT {
            first[x] = a * a;
            second[x] = b * b;
        }
    }
}

/// The vertical filter.
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
                sum[lane] = fused::<L>(pair, weights[r], sum[lane]);
            }
        }
        out[x..x + LANES].copy_from_slice(&sum);
    }
}

/// The horizontal filter: `LANES` windows from their columns.
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
            sum[lane] = fused::<L>(pair, weights[r], sum[lane]);
        }
    }
    sum
}

/// Sums over a row of windows.
#[inline(always)]
fn horizontal<L: SimdLevel, const SSIM: bool, const PARTS: bool, const FLOAT: bool>(
    columns: &Moments<[f32; COLUMNS]>,
    weights: &[f32; RADIUS + 1],
    tile: usize,
    constants: Constants,
) -> WindowSums {
    let mut sums = [[0.0f32; LANES]; 4];
    for x in (0..tile).step_by(LANES) {
        let mut moments = [[0.0; LANES]; 6];
        for m in 0..6 {
            if needed::<SSIM, PARTS, FLOAT>(m) {
                moments[m] = across::<L>(&columns[m][x..], weights);
            }
        }
        let [a, b, both, sum, first, second] = &moments;
        for lane in 0..LANES {
            let inside = if x + lane < tile { 1.0 } else { 0.0 };
            let common = Common::new::<L>(a[lane], b[lane], both[lane], constants);
            if SSIM {
                sums[0][lane] += common.ssim::<L>(sum[lane], constants) * inside;
            }
            if FLOAT {
                sums[0][lane] += common.float_ssim::<L>(first[lane], second[lane], constants) * inside;
            }
            if PARTS {
                let parts = common.parts::<L>(first[lane], second[lane], constants);
                sums[1][lane] += parts.luminance * inside;
                sums[2][lane] += parts.contrast * inside;
                sums[3][lane] += parts.structure * inside;
            }
        }
    }
    let [ssim, luminance, contrast, structure] = &sums;
    let parts = Parts { luminance: sum_of(luminance), contrast: sum_of(contrast), structure: sum_of(structure) };
    WindowSums { ssim: sum_of(ssim), parts }
}

#[inline(always)]
fn sum_of(lanes: &[f32; LANES]) -> f64 {
    let mut sum = 0.0;
    for lane in lanes {
        sum += f64::from(*lane);
    }
    sum
}

/// Terms that SSIM and its parts share, for one window.
#[derive(Clone, Copy)]
struct Common {
    /// The means of the samples less the middle.
    a: f32,
    b: f32,
    covariance: f32,
    /// 2 μₐμᵦ of the uncentered samples.
    means: f32,
    /// μₐ² + μᵦ²
    squares: f32,
}

impl Common {
    #[inline(always)]
    fn new<L: SimdLevel>(a: f32, b: f32, both: f32, constants: Constants) -> Self {
        let (mean_a, mean_b) = (a + constants.middle, b + constants.middle);
        Self {
            a,
            b,
            covariance: fused::<L>(-a, b, both),
            means: 2.0 * mean_a * mean_b,
            squares: fused::<L>(mean_a, mean_a, mean_b * mean_b),
        }
    }

    /// Wang et al. 2004, equation 13; `sum` is the mean of a² + b².
    #[inline(always)]
    fn ssim<L: SimdLevel>(self, sum: f32, constants: Constants) -> f32 {
        let Constants { c1, c2, .. } = constants;
        let variances = fused::<L>(-self.a, self.a, fused::<L>(-self.b, self.b, sum));
        let top = (self.means + c1) * fused::<L>(2.0, self.covariance, c2);
        top / ((self.squares + c1) * (variances + c2))
    }

    /// The same as in libvmaf; `first` and `second` are the means of a² and b². Variances cannot be negative, and the
    /// covariance is not negative where there is no variance.
    #[inline(always)]
    fn float_ssim<L: SimdLevel>(self, first: f32, second: f32, constants: Constants) -> f32 {
        let [c1, c2] = constants.parts;
        let [mean_a, mean_b] = [self.a + constants.middle, self.b + constants.middle];
        let variance_a = fused::<L>(-EXCESS * mean_a, mean_a, fused::<L>(-self.a, self.a, first)).max(0.0);
        let variance_b = fused::<L>(-EXCESS * mean_b, mean_b, fused::<L>(-self.b, self.b, second)).max(0.0);
        let covariance = fused::<L>(-EXCESS * mean_a, mean_b, self.covariance);
        let flat = variance_a * variance_b <= 0.0;
        let covariance = if flat { covariance.max(0.0) } else { covariance };
        let top = (self.means + c1) * fused::<L>(2.0, covariance, c2);
        top / ((self.squares + c1) * (variance_a + variance_b + c2))
    }

    /// Equations 6, 9 and 10; `first` and `second` are the means of a² and b².
    #[inline(always)]
    fn parts<L: SimdLevel>(self, first: f32, second: f32, constants: Constants) -> Parts<f32> {
        let [l1, l2] = constants.parts;
        // As in libvmaf: variances cannot be negative, and the covariance is not negative where there is no variance.
        let variance_a = fused::<L>(-self.a, self.a, first).max(0.0);
        let variance_b = fused::<L>(-self.b, self.b, second).max(0.0);
        let deviations = (variance_a * variance_b).sqrt();
        let bounded = if deviations <= 0.0 { self.covariance.max(0.0) } else { self.covariance };
        Parts {
            luminance: (self.means + l1) / (self.squares + l1),
            contrast: fused::<L>(2.0, deviations, l2) / (variance_a + variance_b + l2),
            structure: fused::<L>(0.5, l2, bounded) / fused::<L>(0.5, l2, deviations),
        }
    }
}
