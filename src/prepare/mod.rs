//! From a picture to a tensor, touching only the pixels that the model looks at.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod error;
mod geometry;
mod loops;
mod mix;
mod pcg;
mod plan;
mod taps;

pub use error::{Described, PrepareError};
pub use plan::Plan;

use crate::model::contract;

/// The shape of what a plan writes, and where its crops lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Pictures for one frame.
    pub crops: usize,
    /// Of each.
    pub channels: usize,
    /// Of each, in pixels, padding included.
    pub height: usize,
    /// Of each, in pixels, padding included.
    pub width: usize,
    /// Order of a crop's dimensions.
    pub layout: contract::Layout,
    /// Width and height of the whole picture after scaling, and after enlarging or mirroring a small one.
    pub scaled: [u32; 2],
    /// Left and top of each crop in it.
    pub places: Vec<[u32; 2]>,
}

impl Layout {
    /// Numbers for one frame.
    pub fn len(&self) -> usize {
        self.crops * self.channels * self.height * self.width
    }

    /// Never: a plan writes at least one number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
