// SPDX-License-Identifier: MPL-2.0

//! The list of measures. What elements offer, what records and logs contain and what statistics cover follows from the
//! rows in this file.

use super::cambi::{self, CambiMeasure};
use super::field::Field;
use super::float_ssim::{self, FloatSsimMeasure};
use super::luma_fit::{self, LumaFitMeasure};
use super::measure::Measure;
use super::ms_ssim::{self, MsSsimMeasure};
use super::psnr::{self, PsnrMeasure};
use super::ssim::{self, SsimMeasure};
use super::vmaf::{self, VmafMeasure, VmafModel};
use std::sync::Arc;

/// Describes a measure.
#[derive(Debug)]
#[non_exhaustive]
pub struct MeasureInfo {
    /// The name by which users select it: `ms-ssim`.
    pub name: &'static str,
    /// One line for users.
    pub description: &'static str,
    /// The values that it gives.
    pub fields: &'static [&'static Field],
    /// Creates it for a stream.
    pub(super) new: fn(&Options) -> Box<dyn Measure>,
}

/// Options for creating measures.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    /// VMAF's model, if it is not the default.
    pub vmaf: Option<Arc<VmafModel>>,
}

/// Expands to the rows and, for each, a constant of [`Measures`]. Bits follow the order of the rows, so new rows go to
/// the end.
macro_rules! measures {
    ($($constant:ident: $name:literal, $description:literal, [$($field:expr),+], $new:expr;)+) => {
        /// The measures that can be selected, in the order of their fields.
        pub static MEASURES: &[MeasureInfo] =
            &[$(MeasureInfo { name: $name, description: $description, fields: &[$($field),+], new: $new }),+];

        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the constants are")]
        enum Row { $($constant),+ }

        impl Measures {
            $(#[doc = concat!($description, ".")]
            pub const $constant: Self = Self(1 << Row::$constant as u32);)+
        }
    };
}

measures! {
    PSNR: "psnr", "Peak signal-to-noise ratio, of luma, of Cb, of Cr and of all planes",
        [&psnr::PSNR_Y, &psnr::PSNR_CB, &psnr::PSNR_CR, &psnr::PSNR], |_| Box::new(PsnrMeasure);
    SSIM: "ssim", "Structural similarity of luma",
        [&ssim::SSIM], |_| Box::new(SsimMeasure);
    MS_SSIM: "ms-ssim", "Multi-scale structural similarity of luma",
        [&ms_ssim::MS_SSIM], |_| Box::<MsSsimMeasure>::default();
    FLOAT_SSIM: "float-ssim", "Structural similarity of luma that is shrunk first, as libvmaf's float_ssim",
        [&float_ssim::FLOAT_SSIM], |_| Box::<FloatSsimMeasure>::default();
    VMAF: "vmaf", "Netflix's VMAF of luma, by the model that was chosen",
        [&vmaf::VMAF], |options| Box::new(VmafMeasure::new(options.vmaf.clone().unwrap_or_default()));
    CAMBI: "cambi", "Contrast-aware multiscale banding index of the distorted picture, as libvmaf's",
        [&cambi::CAMBI], |_| Box::<CambiMeasure>::default();
}

/// Measured whenever anything is, after everything else.
pub static LUMA_FIT: MeasureInfo = MeasureInfo {
    name: "luma-fit",
    description: "The least-squares line from the reference's luma to the distorted one's",
    fields: &[&luma_fit::GAIN, &luma_fit::BIAS],
    new: |_| Box::new(LumaFitMeasure),
};

/// Every field of every measure, in the order of [`Measurements::iter`](super::Measurements::iter).
pub fn fields() -> impl Iterator<Item = &'static Field> {
    MEASURES.iter().chain([&LUMA_FIT]).flat_map(|measure| measure.fields.iter().copied())
}

/// A set of measures.
///
/// ```
/// use onnx_iqa::metrics::Measures;
/// let measures = Measures::PSNR | Measures::MS_SSIM;
/// assert!(measures.contains(Measures::PSNR) && !measures.contains(Measures::SSIM));
/// assert_eq!(measures.names().collect::<Vec<_>>(), ["psnr", "ms-ssim"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Measures(u32);

impl Measures {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Every measure.
    #[must_use]
    pub fn all() -> Self {
        Self((1 << MEASURES.len()) - 1)
    }

    /// The measure of that name (`ms-ssim`), if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        MEASURES.iter().position(|measure| measure.name == name).map(|row| Self(1 << row))
    }

    /// The set with these [`bits`](Self::bits). Bits that stand for no measure are ignored.
    #[must_use]
    pub fn from_bits_truncate(bits: u32) -> Self {
        Self(bits & Self::all().0)
    }

    /// One bit for each measure, the lowest for the first of [`MEASURES`].
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether there is anything to measure.
    #[must_use]
    pub const fn any(self) -> bool {
        self.0 != 0
    }

    /// Whether it contains all of `other`.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The measures in it, in the order of [`MEASURES`].
    pub fn iter(self) -> impl Iterator<Item = &'static MeasureInfo> {
        MEASURES.iter().enumerate().filter(move |(row, _)| self.0 & (1 << row) != 0).map(|(_, measure)| measure)
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.iter().map(|measure| measure.name)
    }
}

impl Default for Measures {
    /// PSNR and SSIM.
    fn default() -> Self {
        Self::PSNR | Self::SSIM
    }
}

impl std::ops::BitOr for Measures {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Measures {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl std::fmt::Debug for Measures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bits_are_the_rows() {
        assert_eq!([Measures::PSNR, Measures::SSIM, Measures::MS_SSIM].map(Measures::bits), [1, 2, 4]);
        for (row, measure) in MEASURES.iter().enumerate() {
            let found = Measures::from_name(measure.name).unwrap();
            assert_eq!(found.bits(), 1 << row);
            assert_eq!(found.names().collect::<Vec<_>>(), [measure.name]);
            assert!(Measures::all().contains(found));
        }
        assert_eq!(Measures::from_name("PSNR"), None);
        assert_eq!(Measures::from_name("luma-fit"), None, "it is always measured");
        assert_eq!(Measures::from_bits_truncate(u32::MAX), Measures::all());
        assert_eq!(Measures::all().iter().count(), MEASURES.len());
        assert_eq!(format!("{:?}", Measures::default()), r#"{"psnr", "ssim"}"#);
    }

    #[test]
    fn field_names_are_unique_and_ranges_not_empty() {
        let all: Vec<_> = fields().collect();
        for (index, field) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other.name != field.name), "{}", field.name);
            assert!(field.range.is_none_or(|[low, high]| low < high), "{}", field.name);
        }
    }

    /// Checks the table in the module's documentation.
    #[test]
    fn the_documentation_has_every_row() {
        let documentation = include_str!("mod.rs");
        for measure in MEASURES.iter().chain([&LUMA_FIT]) {
            for field in measure.fields {
                let range = field.range.map_or_else(|| "–".into(), |[low, high]| format!("{low} to {high}"));
                let unit = if field.unit.is_empty() { "–" } else { field.unit };
                let rgb = if field.rgb { "yes" } else { "no" };
                let (name, text) = (field.name, field.description);
                let row = format!("//! | `{}` | `{name}` | {range} | {unit} | {rgb} | {text} |", measure.name);
                assert!(documentation.contains(&row), "missing in mod.rs: {row}");
            }
        }
    }
}
