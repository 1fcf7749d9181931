// SPDX-License-Identifier: MPL-2.0

//! Helpers shared by several test files.
#![allow(dead_code, unused_imports, reason = "not every test file needs all of it")]

#[cfg(feature = "onnx")]
mod models;

#[cfg(feature = "onnx")]
pub use models::{open, open_with, scorer, try_open};
use onnx_iqa::picture::OwnedFrame;

/// A picture of one color.
pub fn flat(width: u32, height: u32, rgb: [u8; 3]) -> Box<OwnedFrame> {
    Box::new(OwnedFrame::rgb(width, height, rgb.repeat((width * height) as usize)).unwrap())
}

/// Asserts equality within single precision.
#[track_caller]
pub fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-4 * expected.abs().max(1.0), "{actual} is not {expected}");
}
