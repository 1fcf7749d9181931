// SPDX-License-Identifier: MPL-2.0

//! How far a picture is from its reference: PSNR, SSIM, MS-SSIM, VMAF, CAMBI and libvmaf's `float_ssim`.
//!
//! A [`Meter`] serves one stream and measures its pairs of pictures one after another; the two pictures of a pair have
//! the same size. Samples are compared as stored: no matrix is ever applied to Y'CbCr. Where depths or ranges differ,
//! both pictures are brought to the larger depth and the reference's range (ITU-T H.273), without rounding.
//!
//! The measures, as listed in the [`registry`]:
//!
//! | measure | field | range | unit | R'G'B' | |
//! |---|---|---|---|---|---|
//! | `psnr` | `psnr-y` | 0 to 100 | dB | no | peak signal-to-noise ratio of luma |
//! | `psnr` | `psnr-cb` | 0 to 100 | dB | no | peak signal-to-noise ratio of Cb |
//! | `psnr` | `psnr-cr` | 0 to 100 | dB | no | peak signal-to-noise ratio of Cr |
//! | `psnr` | `psnr` | 0 to 100 | dB | yes | peak signal-to-noise ratio of all planes |
//! | `ssim` | `ssim` | -1 to 1 | – | yes | structural similarity of luma |
//! | `ms-ssim` | `ms-ssim` | 0 to 1 | – | yes | multi-scale structural similarity of luma |
//! | `float-ssim` | `float-ssim` | -1 to 1 | – | yes | structural similarity of luma that is shrunk first, as libvmaf's float_ssim |
//! | `vmaf` | `vmaf` | 0 to 110 | – | no | Netflix's video multi-method assessment fusion of luma, by the chosen model |
//! | `cambi` | `cambi` | 0 to 31 | – | no | contrast-aware multiscale banding index of luma, more is worse |
//! | `luma-fit` | `gain` | – | – | yes | the distorted luma's contrast: gain of the least-squares line over the reference's |
//! | `luma-fit` | `bias` | – | 8-bit samples | yes | the distorted luma's brightness: bias of the same line |
//!
//! The luma fit is computed whenever anything is measured. Values have the same bits on every processor, with any
//! number of threads, and whatever else is measured.
//!
//! # PSNR
//! 10 log₁₀(L² / MSE) dB with L = 2ⁿ − 1, at most 100 dB, which is also the value for equal pictures. `psnr-y`,
//! `psnr-cb` and `psnr-cr` are those of single planes (`psnr_y`, `psnr_u` and `psnr_v` in ffmpeg). `psnr` takes the
//! mean squared error over the samples of all planes (`psnr_avg` in ffmpeg). When the chroma planes differ in size,
//! `psnr`, `psnr-cb` and `psnr-cr` are absent. For R'G'B', `psnr` is the mean of the three channels' PSNR, and the
//! other three are absent. Where depth and range are the same, sums are sums of integers and exact.
//!
//! # SSIM
//! Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
//! Trans. Image Processing 13(4), 2004, equation 13, on luma:
//!
//! SSIM = (2 μₐμᵦ + C₁)(2 σₐᵦ + C₂) / ((μₐ² + μᵦ² + C₁)(σₐ² + σᵦ² + C₂)), C₁ = (0.01 L)², C₂ = (0.03 L)²
//!
//! with means, variances and covariance weighted by a Gaussian of σ = 1.5 over 11×11 pixels, averaged over all windows
//! that lie inside the picture. This is scikit-image's `structural_similarity(a, b, gaussian_weights=True, sigma=1.5,
//! use_sample_covariance=False, data_range=L)`. Absent when a side has fewer than 11 pixels. For R'G'B', luma is
//! computed with the weights of the reference's matrix.
//!
//! If both pictures store luma at the same depth of 8 to 12 bits and in the same range, and have at least 900,000
//! pixels and 512 pixels a side, the mean is found by the trapezoidal rule over every second window in both directions;
//! `trapezoid.rs` explains why that is accurate. For all other pictures, including R'G'B', all windows are averaged.
//! The choice depends on the pictures alone, and every operation is rounded identically on every processor. (Up to
//! 0.1.0, the rule was used only with AVX-512 VNNI, only for 8 bits and only without MS-SSIM, and the rounding of sums
//! depended on the processor. SSIM of such pictures differed by up to 5e-5 between machines, that of others in the
//! sixth digit. For large pictures of more than 8 bits, SSIM differs from that of 0.1.0 by as much.)
//!
//! # MS-SSIM
//! Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment", Asilomar 2003, equation
//! 7, with five scales and the paper's exponents, as libvmaf's `float_ms_ssim` computes it: samples are first brought
//! to 8 bits (divided by 2ⁿ⁻⁸, L = 255); a scale is halved with the low-pass filter of the 9/7 wavelet, mirrored at the
//! borders; luminance, contrast and structure are each averaged over the windows of a scale. If the mean structure of a
//! pair is negative at some scale, libvmaf returns NaN; here, that scale counts as 0. Absent when a side has fewer than
//! 176 pixels.
//!
//! # float-ssim
//! SSIM as above, of downscaled luma, as libvmaf's `float_ssim` computes it. The factor is f = max(1, round(s / 256)),
//! where s is the shorter side. A pixel is the mean of the f×f pixels around every f-th pixel; pictures are mirrored at
//! the borders, the outermost pixel repeated. Samples are brought to 8 bits (divided by 2ⁿ⁻⁸, L = 255), all windows are
//! averaged, and negative variances are set to 0. Absent when a side of the downscaled picture has fewer than 11
//! pixels.
//!
//! # VMAF
//! Li, Aaron, Katsavounidis, Moorthy and Manohara, "Toward a practical perceptual video quality metric", 2016: a
//! support-vector regression maps features of a pair to a score. Models are Netflix's ([`VmafModel`]), or other files
//! in libvmaf's format that use the same features. Features are computed as in libvmaf, in the same integer arithmetic
//! except for SpEED:
//!
//! | feature | of | source | libvmaf's file |
//! |---|---|---|---|
//! | VIF at four scales | 0.6.1 | Sheikh and Bovik, "Image information and visual quality", IEEE Trans. Image Processing 15(2), 2006 | `integer_vif.c` |
//! | ADM 2, detail loss | 0.6.1 | Li, Zhang, Ma and Ngan, "Image quality assessment by separately evaluating detail losses and additive impairments", IEEE Trans. Multimedia 13(5), 2011 | `integer_adm.c` |
//! | ADM 3, with what was added, and contrast sensitivity by viewing distance | 1 | the same; Barten, "Contrast Sensitivity of the Human Eye and Its Effects on Image Quality", 1999 | `integer_adm.c`, `barten_csf_tools.h` |
//! | motion 2, motion 3 | 0.6.1, 1 | libvmaf | `integer_motion.c` |
//! | SpEED of chroma | 1 | Bampis, Gupta, Soundararajan and Bovik, "SpEED-QA: Spatial Efficient Entropic Differencing for Image and Video Quality", IEEE Signal Processing Letters 24(9), 2017 | `speed.c` |
//! | CAMBI of the distorted picture | 1 | Tandon, Afonso, Sole and Krasula, "CAMBI: Contrast-aware multiscale banding index", Picture Coding Symposium 2021 | `cambi.c` |
//!
//! VMAF 0.6.1 stands for the models `vmaf_v0.6.1`, `vmaf_v0.6.1neg` (no gain from enhancement) and `vmaf_4k_v0.6.1`.
//! VMAF 1 stands for `vmaf_v1.0.16_3d0h`, `_5d0h` (1080 rows from 3 and 5 times the picture's height), `_1d5h_2160` and
//! `_3d0h_2160`, each also for high frame rates (`vmaf_v1.0.16_hfr_…`). Where chroma shows no difference at all, its
//! feature is derived from that of luma, ADM 3 (`predict.c`).
//!
//! **Scores of different models are not comparable**: thresholds found with 0.6.1 do not apply to VMAF 1, no formula
//! converts one into the other, and even the order of two pictures can change, above all with sharpening. VMAF 1 of
//! 8-bit samples is not that of the same samples converted to 10 bits, because CAMBI differs (by up to 2.3). Therefore
//! no samples are converted for CAMBI: where the depths of the two pictures differ, it is computed from the distorted
//! one as stored.
//!
//! Motion is the smaller of the differences from the references of the previous and the next pair. For the first pair
//! of a sequence it is 0 (motion 3: the first difference), for the last pair the difference from the previous one. So
//! the value comes with the next pair ([`Meter::late`]) or at the end ([`Meter::finish`]). Models for high frame rates
//! compare every second reference in a window of five, so the first pair waits for the next two
//! ([`VmafModel::following_pairs`]). Where depths or ranges differ, samples are brought to the larger depth and the
//! reference's range, and rounded. Absent, with a [reason](Measurements::missing), for R'G'B', for samples of more than
//! 12 bits, and when a side has fewer than 33 pixels (for such pictures, libvmaf reads out of bounds or crashes). VMAF
//! 1 is also absent without chroma, when chroma has fewer than 80 samples a side (`5d0h`: 133, `3d0h_2160`: 159), and
//! when there is no CAMBI.
//!
//! VMAF 1 depends on how chroma is stored. Where chroma is damaged, the same pictures in 4:4:4, with each chroma sample
//! repeated, score up to ten points lower than in 4:2:0 (in libvmaf of ffmpeg 9.0.2, and so here). Compare in one
//! format.
//!
//! # Agreement
//! `tests/metrics` compares the values with stored ones for pictures of 8, 10, 12 and 16 bits, from 1×1 to 1920×1080,
//! and with the script that made these. The largest differences found are: PSNR, 1e-5 dB from ffmpeg's `psnr`; SSIM,
//! 1e-5 from scikit-image, and 5e-5 with the trapezoidal rule (a drawn checkerboard under strong noise, which is not
//! part of the set, reaches 2.4e-4); MS-SSIM, 2e-4 from libvmaf, and 5e-4 where there is hardly any contrast;
//! `float-ssim`, 2e-5 from libvmaf; VMAF and each of its features, 1e-6 from libvmaf (which prints six digits), on
//! twenty-two clips from 33×35 to 3840×2160, twenty of them for VMAF 1. (The weights of libvmaf's window have six
//! digits and sum to 1.000002, which subtracts 4e-6 μ² from its variances. `float-ssim` reproduces this; elsewhere, the
//! weights sum to 1.)
//!
//! # Luma fit
//! The least-squares line distorted ≈ gain · reference + bias over all luma samples. Bias is in units of 8-bit samples,
//! and both are on the reference's range.
//!
//! # CAMBI
//! Tandon, Afonso, Sole and Krasula, "CAMBI: Contrast-aware multiscale banding index", Picture Coding Symposium 2021:
//! how visible the banding of the distorted picture is, whatever the reference, from 0 (none) to 31, which pictures do
//! not reach. Banding becomes annoying at about 5; the highest values seen are 24. It is computed as libvmaf's `cambi`
//! with its default options:
//!
//! * Samples are brought to 10 bits. Those of 8 bits are summed over 2×2, which removes dither.
//! * A pixel is flat if enough pixels of a square around it equal their neighbors.
//! * At each of five scales, a flat pixel's contrast follows from how often its own sample, and those up to 4 above and
//!   below, occur in a window around it (equation 2 of the paper).
//! * The value of a scale is the mean over the 60 % of its pixels with the highest contrast. Larger scales have larger
//!   weights.
//!
//! Samples are taken as stored, at the distorted picture's own depth. As in libvmaf, the visibility of steps is judged
//! as for limited range and ITU-R BT.1886, whatever the picture's range and transfer function. **Thresholds do not
//! carry over from one depth to another**: 8-bit samples and the same samples converted to 10 bits differ by up to 2.3,
//! and a gradient in 10 bits has other steps than in 8.
//!
//! Absent, with a [reason](Measurements::missing), for R'G'B', when the longer side has fewer than 216 pixels or more
//! than ten times those of the shorter one, and when both together have more than 16,000. (libvmaf reads out of bounds
//! when one side is much longer, and accepts no more than about 6,090; the definition extends further.)
//! `src/metrics/cambi` compares it with libvmaf frame by frame, to the six digits that libvmaf prints, on eighteen
//! clips from 216×22 to 3840×2160 of 8, 10 and 12 bits.
//!
//! # One reference, several distorted pictures
//! What VMAF (VIF's filtered maps, motion) and MS-SSIM (the smaller scales) need of the reference alone is computed
//! once for all meters that are given the same [`SharedReference`] ([`Meter::measure_shared`]). Values have the same
//! bits as without it. The other measures share nothing.
//!
//! # Without a reference
//! [`NoReferenceMeter`] gives CAMBI, motion (`motion`), and mean and standard deviation of luma (`luma-mean`,
//! `luma-deviation`) of the pictures of one stream. The latter three are fractions of full scale, 0 to 1, of samples
//! rounded to 8 bits. [`LumaMeter`] gives mean and deviation of luma, the share of dark pixels, and the difference from
//! the previous picture. These values show what is wrong with a camera, not how good its pictures are.
//!
//! # Detail
//! [`Detail`] is not a measure of quality: it shows which of two pictures has detail that the other lacks.
//! [`SwapDetector`] combines the results of several pairs to find out whether two streams may have been swapped.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block_edges;
mod cambi;
mod detail;
mod downsample;
mod error;
mod field;
mod fit_sums;
mod float_ssim;
mod fused;
#[cfg(test)]
mod laboratory;
mod luma_fit;
mod luma_meter;
mod luma_pass;
mod measure;
mod measurements;
mod meter;
mod ms_ssim;
mod no_reference;
mod one_call;
mod pair;
mod psnr;
mod range;
mod reference;
pub mod registry;
mod samples;
mod scale;
mod scratch;
mod sse;
mod ssim;
mod ssim_window;
mod swap_detector;
mod trapezoid;
mod trapezoid_bytes;
mod trapezoid_words;
mod vmaf;
mod words;
mod workers;

pub use detail::Detail;
pub use error::MetricsError;
pub use field::Field;
pub use luma_meter::{DARK, LumaMeasurements, LumaMeter};
pub use measurements::{LumaFit, Measurements, Missing};
pub use meter::Meter;
pub use no_reference::{NoReferenceMeasures, NoReferenceMeter};
pub use one_call::{Psnr, psnr, ssim};
pub use reference::SharedReference;
pub use registry::{LUMA_FIT, MEASURES, MeasureInfo, Measures};
pub use swap_detector::SwapDetector;
pub use vmaf::{ModelErrorKind as VmafModelErrorKind, VmafModel, VmafModelError};
