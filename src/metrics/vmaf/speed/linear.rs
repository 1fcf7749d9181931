// SPDX-License-Identifier: MPL-2.0

//! Linear equations by a QR decomposition with Householder reflections.
//!
//! The order and the precision of every operation are those of libvmaf's `speed.c`: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`). Operations that add 0 are left out.

use super::eigenvalues::{NOTHING, sign};
use super::{ELEMENTS, Matrix};

/// Solves matrix · x = columns for each of `count` columns, stored row by row. `None` if the matrix has no usable
/// inverse.
pub fn solve(matrix: &Matrix, columns: &[f32], count: usize) -> Option<Vec<f32>> {
    let q = reflections(matrix);
    let r = multiplied(&q, matrix);
    let mut right = vec![0.0f32; ELEMENTS * count];
    for (weights, out) in q.iter().zip(right.chunks_exact_mut(count)) {
        for (weight, row) in weights.iter().zip(columns.chunks_exact(count)) {
            out.iter_mut().zip(row).for_each(|(out, number)| *out += weight * number);
        }
    }
    // From the last row, which has one unknown, to the first.
    for row in (0..ELEMENTS).rev() {
        let pivot = r[row][row];
        if f64::from(pivot.abs()) < NOTHING {
            return None;
        }
        let (above, below) = right.split_at_mut((row + 1) * count);
        let own = &mut above[row * count..];
        for (factor, known) in r[row][row + 1..].iter().zip(below.chunks_exact(count)) {
            own.iter_mut().zip(known).for_each(|(own, known)| *own -= known * factor);
        }
        own.iter_mut().for_each(|own| *own /= pivot);
    }
    Some(right)
}

/// The product of the reflections that make the matrix triangular, the last one first.
fn reflections(matrix: &Matrix) -> Matrix {
    let mut rest = *matrix;
    let mut q: Matrix = std::array::from_fn(|row| std::array::from_fn(|column| f32::from(u8::from(row == column))));
    for k in 0..ELEMENTS - 1 {
        let mut v: [f32; ELEMENTS] = std::array::from_fn(|row| if row < k { 0.0 } else { rest[row][k] });
        // The sign is that of the original matrix, not of the remainder.
        v[k] += sign(matrix[k][k]) * norm(&v);
        let length = norm(&v);
        v.iter_mut().for_each(|number| *number /= length);
        let mut reflection = [[0.0f32; ELEMENTS]; ELEMENTS];
        for row in k..ELEMENTS {
            for column in k..ELEMENTS {
                reflection[row][column] = -2.0 * v[row] * v[column] + f32::from(u8::from(row == column));
            }
        }
        rest = below(&reflection, &rest, k);
        q = below(&reflection, &q, k);
    }
    q
}

/// The rows from `k` on of a product whose first factor is the identity in rows and columns before `k`, below the first
/// rows of the second factor.
fn below(factor: &Matrix, other: &Matrix, k: usize) -> Matrix {
    let mut out = *other;
    for row in k..ELEMENTS {
        out[row] = [0.0; ELEMENTS];
        for inner in k..ELEMENTS {
            for column in 0..ELEMENTS {
                out[row][column] += factor[row][inner] * other[inner][column];
            }
        }
    }
    out
}

fn multiplied(a: &Matrix, b: &Matrix) -> Matrix {
    below(a, b, 0)
}

fn norm(v: &[f32; ELEMENTS]) -> f32 {
    let mut squares = 0.0f32;
    for number in v {
        squares += number * number;
    }
    squares.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_reproduce_the_right_hand_sides() {
        let matrix: Matrix = std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                9.0 * f32::from(u8::from(row == column)) + ((row * column) % 7) as f32 * 0.5 - 1.0
            })
        });
        let columns: Vec<f32> = (0..ELEMENTS * 3).map(|at| (at % 13) as f32 - 6.0).collect();
        let found = solve(&matrix, &columns, 3).unwrap();
        for (at, expected) in columns.iter().enumerate() {
            let (row, column) = (at / 3, at % 3);
            let sum: f32 = (0..ELEMENTS).map(|inner| matrix[row][inner] * found[inner * 3 + column]).sum();
            assert!((sum - expected).abs() < 1e-4, "{sum}, not {expected}");
        }
    }

    #[test]
    fn a_matrix_without_inverse_has_no_solution() {
        let matrix: Matrix =
            std::array::from_fn(|row| std::array::from_fn(|column| f32::from(u8::from(row == column && row < 24))));
        assert_eq!(solve(&matrix, &[1.0; ELEMENTS], 1), None);
    }
}
