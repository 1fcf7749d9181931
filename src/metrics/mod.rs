// SPDX-License-Identifier: MPL-2.0

//! How far a picture is from its reference: PSNR, SSIM and MS-SSIM.
//!
//! A [`Meter`] is kept for a stream and measures pair after pair of pictures of the same size. Stored samples are
//! compared, no matrix is ever applied to Y'CbCr; where depths or ranges differ, both pictures are taken at the larger
//! depth and in the reference's range (ITU-T H.273), without rounding.
//!
//! # PSNR
//! 10 log₁₀(L² / MSE) dB with L = 2ⁿ − 1, at most 100 dB (which is what equal pictures get). `psnr_y` is that of luma.
//! `psnr` takes the mean square over the samples of all planes, which is ffmpeg's `psnr_avg`; it is absent when the
//! chroma planes' sizes differ. For R'G'B' it is the mean of the three channels' PSNR, and `psnr_y` is absent. Where
//! depth and range are the same, sums are those of whole numbers and exact.
//!
//! # SSIM
//! Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
//! Trans. Image Processing 13(4), 2004, equation 13, on luma:
//!
//! SSIM = (2 μₐμᵦ + C₁)(2 σₐᵦ + C₂) / ((μₐ² + μᵦ² + C₁)(σₐ² + σᵦ² + C₂)), C₁ = (0.01 L)², C₂ = (0.03 L)²
//!
//! with means, variances and covariance weighted by a Gaussian of σ = 1.5 over 11×11 pixels, averaged over all windows
//! that lie inside the picture. That is scikit-image's `structural_similarity(a, b, gaussian_weights=True, sigma=1.5,
//! use_sample_covariance=False, data_range=L)`. Absent when a side has less than 11 pixels. R'G'B' is compared by luma
//! with the weights of the reference's matrix.
//!
//! With AVX-512 (VNNI), when MS-SSIM is not asked for, pictures of 8 bits with 900,000 pixels and more are averaged by the
//! trapezoidal rule over every second window in both directions: see `avx512.rs` for why that comes as close as it does.
//!
//! # MS-SSIM
//! Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment", Asilomar 2003, equation
//! 7, with five scales and the paper's exponents, as libvmaf's `float_ms_ssim` computes it: samples are brought to 8
//! bits first (divided by 2ⁿ⁻⁸, L = 255); a scale is halved with the low-pass filter of the 9/7 wavelet, mirrored at the
//! borders; luminance, contrast and structure are averaged over a scale's windows each by itself. libvmaf has no number
//! (NaN) for a pair whose mean structure is negative at some scale; here that scale counts as 0. Absent when a side has
//! less than 176 pixels.
//!
//! # Agreement
//! `tests/metrics` holds it to stored values for pictures of 8, 10, 12 and 16 bits, from 1×1 to 1920×1080, and to the
//! script that made them. It found no more than: PSNR, 1e-5 dB from ffmpeg's `psnr`; SSIM, 1e-5 from scikit-image, and
//! 5e-5 by the trapezoidal rule; MS-SSIM, 2e-4 from libvmaf, and 5e-4 where there is hardly any contrast. (The weights of
//! libvmaf's window have six digits and sum to 1.000002, which takes 4e-6 μ² from its variances; here they sum to 1.)
//!
//! # Luma fit
//! The line distorted ≈ gain · reference + bias of least squares over all luma samples, bias in units of 8-bit samples
//! and both on the reference's range.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod band;
mod downsample;
mod error;
mod meter;
mod range;
mod samples;
mod sse;
mod ssim_window;
mod threads;

pub use error::MetricsError;
pub use meter::Meter;

/// What a [`Meter`] is to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Measures {
    /// [`Measurements::psnr_y`] and [`Measurements::psnr`].
    pub psnr: bool,
    /// [`Measurements::ssim`].
    pub ssim: bool,
    /// [`Measurements::ms_ssim`].
    pub ms_ssim: bool,
}

impl Measures {
    /// Nothing.
    pub const NONE: Self = Self { psnr: false, ssim: false, ms_ssim: false };

    /// Whether there is anything to measure.
    pub const fn any(self) -> bool {
        self.psnr || self.ssim || self.ms_ssim
    }
}

impl Default for Measures {
    /// PSNR and SSIM.
    fn default() -> Self {
        Self { psnr: true, ssim: true, ms_ssim: false }
    }
}

/// What was measured of a pair of pictures; what was not asked for or does not exist for them is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measurements {
    /// PSNR of luma in dB, up to 100. Not for R'G'B'.
    pub psnr_y: Option<f64>,
    /// PSNR of all components in dB, up to 100.
    pub psnr: Option<f64>,
    /// SSIM of luma, −1 to 1.
    pub ssim: Option<f64>,
    /// MS-SSIM of luma, 0 to 1.
    pub ms_ssim: Option<f64>,
    /// How the distorted luma follows the reference's; none when that is flat.
    pub fit: Option<LumaFit>,
}

/// distorted ≈ gain · reference + bias
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LumaFit {
    /// 1 where contrast is the same.
    pub gain: f64,
    /// In units of 8-bit samples.
    pub bias: f64,
}
