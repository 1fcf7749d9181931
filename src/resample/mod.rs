// SPDX-License-Identifier: MPL-2.0

//! Scaling and moving samples: filters as sparse matrices, and the loops that apply them to a picture's planes.
//!
//! [`FilterTable`] contains the input samples and weights of each output sample along one axis; [`Sampler`] applies one
//! table for rows and one for columns to the components of a picture, tile by tile.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod eight_bit;
mod filter;
mod kernels;
mod sampler;

pub(crate) use eight_bit::WholeFilter;
pub use filter::Filter;
pub(crate) use filter::{FilterTable, PackedFilter, reflect};
pub(crate) use kernels::{Sample, TILE, vertical};
pub(crate) use sampler::{Sampler, Scratch};
