// SPDX-License-Identifier: MPL-2.0

//! What was measured of a pair.

use super::field::Field;
use super::registry;

/// What was measured of a pair of pictures. What was not asked for, or does not exist for these pictures, is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurements {
    /// In the registry's order.
    values: Vec<(&'static Field, f64)>,
    depth: Option<u8>,
    missing: Vec<Missing>,
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

    /// VMAF, 0 to 110, by the meter's model. It comes [late](super::Meter::late).
    #[must_use]
    pub fn vmaf(&self) -> Option<f64> {
        self.get("vmaf")
    }

    /// CAMBI of the distorted picture, 0 (no banding) to 31, in practice to 24.
    #[must_use]
    pub fn cambi(&self) -> Option<f64> {
        self.get("cambi")
    }

    /// Why something that was asked for is not there.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Adds what came late.
    pub fn complete(&mut self, late: Self) {
        let place = |field: &Field| registry::fields().position(|known| known.name == field.name);
        self.values.extend(late.values);
        self.values.sort_by_key(|(field, _)| place(field));
        self.missing.extend(late.missing);
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
        Self { depth: Some(depth), ..Self::default() }
    }

    /// Something that was asked for is not there.
    pub(crate) fn lacks(&mut self, missing: Missing) {
        self.missing.push(missing);
    }

    /// Adds what a measure gives, if it gives it for this pair.
    pub(super) fn add(&mut self, field: &'static Field, value: Option<f64>) {
        self.values.extend(value.map(|value| (field, value)));
    }
}

/// Why a measure gives nothing for a pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// There is no such number of pictures so small.
    #[error("{measure} needs pictures of at least {least}x{least} pixels, these have {}x{}", .size[0], .size[1])]
    TooSmall {
        /// The measure.
        measure: &'static str,
        /// Width and height.
        size: [u32; 2],
        /// What each side has to have.
        least: u32,
    },
    /// There is no such number of pictures of that shape.
    #[error("{measure} needs pictures {takes}; these have {}x{}", .size[0], .size[1])]
    Shape {
        /// The measure.
        measure: &'static str,
        /// Width and height.
        size: [u32; 2],
        /// What is taken, in words.
        takes: &'static str,
    },
    /// There is no such number of samples of so many bits.
    #[error("{measure} takes samples of up to {most} bits, these have {depth}")]
    TooDeep {
        /// The measure.
        measure: &'static str,
        /// Bits of a sample.
        depth: u8,
        /// Bits that a sample may have.
        most: u8,
    },
    /// There is no such number of R'G'B'.
    #[error("{measure} takes Y'CbCr or gray, these pictures are R'G'B': convert them")]
    Rgb {
        /// The measure.
        measure: &'static str,
    },
    /// There is no such number without chroma.
    #[error("{measure} by this model needs Cb and Cr, of the same size in both pictures")]
    NoChroma {
        /// The measure.
        measure: &'static str,
    },
    /// There is no such number of chroma so small.
    #[error(
        "{measure} by this model needs chroma planes of at least {least}x{least} samples, these have {}x{}",
        .size[0], .size[1]
    )]
    SmallChroma {
        /// The measure.
        measure: &'static str,
        /// Width and height of the chroma planes.
        size: [u32; 2],
        /// What each side has to have.
        least: u32,
    },
    /// The next pair did not come in time.
    #[error("{measure} needs the next pair, which has not come in time")]
    NoNextPair {
        /// The measure.
        measure: &'static str,
    },
}

impl Missing {
    /// The name of the measure that lacks something: `vmaf`.
    #[must_use]
    pub fn measure(&self) -> &'static str {
        match *self {
            Self::TooSmall { measure, .. }
            | Self::Shape { measure, .. }
            | Self::TooDeep { measure, .. }
            | Self::Rgb { measure }
            | Self::NoChroma { measure }
            | Self::SmallChroma { measure, .. }
            | Self::NoNextPair { measure } => measure,
        }
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
