// SPDX-License-Identifier: MPL-2.0

//! How far a picture is from its reference: PSNR, SSIM, MS-SSIM, VMAF, CAMBI and libvmaf's `float_ssim`.
//!
//! A [`Meter`] is kept for a stream and measures pair after pair of pictures of the same size. Stored samples are
//! compared, no matrix is ever applied to Y'CbCr; where depths or ranges differ, both pictures are taken at the larger
//! depth and in the reference's range (ITU-T H.273), without rounding.
//!
//! Which measures there are is said once, in the [`registry`]:
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
//! The luma fit is taken whenever anything is measured. A field has the same bits on every processor, with any number of
//! threads and whatever else is measured.
//!
//! # PSNR
//! 10 log₁₀(L² / MSE) dB with L = 2ⁿ − 1, at most 100 dB (which is what equal pictures get). `psnr-y`,
//! `psnr-cb` and `psnr-cr` are those of single planes, which ffmpeg calls `psnr_y`, `psnr_u` and `psnr_v`. `psnr` takes the mean square over the samples of all planes, which is ffmpeg's `psnr_avg`; it is absent when the
//! chroma planes' sizes differ, as `psnr-cb` and `psnr-cr` are. For R'G'B' it is the mean of the three channels' PSNR, and the other three are absent. Where
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
//! Where luma is stored in 8 to 12 bits, alike in both pictures, and the pictures have 900,000 pixels and more (512 and
//! more a side), the mean is found by the trapezoidal rule over every second window in both directions: see `trapezoid.rs` for
//! why that comes as close as it does. All other pictures, R'G'B' among them, have all their windows averaged. Nothing
//! but the pictures decides which of the two it is, and every operation is rounded alike on every processor. (Up to
//! 0.1.0 the rule was used only with AVX-512 VNNI and only without MS-SSIM, and sums were rounded as the processor had
//! it: SSIM of such pictures differed by up to 5e-5 between machines, and of others in the sixth digit. It was not used
//! for more than 8 bits, whose SSIM differs by as much.)
//!
//! # MS-SSIM
//! Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment", Asilomar 2003, equation
//! 7, with five scales and the paper's exponents, as libvmaf's `float_ms_ssim` computes it: samples are brought to 8
//! bits first (divided by 2ⁿ⁻⁸, L = 255); a scale is halved with the low-pass filter of the 9/7 wavelet, mirrored at the
//! borders; luminance, contrast and structure are averaged over a scale's windows each by itself. libvmaf has no number
//! (NaN) for a pair whose mean structure is negative at some scale; here that scale counts as 0. Absent when a side has
//! less than 176 pixels.
//!
//! # float-ssim
//! SSIM as above, of luma that is shrunk first, as libvmaf's `float_ssim` computes it: by f = max(1, round(s / 256)), s
//! being the shorter side. A pixel is the mean of the f×f pixels around every f-th one, mirrored at the borders, the
//! outermost repeated. Samples are brought to 8 bits (divided by 2ⁿ⁻⁸, L = 255), every window counts, and no variance is
//! below 0. Absent when a side of the shrunk picture has less than 11 pixels.
//!
//! # VMAF
//! Li, Aaron, Katsavounidis, Moorthy and Manohara, "Toward a practical perceptual video quality metric", 2016: features
//! of a pair, brought to a score by a support-vector regression. Models are Netflix's ([`VmafModel`]) or other files in
//! libvmaf's format that take the same features, which are computed as libvmaf computes them, in the same whole numbers
//! but for SpEED:
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
//! VMAF 0.6.1 is `vmaf_v0.6.1`, `vmaf_v0.6.1neg` (no gain from enhancement) and `vmaf_4k_v0.6.1`. VMAF 1 is
//! `vmaf_v1.0.16_3d0h`, `_5d0h` (1080 rows from 3 and 5 times the picture's height), `_1d5h_2160` and `_3d0h_2160`,
//! each also for high frame rates (`vmaf_v1.0.16_hfr_…`). Chroma that shows no difference at all is taken for what luma
//! shows (`predict.c`). **Scores of different models do not compare**: thresholds found with 0.6.1 are not those of
//! VMAF 1, there is no formula between them, and even the order of two pictures may turn, with sharpening above all.
//! VMAF 1 of 8-bit samples is not that of the same samples lifted to 10 bits, for CAMBI is not (by up to 2.3): nothing
//! is lifted on the way, and where the two pictures' depths differ, CAMBI is of the distorted one as it is stored.
//!
//! Motion is the smaller of the differences to the references of the pairs before and after, 0 (motion 3: the first
//! difference) for the first pair of a sequence and the difference to the one before for the last: so a value comes
//! with the next pair ([`Meter::late`]) or at the end ([`Meter::finish`]). Models for high frame rates compare each
//! second reference, within five: the first pair then waits for the next two ([`VmafModel::following_pairs`]). Where
//! depths or ranges differ, samples are brought to the larger depth and the reference's range, and rounded. Absent,
//! with a [reason](Measurements::missing), for R'G'B', for samples of more than 12 bits, and when a side has less than
//! 33 pixels: of such pictures libvmaf reads what lies beside its memory, or crashes. VMAF 1 is also absent without
//! chroma, where that has less than 80 samples a side (`5d0h`: 133, `3d0h_2160`: 159), and where there is no CAMBI.
//!
//! VMAF 1 depends on how chroma is stored: the same pictures in 4:4:4, each chroma sample repeated, have up to ten points
//! less than in 4:2:0 where chroma is damaged (libvmaf of ffmpeg 9.0.2, and so here). Compare in one format.
//!
//! # Agreement
//! `tests/metrics` holds it to stored values for pictures of 8, 10, 12 and 16 bits, from 1×1 to 1920×1080, and to the
//! script that made them. It found no more than: PSNR, 1e-5 dB from ffmpeg's `psnr`; SSIM, 1e-5 from scikit-image, and
//! 5e-5 by the trapezoidal rule (a drawn checkerboard under strong noise, which is not among them, reaches 2.4e-4);
//! MS-SSIM, 2e-4 from libvmaf, and 5e-4 where there is hardly any contrast; `float-ssim`,
//! 2e-5 from libvmaf; VMAF and each of its features, 1e-6 from libvmaf (which prints six digits), on twenty-two clips
//! from 33×35 to 3840×2160, of VMAF 1 on twenty of them. (The weights of libvmaf's window have six digits and sum to
//! 1.000002, which takes 4e-6 μ² from its variances; `float-ssim` follows it there, and elsewhere they sum to 1.)
//!
//! # Luma fit
//! The line distorted ≈ gain · reference + bias of least squares over all luma samples, bias in units of 8-bit samples
//! and both on the reference's range.
//!
//! # CAMBI
//! Tandon, Afonso, Sole and Krasula, "CAMBI: Contrast-aware multiscale banding index", Picture Coding Symposium 2021: how
//! visible the banding of the distorted picture is, whatever its reference, from 0 (none) to 31, which pictures do not reach:
//! some 5 is where it begins to annoy, 24 is the most that is seen. It is computed as libvmaf's `cambi` with its default
//! options: samples become 10 bits, those of 8 bits by summing two by two, which takes dither away; flat parts are found by
//! how many of a square's pixels equal their neighbours; at five scales each of their pixels has a contrast by how often its
//! own sample, and those up to 4 above and below, are in a window around it (equation 2 of the paper); of each scale the
//! mean of the 60 % with most contrast counts, the more the larger the scale. Samples are taken as they are stored, at the
//! distorted picture's own depth; how visible steps are is judged as if they were of limited range and ITU-R BT.1886, as
//! libvmaf does. **Thresholds do not carry over from one depth to another**: 8 bits, and the same samples lifted to 10 bits,
//! differ by up to 2.3, and a slope in 10 bits has other steps than in 8.
//!
//! Absent, with a [reason](Measurements::missing), for R'G'B', where the longer side has less than 216 pixels or more than ten
//! times the shorter one's, and where both together have more than 16,000. (libvmaf reads beside its memory where the one is
//! much longer, and takes no more than some 6,090; the definition goes on.) `src/metrics/cambi` holds it to libvmaf frame by
//! frame, to the six digits that libvmaf prints, on eighteen clips from 216×22 to 3840×2160 of 8, 10 and 12 bits.
//!
//! # One reference, several distorted pictures
//! What VMAF (VIF's filtered maps, motion) and MS-SSIM (the smaller scales) need of the reference alone is
//! computed once for all meters that are given the same [`SharedReference`] ([`Meter::measure_shared`]). The numbers are the
//! same bits. The other measures share nothing.
//!
//! # Without a reference
//! [`NoReferenceMeter`] gives CAMBI, motion (`motion`), and mean and standard deviation of luma (`luma-mean`,
//! `luma-deviation`) of the pictures of one stream, the latter three as shares of full scale, 0 to 1, of samples rounded to 8
//! bits. [`LumaMeter`] looks at the pictures of one stream: mean and deviation of luma, how much of it is dark, and how far it
//! differs from the picture before. They say what is wrong with a camera, not how good its pictures are.
//!
//! # Detail
//! [`Detail`] is no measure of quality: it says which of two pictures has detail that the other lacks, and with
//! [`DetailLooks`] whether two streams may have been given the wrong way round.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block_edges;
mod cambi;
mod detail;
mod detail_looks;
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
mod trapezoid;
mod trapezoid_bytes;
mod trapezoid_words;
mod vmaf;
mod words;
mod workers;

pub use detail::Detail;
pub use detail_looks::DetailLooks;
pub use error::MetricsError;
pub use field::Field;
pub use luma_meter::{DARK, LumaLook, LumaMeter};
pub use measurements::{LumaFit, Measurements, Missing};
pub use meter::Meter;
pub use no_reference::{NoReferenceMeasures, NoReferenceMeter};
pub use one_call::{Psnr, psnr, ssim};
pub use reference::SharedReference;
pub use registry::{LUMA_FIT, MEASURES, MeasureInfo, Measures};
pub use vmaf::{ModelErrorKind as VmafModelErrorKind, VmafModel, VmafModelError};
