// SPDX-License-Identifier: MPL-2.0

//! The working memory of a thread, kept from pair to pair.

#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use super::{cambi, sse, ssim_window, trapezoid_bytes, trapezoid_words, vmaf};

/// The working memory of a thread. Each part grows on first use.
#[derive(Default)]
pub(super) struct Scratch {
    /// Rows of luma of both pictures.
    pub luma: [Vec<f32>; 2],
    /// The same as bytes, or as pairs of bytes, where they had to be copied from packed pictures.
    pub bytes: [Vec<u8>; 2],
    pub words: [Vec<[u8; 2]>; 2],
    pub line: Vec<f32>,
    pub ring: ssim_window::Ring,
    pub sse: sse::Scratch,
    pub trapezoid_bytes: Option<trapezoid_bytes::Scratch>,
    pub trapezoid_words: Option<trapezoid_words::Scratch>,
    pub vmaf: vmaf::Scratch,
    pub cambi: cambi::Scratch,
    #[cfg(target_arch = "x86_64")]
    pub avx512: Option<avx512::Scratch>,
    #[cfg(target_arch = "x86_64")]
    pub avx2: Option<avx2::Scratch>,
}
