// SPDX-License-Identifier: MPL-2.0

//! The content of a batch's output, and the part that belongs to a frame.

use super::error::ScoreError;

/// An output of a batch: its values for each row of the inputs' first dimension.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// All rows, one after another.
    pub(super) values: Vec<f64>,
    /// Values per row.
    pub(super) per_row: usize,
    /// The shape that the session returned.
    pub(super) shape: Vec<usize>,
}

/// Which rows of an output belong to a frame.
pub(super) struct FrameRows {
    /// The number of crops if they are the batch, otherwise 1.
    pub(super) per_frame: usize,
    /// Crops per row: all of a frame's if they are a dimension of their own, otherwise 1.
    pub(super) stack: usize,
    /// The frame's index, from 0.
    pub(super) frame: usize,
}

impl FrameRows {
    /// Numbers per picture in an output.
    pub(super) fn per_picture(&self, rows: &Rows) -> usize {
        let stacked = rows.shape.len() > 2 && rows.shape.get(1) == Some(&self.stack);
        if stacked { rows.per_row / self.stack.max(1) } else { rows.per_row }
    }

    /// The frame's values in an output; `tensor` names it in the error.
    pub(super) fn of<'a>(&self, rows: &'a Rows, tensor: &str) -> Result<&'a [f64], ScoreError> {
        let length = rows.per_row * self.per_frame;
        let start = self.frame * length;
        rows.values.get(start..start + length).ok_or_else(|| ScoreError::Output {
            tensor: tensor.to_owned(),
            problem: format!("has {} numbers, too few for frame {}", rows.values.len(), self.frame),
        })
    }
}
