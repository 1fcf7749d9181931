// SPDX-License-Identifier: MPL-2.0

//! From samples to a tensor's channels: matrix, range, clamp and normalization.

use super::error::PreprocessError;
use crate::model::contract::{Channels, Input};
use crate::picture::{Colorimetry, Component, Family, Matrix, PixelFormat, Range};

/// One channel: `samples · weights + offset`, clamped to 0..1, times `scale` plus `shift`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Channel {
    /// Of each component.
    pub weights: [f32; 3],
    /// Added to their sum.
    pub offset: f32,
    /// 1 / std.
    pub scale: f32,
    /// -mean / std.
    pub shift: f32,
}

/// How channels are computed from components.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ColorTransform {
    /// Components that are read: the first, or all three.
    pub components: usize,
    /// The tensor's channels; for `gray` R', G', B', from which the tensor's single channel is computed.
    pub channels: Vec<Channel>,
    /// The weights of R', G', B' in the single channel, which is normalized by the first of `channels`.
    pub gray: Option<[f32; 3]>,
}

/// A value as an affine function of three samples.
type Affine = ([f64; 3], f64);

impl ColorTransform {
    /// For pictures of `format` and `colorimetry`.
    pub fn new(input: &Input, format: PixelFormat, colorimetry: Colorimetry) -> Result<Self, PreprocessError> {
        let norm = normalization(input)?;
        let family = format.family();
        let rgb = rgb(format, colorimetry);
        let luma = luma(format, colorimetry);
        let (values, gray) = match input.channels {
            Channels::Luma => (vec![luma], None),
            Channels::Gray601 if family == Family::Gray => (vec![luma], None),
            // Not combined into one sum, because R'G'B' is clamped first, as a picture would be.
            Channels::Gray601 => (rgb.to_vec(), Some([0.299, 0.587, 0.114])),
            Channels::Rgb => (rgb.to_vec(), None),
            Channels::Bgr => (rgb.iter().rev().copied().collect(), None),
        };
        let one = family == Family::Gray || (family == Family::Yuv && input.channels == Channels::Luma);
        let channels = values.iter().enumerate().map(|(i, (weights, offset))| {
            let (mean, std) = norm[i.min(norm.len() - 1)];
            Channel {
                weights: weights.map(|w| w as f32),
                offset: *offset as f32,
                scale: (1.0 / std) as f32,
                shift: (-mean / std) as f32,
            }
        });
        Ok(Self { components: if one { 1 } else { 3 }, channels: channels.collect(), gray })
    }

    /// How many channels the tensor has.
    pub fn channels(&self) -> usize {
        if self.gray.is_some() { 1 } else { self.channels.len() }
    }

    /// The same, with the tensor's numbers from 0 to 255.
    pub fn in_bytes(mut self) -> Self {
        for channel in &mut self.channels {
            (channel.scale, channel.shift) = (255.0, 0.0);
        }
        self
    }
}

/// The channels of `input` for an R'G'B' color, from 0 to 1, before normalization.
pub(super) fn color(input: &Input, [red, green, blue]: [f64; 3], colorimetry: Colorimetry) -> Vec<f64> {
    let gray = |(kr, kb): (f64, f64)| kr * red + (1.0 - kr - kb) * green + kb * blue;
    match input.channels {
        Channels::Rgb => vec![red, green, blue],
        Channels::Bgr => vec![blue, green, red],
        Channels::Luma => vec![gray(colorimetry.matrix.weights())],
        Channels::Gray601 => vec![gray(Matrix::Bt601.weights())],
    }
}

/// (mean, std) of each channel.
pub(super) fn normalization(input: &Input) -> Result<Vec<(f64, f64)>, PreprocessError> {
    let expected = input.channels.count();
    for (key, values) in [("mean", &input.mean), ("std", &input.std)] {
        if values.len() != expected {
            return Err(PreprocessError::Channels { key, expected, actual: values.len() });
        }
        for (channel, &value) in values.iter().enumerate() {
            if !value.is_finite() || (key == "std" && value == 0.0) {
                return Err(PreprocessError::Normalization { key, channel, value });
            }
        }
    }
    Ok(input.mean.iter().copied().zip(input.std.iter().copied()).collect())
}

/// Scale and offset that map samples to 0..1.
fn expand(component: &Component, range: Range) -> (f64, f64) {
    match range {
        Range::Full => (1.0 / f64::from(component.max()), 0.0),
        Range::Limited => {
            let step = f64::from(1u32 << (component.depth - 8));
            (1.0 / (219.0 * step), -16.0 / 219.0)
        }
    }
}

/// Scale and offset that map chroma samples to −0.5..0.5.
fn expand_chroma(component: &Component, range: Range) -> (f64, f64) {
    let middle = f64::from(1u32 << (component.depth - 1));
    let span = match range {
        Range::Full => f64::from(component.max()),
        Range::Limited => f64::from(224u32 << (component.depth - 8)),
    };
    (1.0 / span, -middle / span)
}

/// R', G', B'.
fn rgb(format: PixelFormat, colorimetry: Colorimetry) -> [Affine; 3] {
    let components = format.components();
    match format.family() {
        Family::Gray => [luma(format, colorimetry); 3],
        Family::Rgb => [0, 1, 2].map(|i| {
            let (scale, offset) = expand(&components[i], colorimetry.range);
            let mut weights = [0.0; 3];
            weights[i] = scale;
            (weights, offset)
        }),
        Family::Yuv => {
            let (y, y_offset) = expand(&components[0], colorimetry.range);
            let (cb, cb_offset) = expand_chroma(&components[1], colorimetry.range);
            let (cr, cr_offset) = expand_chroma(&components[2], colorimetry.range);
            chroma_weights(colorimetry.matrix)
                .map(|(b, r)| ([y, b * cb, r * cr], y_offset + b * cb_offset + r * cr_offset))
        }
    }
}

/// The weights of Cb and Cr in R', G' and B'.
fn chroma_weights(matrix: Matrix) -> [(f64, f64); 3] {
    let (red, blue) = matrix.weights();
    let green = 1.0 - red - blue;
    let (from_cb, from_cr) = (2.0 * (1.0 - blue), 2.0 * (1.0 - red));
    [(0.0, from_cr), (-from_cb * blue / green, -from_cr * red / green), (from_cb, 0.0)]
}

/// Y'.
fn luma(format: PixelFormat, colorimetry: Colorimetry) -> Affine {
    if format.family() != Family::Rgb {
        let (scale, offset) = expand(&format.components()[0], colorimetry.range);
        return ([scale, 0.0, 0.0], offset);
    }
    let (red, blue) = colorimetry.matrix.weights();
    let mut sum: Affine = ([0.0; 3], 0.0);
    for (share, (weights, offset)) in [red, 1.0 - red - blue, blue].into_iter().zip(rgb(format, colorimetry)) {
        for (total, weight) in sum.0.iter_mut().zip(weights) {
            *total += share * weight;
        }
        sum.1 += share * offset;
    }
    sum
}
