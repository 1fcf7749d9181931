// SPDX-License-Identifier: MPL-2.0

//! The result of a model for a picture.

/// The result of a model for a picture.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// The model's raw output; for a distribution its expectation, for crops pooled as the contract says.
    pub raw: f64,
    /// 0 to 100, higher is better, by the model's contract.
    pub score: f64,
    /// Named numbers, 0 to 100, if the contract defines them: those of its outputs, then the distribution's spread.
    pub attributes: Vec<(String, f64)>,
    /// A map of quality, if the contract defines one.
    pub map: Option<Map>,
}

/// A map of quality: 0 is the contract's worst, 255 its best.
///
/// It covers the picture as the model saw it. Areas without a crop have the mean of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// In pixels of the map.
    pub width: u32,
    /// In pixels of the map.
    pub height: u32,
    /// `width` × `height` bytes, row by row.
    pub data: Vec<u8>,
}
