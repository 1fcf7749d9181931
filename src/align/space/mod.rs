//! Alignment in space: letterbox crop, scaling, translation.

mod bars;
mod error;

pub use bars::Bars;
pub use error::SpaceError;

#[cfg(test)]
mod tests;
