// SPDX-License-Identifier: MPL-2.0

//! Single values of two pictures, in one call.

use super::error::MetricsError;
use super::meter::Meter;
use super::registry::Measures;
use super::ssim_window::WINDOW;
use crate::picture::Picture;

/// PSNR of two pictures, in dB, up to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Psnr {
    /// Of luma; absent for R'G'B'.
    pub y: Option<f64>,
    /// Of all planes, for R'G'B' the mean of the three channels; absent when the chroma planes differ in size. At least
    /// one of `y` and `all` is present.
    pub all: Option<f64>,
}

/// PSNR of two pictures of the same size, computed on the caller's thread. For many pairs, a [`Meter`] is faster.
///
/// ```
/// use onnx_iqa::picture::{Colorimetry, Picture, PixelFormat, Plane};
///
/// let gray = |data| Picture::new(PixelFormat::Gray8, 2, 2, &[Plane { data, stride: 2 }], Colorimetry::SRGB);
/// let psnr = onnx_iqa::psnr(&gray(&[10, 20, 30, 40])?, &gray(&[11, 21, 31, 41])?)?;
/// assert!((psnr.y.unwrap() - 48.13).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the sizes differ, or only one picture is R'G'B'.
pub fn psnr(reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<Psnr, MetricsError> {
    let found = Meter::new(Measures::PSNR, 1).measure(reference, distorted)?;
    Ok(Psnr { y: found.psnr_y(), all: found.psnr() })
}

/// SSIM of two pictures of the same size, −1 to 1, computed on the caller's thread. For many pairs, a [`Meter`] is
/// faster.
///
/// ```
/// use onnx_iqa::picture::{Colorimetry, Picture, PixelFormat, Plane};
///
/// let gray = |data| Picture::new(PixelFormat::Gray8, 11, 11, &[Plane { data, stride: 11 }], Colorimetry::SRGB);
/// let ssim = onnx_iqa::ssim(&gray(&[100; 121])?, &gray(&[104; 121])?)?;
/// assert!((0.999..1.0).contains(&ssim));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the sizes differ, only one picture is R'G'B', or a side has fewer than the 11 pixels of a window.
pub fn ssim(reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<f64, MetricsError> {
    let found = Meter::new(Measures::SSIM, 1).measure(reference, distorted)?;
    let size = [reference.width(), reference.height()];
    found.ssim().ok_or(MetricsError::TooSmall { measure: "SSIM", size, least: WINDOW as u32 })
}
