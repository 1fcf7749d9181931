// SPDX-License-Identifier: MPL-2.0

//! The measured values of a pair.

use super::field::Field;
use super::registry;

/// The measured values of a pair of pictures. Values that were not requested, or do not exist for these pictures, are
/// absent.
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

    /// PSNR of luma in dB, up to 100. Absent for R'G'B'.
    #[must_use]
    pub fn psnr_y(&self) -> Option<f64> {
        self.get("psnr-y")
    }

    /// PSNR of Cb in dB, up to 100. Absent for R'G'B' and gray.
    #[must_use]
    pub fn psnr_cb(&self) -> Option<f64> {
        self.get("psnr-cb")
    }

    /// PSNR of Cr in dB, up to 100. Absent for R'G'B' and gray.
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

    /// SSIM of downscaled luma, as libvmaf's `float_ssim`, −1 to 1.
    #[must_use]
    pub fn float_ssim(&self) -> Option<f64> {
        self.get("float-ssim")
    }

    /// VMAF by the meter's model, 0 to 110. It comes [late](super::Meter::late).
    #[must_use]
    pub fn vmaf(&self) -> Option<f64> {
        self.get("vmaf")
    }

    /// CAMBI of the distorted picture, 0 (no banding) to 31; at most 24 in practice.
    #[must_use]
    pub fn cambi(&self) -> Option<f64> {
        self.get("cambi")
    }

    /// Why requested values are absent.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Adds values that came late.
    pub fn complete(&mut self, late: Self) {
        let place = |field: &Field| registry::fields().position(|known| known.name == field.name);
        self.values.extend(late.values);
        self.values.sort_by_key(|(field, _)| place(field));
        self.missing.extend(late.missing);
    }

    /// Bit depth at which the pictures were compared: that of the deeper one. `None` if nothing was measured.
    #[must_use]
    pub fn depth(&self) -> Option<u8> {
        self.depth
    }

    /// How the distorted luma follows the reference's; `None` if the reference is flat.
    #[must_use]
    pub fn luma_fit(&self) -> Option<LumaFit> {
        Some(LumaFit { gain: self.get("gain")?, bias: self.get("bias")? })
    }

    /// No values yet, for samples of that many bits.
    pub(super) fn at_depth(depth: u8) -> Self {
        Self { depth: Some(depth), ..Self::default() }
    }

    /// Adds a reason why a requested value is absent.
    pub(crate) fn add_missing(&mut self, missing: Missing) {
        self.missing.push(missing);
    }

    /// Adds the value of a measure, if it exists for this pair.
    pub(super) fn add(&mut self, field: &'static Field, value: Option<f64>) {
        self.values.extend(value.map(|value| (field, value)));
    }
}

/// Why a measure has no value for a pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// The measure does not exist for pictures this small.
    #[error("{measure} needs pictures of at least {least}x{least} pixels, these have {}x{}", .size[0], .size[1])]
    TooSmall {
        /// The measure.
        measure: &'static str,
        /// Width and height.
        size: [u32; 2],
        /// The least length of a side, in pixels.
        least: u32,
    },
    /// The measure does not exist for pictures of this shape.
    #[error("{measure} needs pictures {takes}; these have {}x{}", .size[0], .size[1])]
    Shape {
        /// The measure.
        measure: &'static str,
        /// Width and height.
        size: [u32; 2],
        /// The accepted sizes, in words.
        takes: &'static str,
    },
    /// The measure does not exist for samples of this many bits.
    #[error("{measure} takes samples of up to {most} bits, these have {depth}")]
    TooDeep {
        /// The measure.
        measure: &'static str,
        /// Bits of a sample.
        depth: u8,
        /// The greatest accepted depth, in bits.
        most: u8,
    },
    /// The measure does not exist for R'G'B'.
    #[error("{measure} takes Y'CbCr or gray, these pictures are R'G'B': convert them")]
    Rgb {
        /// The measure.
        measure: &'static str,
    },
    /// The measure does not exist without chroma.
    #[error("{measure} by this model needs Cb and Cr, of the same size in both pictures")]
    NoChroma {
        /// The measure.
        measure: &'static str,
    },
    /// The measure does not exist for chroma planes this small.
    #[error(
        "{measure} by this model needs chroma planes of at least {least}x{least} samples, these have {}x{}",
        .size[0], .size[1]
    )]
    SmallChroma {
        /// The measure.
        measure: &'static str,
        /// Width and height of the chroma planes.
        size: [u32; 2],
        /// The least length of a side, in samples.
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
    /// The name of the measure that has no value: `vmaf`.
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
    /// 1 if contrast is the same.
    pub gain: f64,
    /// In units of 8-bit samples.
    pub bias: f64,
}
