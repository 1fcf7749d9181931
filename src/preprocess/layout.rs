// SPDX-License-Identifier: MPL-2.0

//! The output of a plan.

use crate::model::contract;

/// The shape of a plan's output, and the positions of its crops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorLayout {
    /// Pictures per frame.
    pub crops: usize,
    /// Of each.
    pub channels: usize,
    /// Of each, in pixels, padding included.
    pub height: usize,
    /// Of each, in pixels, padding included.
    pub width: usize,
    /// Order of a crop's dimensions.
    pub order: contract::Layout,
    /// Width and height of the whole picture after scaling, and after enlarging or mirroring a small one.
    pub scaled: [u32; 2],
    /// Left and top of each crop in that picture.
    pub crop_origins: Vec<[u32; 2]>,
}

impl TensorLayout {
    /// Numbers per frame.
    pub fn len(&self) -> usize {
        self.crops * self.channels * self.height * self.width
    }

    /// Always false: a plan writes at least one number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
