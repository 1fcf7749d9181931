// SPDX-License-Identifier: MPL-2.0

//! Eigenvalues of a symmetric matrix: Householder reflections to tridiagonal form, then QR steps with Wilkinson's
//! shift.
//!
//! The order and the precision of every operation are those of libvmaf's `speed.c` (which follows GSL's `symmtd.c` and
//! `symm.c`): Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`). In f32, another order
//! would change the result.
#![expect(clippy::needless_range_loop, reason = "written as the algebra is")]

use super::{ELEMENTS, Matrix};

/// A value smaller than its neighbors by this factor counts as 0.
pub const NOTHING: f64 = 1e-6;
/// After this many steps, the current values are taken.
const MOST_STEPS: usize = 500;

/// The eigenvalues, in no particular order.
pub fn eigenvalues(matrix: &Matrix) -> [f32; ELEMENTS] {
    let (mut diagonal, mut beside) = three_diagonals(*matrix);
    drop_small(&mut diagonal, &mut beside);
    let mut last = ELEMENTS - 1;
    for _ in 0..MOST_STEPS {
        while last > 0 && beside[last - 1] == 0.0 {
            last -= 1;
        }
        if last == 0 {
            break;
        }
        let first = beside[..last].iter().rposition(|&beside| beside == 0.0).map_or(0, |at| at + 1);
        let (diagonal, beside) = (&mut diagonal[first..=last], &mut beside[first..last]);
        step(diagonal, beside);
        drop_small(diagonal, beside);
    }
    diagonal
}

/// A tridiagonal matrix with the same eigenvalues: its diagonal, and the values beside it.
fn three_diagonals(mut a: Matrix) -> ([f32; ELEMENTS], [f32; ELEMENTS - 1]) {
    for column in 0..ELEMENTS - 2 {
        let start = column + 1;
        let tau = reflect(&mut a, column);
        if tau == 0.0 {
            continue;
        }
        let mut v = [0.0f32; ELEMENTS];
        for row in start + 1..ELEMENTS {
            v[row] = a[row][column];
        }
        v[start] = 1.0;
        // a − v xᵀ − x vᵀ with x = τ a v − ½ τ (τ a v · v) v
        let mut x = [0.0f32; ELEMENTS];
        for row in start..ELEMENTS {
            for inner in start..ELEMENTS {
                x[row] += tau * a[row][inner] * v[inner];
            }
        }
        let mut product = 0.0f32;
        for row in start..ELEMENTS {
            product += x[row] * v[row];
        }
        let alpha = -0.5 * tau * product;
        for row in start..ELEMENTS {
            x[row] += alpha * v[row];
        }
        for row in start..ELEMENTS {
            for inner in start..ELEMENTS {
                a[row][inner] -= x[row] * v[inner] + v[row] * x[inner];
            }
        }
    }
    (std::array::from_fn(|at| a[at][at]), std::array::from_fn(|at| a[at + 1][at]))
}

/// Reflects a column so that only the first value below the diagonal remains, which is stored in place; below it, the
/// rest of the reflection's vector is stored, whose first value is 1. Returns τ, 0 if nothing is to be done.
fn reflect(a: &mut Matrix, column: usize) -> f32 {
    let start = column + 1;
    let mut squares = 0.0f32;
    for row in start + 1..ELEMENTS {
        squares += a[row][column] * a[row][column];
    }
    let rest = squares.sqrt();
    if rest == 0.0 {
        return 0.0;
    }
    let alpha = a[start][column];
    let beta = -sign(alpha) * hypotenuse(alpha, rest);
    let scale = alpha - beta;
    if scale != 0.0 {
        for row in start + 1..ELEMENTS {
            a[row][column] /= scale;
        }
        a[start][column] = beta;
    }
    (beta - alpha) / beta
}

/// 1 or −1.
pub fn sign(number: f32) -> f32 {
    if number >= 0.0 { 1.0 } else { -1.0 }
}

/// Without protection against overflow and underflow, as in libvmaf.
fn hypotenuse(a: f32, b: f32) -> f32 {
    (a * a + b * b).sqrt()
}

fn drop_small(diagonal: &mut [f32], beside: &mut [f32]) {
    for (number, neighbors) in beside.iter_mut().zip(diagonal.windows(2)) {
        if f64::from(number.abs()) < NOTHING * f64::from(neighbors[0].abs() + neighbors[1].abs()) {
            *number = 0.0;
        }
    }
}

/// The eigenvalue of the last two rows and columns that is closer to the last value.
fn shift(diagonal: &[f32], beside: &[f32]) -> f32 {
    let last = diagonal.len() - 1;
    let (above, own, beside) = (diagonal[last - 1], diagonal[last], beside[last - 1]);
    let half = (above - own) / 2.0;
    if half > 0.0 {
        own - beside * (beside / (half + hypotenuse(half, beside)))
    } else if half == 0.0 {
        own - beside.abs()
    } else {
        own + beside * (beside / (-half + hypotenuse(half, beside)))
    }
}

/// Cosine and sine of the rotation that turns (a, b) into (·, 0).
fn rotation(a: f32, b: f32) -> (f32, f32) {
    let reciprocal = |ratio: f32| (1.0 / f64::from(1.0 + ratio * ratio).sqrt()) as f32;
    if b == 0.0 {
        (1.0, 0.0)
    } else if b.abs() > a.abs() {
        let ratio = -a / b;
        let sine = reciprocal(ratio);
        (sine * ratio, sine)
    } else {
        let ratio = -b / a;
        let cosine = reciprocal(ratio);
        (cosine, cosine * ratio)
    }
}

/// A QR step with shift: rotations along the diagonal. Each moves the value that the previous one created outside the
/// three diagonals one row down.
fn step(diagonal: &mut [f32], beside: &mut [f32]) {
    let count = diagonal.len();
    let mut shift = shift(diagonal, beside);
    if NOTHING * f64::from(shift.abs()) > f64::from(diagonal[0].abs() + beside[0].abs()) {
        shift = 0.0;
    }
    let (mut x, mut z) = (diagonal[0] - shift, beside[0]);
    let (mut before, mut outside) = (0.0f32, 0.0f32);
    let (mut own, mut between, mut next) = (diagonal[0], beside[0], diagonal[1]);
    let mut below = beside.get(1).copied().unwrap_or(0.0);
    for at in 0..count - 1 {
        let (c, s) = rotation(x, z);
        let turned_before = c * before - s * outside;
        let turned_own = c * (c * own - s * between) + s * (s * next - c * between);
        let turned_between = c * (s * own + c * between) - s * (s * between + c * next);
        let turned_next = s * (s * own + c * between) + c * (s * between + c * next);
        (before, outside) = (turned_between, -s * below);
        (own, between) = (turned_next, c * below);
        diagonal[at] = turned_own;
        if at > 0 {
            beside[at - 1] = turned_before;
        }
        if at + 2 < count {
            next = diagonal[at + 2];
            beside[at + 1] = between;
        }
        if at + 3 < count {
            below = beside[at + 2];
        }
        (x, z) = (before, outside);
    }
    diagonal[count - 1] = own;
    beside[count - 2] = before;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 25 points of a vibrating string: 2 − 2 cos(kπ / 26).
    #[test]
    fn a_matrix_whose_eigenvalues_are_known() {
        let string = |row: usize, column: usize| match row.abs_diff(column) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        };
        // Transformed by a reflection, so that the matrix is full.
        let v: [f64; ELEMENTS] = std::array::from_fn(|at| ((at * 7 + 3) % 11) as f64 - 4.0);
        let length: f64 = v.iter().map(|v| v * v).sum();
        let reflection = |row: usize, column: usize| f64::from(row == column) - 2.0 * v[row] * v[column] / length;
        let f64_of = |row: usize, column: usize| -> f64 {
            let products = (0..ELEMENTS).flat_map(|a| (0..ELEMENTS).map(move |b| (a, b)));
            products.map(|(a, b)| reflection(row, a) * string(a, b) * reflection(b, column)).sum()
        };
        let matrix: Matrix = std::array::from_fn(|row| std::array::from_fn(|column| f64_of(row, column) as f32));
        let mut found = eigenvalues(&matrix);
        found.sort_by(f32::total_cmp);
        for (at, found) in found.iter().enumerate() {
            let expected = 2.0 - 2.0 * ((at + 1) as f64 * std::f64::consts::PI / (ELEMENTS + 1) as f64).cos();
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{at}: {found}, not {expected}");
        }
    }

    #[test]
    fn a_diagonal_matrix_is_unchanged() {
        let matrix: Matrix =
            std::array::from_fn(|row| std::array::from_fn(|column| if row == column { row as f32 } else { 0.0 }));
        assert_eq!(eigenvalues(&matrix), std::array::from_fn(|at| at as f32));
        assert_eq!(eigenvalues(&[[0.0; ELEMENTS]; ELEMENTS]), [0.0; ELEMENTS]);
    }
}
