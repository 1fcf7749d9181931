// SPDX-License-Identifier: MPL-2.0

//! What was measured of a pair.

use super::field::Field;

/// What was measured of a pair of pictures. What was not asked for, or does not exist for these pictures, is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurements {
    /// In the registry's order.
    values: Vec<(&'static Field, f64)>,
    depth: Option<u8>,
}

impl Measurements {
    /// The value of the field of that name (`psnr-y`), if there is one.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<f64> {
        self.values.iter().find(|(known, _)| known.name == field).map(|&(_, value)| value)
    }

    /// Every field that has a value, in the registry's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static Field, f64)> + '_ {
        self.values.iter().copied()
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// PSNR of luma in dB, up to 100. Not for R'G'B'.
    #[must_use]
    pub fn psnr_y(&self) -> Option<f64> {
        self.get("psnr-y")
    }

    /// PSNR of Cb in dB, up to 100. Not for R'G'B' and gray.
    #[must_use]
    pub fn psnr_cb(&self) -> Option<f64> {
        self.get("psnr-cb")
    }

    /// PSNR of Cr in dB, up to 100. Not for R'G'B' and gray.
    #[must_use]
    pub fn psnr_cr(&self) -> Option<f64> {
        self.get("psnr-cr")
    }

    /// PSNR of all components in dB, up to 100.
    #[must_use]
    pub fn psnr(&self) -> Option<f64> {
        self.get("psnr")
    }

    /// SSIM of luma, −1 to 1.
    #[must_use]
    pub fn ssim(&self) -> Option<f64> {
        self.get("ssim")
    }

    /// MS-SSIM of luma, 0 to 1.
    #[must_use]
    pub fn ms_ssim(&self) -> Option<f64> {
        self.get("ms-ssim")
    }

    /// SSIM of luma that is shrunk first, as libvmaf's `float_ssim`, −1 to 1.
    #[must_use]
    pub fn float_ssim(&self) -> Option<f64> {
        self.get("float-ssim")
    }

    /// Bits of the samples that the pictures were compared at: those of the deeper one. `None` if nothing was measured.
    #[must_use]
    pub fn depth(&self) -> Option<u8> {
        self.depth
    }

    /// How the distorted luma follows the reference's; `None` when that is flat.
    #[must_use]
    pub fn luma_fit(&self) -> Option<LumaFit> {
        Some(LumaFit { gain: self.get("gain")?, bias: self.get("bias")? })
    }

    /// Nothing measured yet, of samples of so many bits.
    pub(super) fn at_depth(depth: u8) -> Self {
        Self { values: Vec::new(), depth: Some(depth) }
    }

    /// Adds what a measure gives, if it gives it for this pair.
    pub(super) fn add(&mut self, field: &'static Field, value: Option<f64>) {
        self.values.extend(value.map(|value| (field, value)));
    }
}

/// distorted ≈ gain · reference + bias
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LumaFit {
    /// 1 where contrast is the same.
    pub gain: f64,
    /// In units of 8-bit samples.
    pub bias: f64,
}
