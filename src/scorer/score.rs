// SPDX-License-Identifier: MPL-2.0

//! What a model says about a picture.

/// What a model says about a picture.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// What the model itself gives; of a distribution its expectation, of crops the mean.
    pub raw: f64,
    /// 0 to 100, higher is better, by the model's contract.
    pub score: f64,
    /// Named numbers, 0 to 100, if the contract has them.
    pub attributes: Vec<(String, f64)>,
    /// A picture of quality, if the contract has one.
    pub map: Option<Map>,
}

/// A picture of quality: 0 is the contract's worst, 255 its best.
///
/// It covers the picture as the model saw it. Where no crop was cut, it holds the mean of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// In pixels of the map.
    pub width: u32,
    /// In pixels of the map.
    pub height: u32,
    /// `width` × `height` bytes, row by row.
    pub data: Vec<u8>,
}
