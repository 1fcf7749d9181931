// SPDX-License-Identifier: MPL-2.0

//! A translation between the two streams, as far as signatures reveal it.
//!
//! A picture shifted slightly against its reference resembles another frame of a panning shot more than its own. Before
//! an offset is found, the translation common to a run of frames is therefore estimated together with it: for every
//! offset in reach by iterated least squares (Lucas and Kanade 1981), from coarse to fine; the offset with the least
//! residual determines the translation. It is then removed from the signatures: each side is moved by half of it, so
//! that interpolation softens both alike, and only the common part is compared.

use crate::align::time::{COLUMNS, ROWS, Signature};

/// The largest translation considered, in cells: a tenth of a picture's width.
const FAR: f64 = 6.4;

/// A smaller translation is ignored, in cells: a sixteenth of a pixel at 640 pixels per row.
const NEAR: f64 = 0.006;

/// Share of the residual that an accepted translation may leave.
const HELPS: f64 = 0.6;

/// Share of the motion that a translation may leave to count as camera motion.
const PAN: f64 = 0.6;

/// Residual beyond which no offset fits, relative to the distance between consecutive references: a frame differs from
/// its own reference by little of that, from another one by more.
const STRANGE: f64 = 0.3;

/// How far the distorted picture lies to the right and below, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Shift {
    pub x: f64,
    pub y: f64,
}

impl Shift {
    pub fn is_none(self) -> bool {
        self.x == 0.0 && self.y == 0.0
    }

    pub fn half(self, sign: f64) -> Self {
        Self { x: 0.5 * sign * self.x, y: 0.5 * sign * self.y }
    }

    pub fn length(self) -> f64 {
        self.x.hypot(self.y)
    }
}

/// A small picture.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    width: usize,
    height: usize,
    cells: Vec<f32>,
}

impl Grid {
    /// The cells of a signature, smoothed for interpolation.
    pub fn of(signature: &Signature) -> Self {
        Self { width: COLUMNS, height: ROWS, cells: signature.cells().to_vec() }.smooth()
    }

    fn smooth(mut self) -> Self {
        let (w, h) = (self.width, self.height);
        for row in self.cells.chunks_exact_mut(w) {
            let mut left = row[0];
            for x in 0..w {
                let right = row[(x + 1).min(w - 1)];
                let new = 0.25 * (left + right) + 0.5 * row[x];
                left = std::mem::replace(&mut row[x], new);
            }
        }
        let mut above = self.cells[..w].to_vec();
        for y in 0..h {
            for (x, above) in above.iter_mut().enumerate() {
                let below = self.cells[(y + 1).min(h - 1) * w + x];
                let here = &mut self.cells[y * w + x];
                let new = 0.25 * (*above + below) + 0.5 * *here;
                *above = std::mem::replace(here, new);
            }
        }
        self
    }

    /// Half as wide and high.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut cells = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let at = 2 * y * self.width + 2 * x;
                let below = at + self.width;
                let sum = self.cells[at] + self.cells[at + 1] + self.cells[below] + self.cells[below + 1];
                cells.push(0.25 * sum);
            }
        }
        Self { width, height, cells }
    }

    /// Cells on each side that are ignored.
    fn margins(&self, shift: Shift) -> [usize; 2] {
        let margin = |by: f64, side: usize| ((0.5 * by.abs()).ceil() as usize + 1).min((side - 2) / 2);
        [margin(shift.x, self.width), margin(shift.y, self.height)]
    }

    /// The picture at `x + shift` inside the margins; zero mean, unit length.
    fn sampled(&self, shift: Shift, [mx, my]: [usize; 2], out: &mut Vec<f32>) {
        out.clear();
        let (ix, iy) = (shift.x.floor(), shift.y.floor());
        let (fx, fy) = ((shift.x - ix) as f32, (shift.y - iy) as f32);
        let clamp = |at: isize, side: usize| at.clamp(0, side as isize - 1) as usize;
        for y in my..self.height - my {
            let top = clamp(y as isize + iy as isize, self.height) * self.width;
            let bottom = clamp(y as isize + iy as isize + 1, self.height) * self.width;
            for x in mx..self.width - mx {
                let left = clamp(x as isize + ix as isize, self.width);
                let right = clamp(x as isize + ix as isize + 1, self.width);
                let above = self.cells[top + left] * (1.0 - fx) + self.cells[top + right] * fx;
                let below = self.cells[bottom + left] * (1.0 - fx) + self.cells[bottom + right] * fx;
                out.push(above * (1.0 - fy) + below * fy);
            }
        }
        unit(out);
    }

    /// All cells, 0 in the margins, moved by one half of a translation.
    pub fn moved(&self, shift: Shift, half: Shift) -> Vec<f32> {
        let margins = self.margins(shift);
        let mut inner = Vec::new();
        self.sampled(half, margins, &mut inner);
        let mut cells = vec![0.0; self.cells.len()];
        let width = self.width - 2 * margins[0];
        for (row, y) in inner.chunks_exact(width).zip(margins[1]..) {
            cells[y * self.width + margins[0]..][..width].copy_from_slice(row);
        }
        cells
    }
}

/// Zero mean, unit length.
fn unit(values: &mut [f32]) {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let mut square = 0.0;
    for value in values.iter_mut() {
        *value -= mean;
        square += *value * *value;
    }
    let scale = (square + values.len() as f32 / (255.0 * 255.0)).sqrt().recip();
    values.iter_mut().for_each(|value| *value *= scale);
}

/// A picture in three sizes, the smallest first.
#[derive(Debug)]
pub(super) struct Pyramid([Grid; 3]);

impl Pyramid {
    pub fn of(signature: &Signature) -> Self {
        let fine = Grid::of(signature);
        let middle = fine.halved();
        Self([middle.halved(), middle, fine])
    }
}

/// One least-squares step on pairs of one size: the mean distance at `shift`, and a better shift.
fn fit(pairs: &[(&Pyramid, &Pyramid)], level: usize, shift: Shift, memory: &mut [Vec<f32>; 2]) -> (f64, Shift) {
    let [distorted, reference] = memory;
    let (mut normal, mut right, mut residual) = ([0.0f64; 3], [0.0f64; 2], 0.0f64);
    for (d, r) in pairs {
        let grid = &d.0[level];
        let margins = grid.margins(shift);
        grid.sampled(shift.half(1.0), margins, distorted);
        r.0[level].sampled(shift.half(-1.0), margins, reference);
        let width = grid.width - 2 * margins[0];
        let height = grid.height - 2 * margins[1];
        let (mut n, mut b, mut e) = ([0.0f32; 3], [0.0f32; 2], 0.0f32);
        for y in 0..height {
            for x in 0..width {
                let at = y * width + x;
                let difference = reference[at] - distorted[at];
                e += difference * difference;
                if x > 0 && y > 0 && x + 1 < width && y + 1 < height {
                    let slope = |by: usize| {
                        0.25 * (distorted[at + by] - distorted[at - by] + reference[at + by] - reference[at - by])
                    };
                    let (gx, gy) = (slope(1), slope(width));
                    n = [n[0] + gx * gx, n[1] + gx * gy, n[2] + gy * gy];
                    b = [b[0] + gx * difference, b[1] + gy * difference];
                }
            }
        }
        residual += 0.5 * f64::from(e);
        (0..3).for_each(|i| normal[i] += f64::from(n[i]));
        (0..2).for_each(|i| right[i] += f64::from(b[i]));
    }
    let determinant = normal[0] * normal[2] - normal[1] * normal[1];
    let mut better = shift;
    if determinant > 1e-6 * (normal[0] + normal[2]).powi(2) {
        let x = (normal[2] * right[0] - normal[1] * right[1]) / determinant;
        let y = (normal[0] * right[1] - normal[1] * right[0]) / determinant;
        let far = FAR * grid_scale(level);
        better.x = (shift.x + x.clamp(-1.0, 1.0)).clamp(-far, far);
        better.y = (shift.y + y.clamp(-1.0, 1.0)).clamp(-far, far);
    }
    (residual / pairs.len().max(1) as f64, better)
}

/// Cells of a level per cell of the finest.
fn grid_scale(level: usize) -> f64 {
    0.5f64.powi(2 - level as i32)
}

/// Iterated least squares at one size.
fn refine(
    pairs: &[(&Pyramid, &Pyramid)],
    level: usize,
    mut shift: Shift,
    times: usize,
    memory: &mut [Vec<f32>; 2],
) -> (f64, Shift) {
    for _ in 0..times {
        shift = fit(pairs, level, shift, memory).1;
    }
    (fit(pairs, level, shift, memory).0, shift)
}

/// The translation common to the pairs of the best of several offsets; `None` if none can be accepted.
///
/// `candidates` contains for each offset the pairs that it produces; `step` is the distance between consecutive
/// references.
pub(super) fn search(candidates: &[Vec<(&Pyramid, &Pyramid)>], step: f64) -> Option<Shift> {
    let memory = &mut [Vec::new(), Vec::new()];
    let still = |pairs: &[_], level, memory: &mut _| fit(pairs, level, Shift::default(), memory).0;
    // Without a translation.
    let mut lying: Vec<(f64, usize)> =
        candidates.iter().enumerate().map(|(n, pairs)| (still(pairs, 1, memory), n)).collect();
    lying.sort_by(|a, b| a.0.total_cmp(&b.0));
    let unmoved = lying.iter().take(3).map(|&(_, n)| still(&candidates[n], 2, memory)).fold(f64::INFINITY, f64::min);
    // With a translation.
    let mut moved: Vec<(f64, Shift, usize)> = Vec::new();
    for (n, pairs) in candidates.iter().enumerate() {
        let (residual, shift) = refine(pairs, 0, Shift::default(), 4, memory);
        moved.push((residual, shift, n));
    }
    for (level, kept, times) in [(1, 12, 3), (2, 4, 3)] {
        moved.sort_by(|a, b| a.0.total_cmp(&b.0));
        moved.truncate(kept);
        for (residual, shift, n) in &mut moved {
            let finer = Shift { x: 2.0 * shift.x, y: 2.0 * shift.y };
            (*residual, *shift) = refine(&candidates[*n], level, finer, times, memory);
        }
    }
    let (residual, shift, n) = moved.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let least = unmoved.min(back(&candidates[n], shift, memory));
    (shift.length() >= NEAR && residual < HELPS * least && residual < STRANGE * step).then_some(shift)
}

/// The mean distance after the opposite translation. Interpolation smooths noise equally there, so a translation that
/// only smooths is no better.
fn back(pairs: &[(&Pyramid, &Pyramid)], shift: Shift, memory: &mut [Vec<f32>; 2]) -> f64 {
    fit(pairs, 2, Shift { x: -shift.x, y: -shift.y }, memory).0
}

/// Refines a translation on known pairs.
pub(super) fn follow(pairs: &[(&Pyramid, &Pyramid)], shift: Shift) -> Option<Shift> {
    let memory = &mut [Vec::new(), Vec::new()];
    let before = fit(pairs, 2, shift, memory).0;
    let (residual, better) = refine(pairs, 2, shift, 3, memory);
    let by = (better.x - shift.x).hypot(better.y - shift.y);
    let enough = match shift.is_none() {
        true => HELPS * before.min(back(pairs, better, memory)),
        false => 0.97 * before,
    };
    (by >= NEAR && residual < enough).then_some(better)
}

/// Whether the motion from the first to the second picture of each pair is the camera's; then a translation cannot be
/// distinguished from an offset in time.
pub(super) fn is_pan(pairs: &[(&Pyramid, &Pyramid)]) -> bool {
    let memory = &mut [Vec::new(), Vec::new()];
    let still = fit(pairs, 1, Shift::default(), memory).0;
    let (_, shift) = refine(pairs, 0, Shift::default(), 4, memory);
    let (residual, _) = refine(pairs, 1, Shift { x: 2.0 * shift.x, y: 2.0 * shift.y }, 3, memory);
    residual < PAN * still
}
