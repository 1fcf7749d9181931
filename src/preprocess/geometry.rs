// SPDX-License-Identifier: MPL-2.0

//! From the contract's geometry and a frame's size to sizes and positions in whole pixels.

use super::error::PreprocessError;
use super::pcg::Pcg32;
use crate::model::contract::{Crops, Geometry, Letterbox, LetterboxAt, Resize, Rounding, Sampling, Small};

/// The largest side of a scaled picture, which is that of any picture.
const MAX_SIDE: u64 = 1 << 16;
/// The most numbers per frame, in the tensor and in 8 bits on the way to it: one gibibyte of f32.
const MAX_ELEMENTS: u64 = 1 << 28;

/// A geometry, computed for one size of frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The frame is scaled to this.
    pub scaled: [u32; 2],
    /// It is then mirrored at its borders to this size, half of the addition on each side.
    pub mirrored: [u32; 2],
    /// Size of what is taken from it: the crops, or everything.
    pub crop: [u32; 2],
    /// Left and top of that in the tensor's picture; nonzero only with a letterbox.
    pub inset: [u32; 2],
    /// Size of the tensor's picture.
    pub size: [u32; 2],
    /// It is mirrored right and below to this size.
    pub padded: [u32; 2],
    /// Top left of each crop, in `mirrored`.
    pub crop_origins: Vec<[u32; 2]>,
}

impl Resolved {
    /// Computes the geometry for frames of `frame` pixels and tensors of `channels` channels.
    pub fn new(geometry: &Geometry, frame: [u32; 2], channels: usize) -> Result<Self, PreprocessError> {
        let [width, height] = frame;
        if frame.iter().any(|&side| side == 0 || u64::from(side) > MAX_SIDE) {
            return Err(PreprocessError::Frame { width, height });
        }
        if geometry.crop.is_some() && matches!(geometry.scale, Some(Resize::Letterbox(_))) {
            return Err(PreprocessError::CroppedLetterbox);
        }
        let scaled = enlarge(geometry, scale(geometry, frame)?);
        if scaled.iter().any(|&side| side > MAX_SIDE) {
            return Err(PreprocessError::Scaled { width, height, scaled_width: scaled[0], scaled_height: scaled[1] });
        }
        let scaled = scaled.map(|side| side as u32);
        let crop = geometry.crop.unwrap_or(scaled);
        not_zero("crop", crop[0].min(crop[1]))?;
        not_zero("multiple-of", geometry.multiple_of)?;
        let (size, inset) = letterbox(geometry, crop);
        let padded = size.map(|side| u64::from(side).next_multiple_of(u64::from(geometry.multiple_of)));
        let mirrored = [scaled[0].max(crop[0]), scaled[1].max(crop[1])];
        let count = count(geometry, mirrored, crop)?;
        let elements = [padded[1], count, channels as u64].iter().fold(padded[0], |n, &m| n.saturating_mul(m));
        if elements > MAX_ELEMENTS {
            return Err(PreprocessError::Elements { crops: count, width: padded[0], height: padded[1] });
        }
        // What is scaled in 8 bits is kept as a whole, first with the frame's rows.
        let bytes =
            [scaled[1].max(height), channels as u32].iter().fold(u64::from(scaled[0]), |n, &m| n * u64::from(m));
        if geometry.round && bytes > MAX_ELEMENTS {
            let [width, height] = [scaled[0], scaled[1].max(height)].map(u64::from);
            return Err(PreprocessError::Elements { crops: 1, width, height });
        }
        let crop_origins = crop_origins(geometry, mirrored, crop);
        Ok(Self { scaled, mirrored, crop, inset, size, padded: padded.map(|side| side as u32), crop_origins })
    }
}

fn not_zero(key: &'static str, value: u32) -> Result<(), PreprocessError> {
    if value == 0 { Err(PreprocessError::Zero { key }) } else { Ok(()) }
}

/// `side * numerator / denominator`, rounded to the nearest, at least 1.
fn ratio(side: u64, numerator: u64, denominator: u64) -> u64 {
    ((2 * side * numerator + denominator) / (2 * denominator)).max(1)
}

/// The same, rounded as the contract says.
fn rounded_ratio(rounding: Rounding, side: u64, numerator: u64, denominator: u64) -> u64 {
    match rounding {
        Rounding::Nearest => ratio(side, numerator, denominator),
        Rounding::Down => (side * numerator / denominator).max(1),
    }
}

/// The letterbox's size and the position of the picture in it; without one, those of the picture itself.
fn letterbox(geometry: &Geometry, picture: [u32; 2]) -> ([u32; 2], [u32; 2]) {
    let Some(Resize::Letterbox(Letterbox { size, at, .. })) = geometry.scale else { return (picture, [0, 0]) };
    let room = [0, 1].map(|axis| size[axis].saturating_sub(picture[axis]));
    match at {
        LetterboxAt::Center => (size, room.map(|room| room / 2)),
        LetterboxAt::TopLeft => (size, [0, 0]),
    }
}

/// `short-side`, `long-side`, `scale`, `letterbox` and `resize`.
fn scale(geometry: &Geometry, [width, height]: [u32; 2]) -> Result<[u64; 2], PreprocessError> {
    let (width, height) = (u64::from(width), u64::from(height));
    let other = |side, numerator, denominator| rounded_ratio(geometry.rounding, side, numerator, denominator);
    match geometry.scale {
        None => Ok([width, height]),
        Some(Resize::ShortSide(short)) => {
            not_zero("short-side", short)?;
            let to = u64::from(short);
            Ok(if width <= height { [to, other(height, to, width)] } else { [other(width, to, height), to] })
        }
        Some(Resize::LongSide(long)) => {
            not_zero("long-side", long)?;
            let to = u64::from(long);
            Ok(if width >= height { [to, other(height, to, width)] } else { [other(width, to, height), to] })
        }
        Some(Resize::Factor(factor)) => {
            if !(factor.is_finite() && factor > 0.0) {
                return Err(PreprocessError::Factor { factor });
            }
            // In double precision, as PyTorch computes it. The bound is what the largest factor of a contract gives;
            // the caller refuses far less.
            let scaled = [width, height].map(|side| match geometry.rounding {
                Rounding::Nearest => (side as f64 * factor).round() as u64,
                Rounding::Down => (side as f64 * factor) as u64,
            });
            Ok(scaled.map(|side| side.clamp(1, MAX_SIDE << 4)))
        }
        Some(Resize::Letterbox(Letterbox { size, .. })) => {
            not_zero("letterbox", size[0].min(size[1]))?;
            let [w, h] = size.map(u64::from);
            // The side that reaches its border first. The other one stays inside, however it is rounded.
            Ok(if w * height <= h * width {
                [w, ratio(height, w, width).min(h)]
            } else {
                [ratio(width, h, height).min(w), h]
            })
        }
        Some(Resize::Size(size)) => {
            not_zero("resize", size[0].min(size[1]))?;
            Ok(size.map(u64::from))
        }
    }
}

/// `small = "upscale"`: the scaled size, enlarged until it covers the crop. The frame is still scaled once.
fn enlarge(geometry: &Geometry, [width, height]: [u64; 2]) -> [u64; 2] {
    let Some(crop) = geometry.crop.filter(|_| geometry.small == Small::Upscale) else { return [width, height] };
    let [crop_width, crop_height] = crop.map(u64::from);
    if width >= crop_width && height >= crop_height {
        [width, height]
    } else if crop_width * height >= crop_height * width {
        [crop_width, ratio(height, crop_width, width).max(crop_height)]
    } else {
        [ratio(width, crop_height, height).max(crop_width), crop_height]
    }
}

fn count(geometry: &Geometry, size: [u32; 2], crop: [u32; 2]) -> Result<u64, PreprocessError> {
    if geometry.crop.is_none() {
        return Ok(1);
    }
    match geometry.crops {
        Crops::Count(count) => not_zero("crops", count).map(|()| u64::from(count)),
        Crops::All { stride } => {
            not_zero("stride", stride[0].min(stride[1]))?;
            let along = |axis: usize| 1 + u64::from((size[axis] - crop[axis]).div_ceil(stride[axis]));
            Ok(along(0) * along(1))
        }
    }
}

/// Whole numbers from 0 to `room` at intervals of `stride`; the last one is moved to `room`.
fn tiles(room: u32, stride: u32) -> impl Iterator<Item = u32> {
    (0..=room.div_ceil(stride)).map(move |i| (u64::from(i) * u64::from(stride)).min(u64::from(room)) as u32)
}

fn crop_origins(geometry: &Geometry, size: [u32; 2], crop: [u32; 2]) -> Vec<[u32; 2]> {
    let [right, below] = [size[0] - crop[0], size[1] - crop[1]];
    let center = [right / 2, below / 2];
    if geometry.crop.is_none() {
        return vec![[0, 0]];
    }
    let count = match geometry.crops {
        Crops::All { stride } => {
            return tiles(below, stride[1]).flat_map(|y| tiles(right, stride[0]).map(move |x| [x, y])).collect();
        }
        Crops::Count(count) => count,
    };
    match geometry.sampling {
        Sampling::Grid if count == 5 => vec![center, [0, 0], [right, 0], [0, below], [right, below]],
        Sampling::Grid => {
            let side = (1..).find(|side| side * side >= u64::from(count)).unwrap_or(1);
            let at = |i: u64, room: u32, middle: u32| {
                if side == 1 { middle } else { ((2 * i * u64::from(room) + side - 1) / (2 * (side - 1))) as u32 }
            };
            let place = |i: u64| [at(i % side, right, center[0]), at(i / side, below, center[1])];
            (0..u64::from(count)).map(place).collect()
        }
        Sampling::Steps => {
            let whole = count.isqrt().max(1);
            let side = if whole * whole < count { whole + 1 } else { whole };
            let step = [right / whole, below / whole];
            (0..count).map(|i| [i % side * step[0], i / side * step[1]]).collect()
        }
        Sampling::Center => vec![center; count as usize],
        Sampling::Random { seed } => {
            let mut generator = Pcg32::new(seed);
            let mut draw = || {
                let x = generator.below(right + 1);
                [x, generator.below(below + 1)]
            };
            (0..count).map(|_| draw()).collect()
        }
    }
}
