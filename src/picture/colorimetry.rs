// SPDX-License-Identifier: MPL-2.0

//! The meaning of stored samples: matrix, range, chroma siting.

/// The weights of R' and B' in Y'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Matrix {
    /// ITU-R BT.601.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
    /// SMPTE 240M.
    Smpte240m,
    /// FCC Title 47.
    Fcc,
}

impl Matrix {
    /// K_R and K_B; K_G = 1 - K_R - K_B.
    pub const fn weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Smpte240m => (0.212, 0.087),
            Self::Fcc => (0.30, 0.11),
        }
    }
}

/// What the smallest and the largest sample mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// Y' and R'G'B' from 16 to 235, chroma from 16 to 240, times 2^(depth - 8).
    Limited,
    /// 0 to 2^depth - 1.
    Full,
}

/// The position of chroma samples between luma samples. Matters only with subsampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChromaSite {
    /// In a column with a luma sample (MPEG-2), or midway between two (JPEG, MPEG-1).
    pub cosited_x: bool,
    /// In a row with a luma sample (BT.2020's top-left), or midway between two.
    pub cosited_y: bool,
}

impl ChromaSite {
    /// Midway in both directions: JPEG, MPEG-1.
    pub const CENTER: Self = Self { cosited_x: false, cosited_y: false };
    /// On the left: MPEG-2, H.264, H.265.
    pub const LEFT: Self = Self { cosited_x: true, cosited_y: false };
    /// Top left: BT.2020.
    pub const TOP_LEFT: Self = Self { cosited_x: true, cosited_y: true };
}

/// The colorimetry of a picture.
///
/// For R'G'B' the matrix determines that picture's own luma; BT.709 if nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colorimetry {
    /// Between Y'CbCr and R'G'B'.
    pub matrix: Matrix,
    /// Limited or full.
    pub range: Range,
    /// Where the chroma samples are.
    pub chroma_site: ChromaSite,
}

impl Colorimetry {
    /// Full-range R'G'B', as image files have it.
    pub const SRGB: Self = Self { matrix: Matrix::Bt709, range: Range::Full, chroma_site: ChromaSite::CENTER };
}
