//! Picture quality: a frame goes in as a borrowed picture, becomes a tensor, becomes numbers, becomes a score.

pub mod model;
pub mod picture;
pub mod prepare;
