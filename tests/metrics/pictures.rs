// SPDX-License-Identifier: MPL-2.0

//! Redraws the pictures that `reference.py` measured, in the same integer arithmetic.

use onnx_iqa::picture::{ChromaSite, Colorimetry, Matrix, OwnedFrame, PixelFormat, Range};
use sha2::Digest as _;

/// The parameters of a picture and its distorted copy, and the values found for them.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Case {
    pub layout: String,
    pub depth: u32,
    pub width: u32,
    pub height: u32,
    pub contrast: i64,
    pub noise: i64,
    pub blur: bool,
    pub gain: i64,
    pub bias: i64,
    pub sha256: [String; 2],
    pub psnr_y: f64,
    pub psnr_cb: f64,
    pub psnr_cr: f64,
    pub psnr: f64,
    pub ssim: Option<f64>,
    pub ms_ssim: Option<f64>,
    pub float_ssim: Option<f64>,
    pub fit: Option<[f64; 2]>,
}

/// The stored cases.
pub fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

pub const COLORIMETRY: Colorimetry =
    Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };

/// Three planes of samples.
#[derive(Clone)]
pub struct Planar {
    pub width: u32,
    pub height: u32,
    pub sub: [u32; 2],
    pub depth: u32,
    pub planes: [Vec<u16>; 3],
}

impl Case {
    /// The reference and the distorted picture; asserts that they are those that were measured.
    pub fn draw(&self) -> [Planar; 2] {
        let pictures = self.draw_unchecked();
        for (picture, sum) in pictures.iter().zip(&self.sha256) {
            assert_eq!(&picture.sha256(), sum, "pictures.rs and reference.py draw differently: {self:?}");
        }
        pictures
    }

    /// The same for a case that is not stored.
    pub fn draw_unchecked(&self) -> [Planar; 2] {
        let sub = match self.layout.as_str() {
            "yuv420" => [1, 1],
            "yuv422" => [1, 0],
            _ => [0, 0],
        };
        let empty =
            Planar { width: self.width, height: self.height, sub, depth: self.depth, planes: Default::default() };
        let mut pictures = [empty.clone(), empty];
        for plane in 0..3 {
            let [width, height] = pictures[0].size(plane);
            let [a, b] = self.plane(plane as i64, width as i64, height as i64);
            pictures[0].planes[plane] = a;
            pictures[1].planes[plane] = b;
        }
        pictures
    }

    fn plane(&self, plane: i64, width: i64, height: i64) -> [Vec<u16>; 2] {
        let reference: Vec<i64> = (0..width * height)
            .map(|i| {
                let value = texture(i % width, i / width, plane as u32 + 1);
                (32768 + (((value - 32768) * self.contrast) >> 16)) >> (16 - self.depth)
            })
            .collect();
        let sample = |x: i64, y: i64| reference[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize];
        let row = |x: i64, y: i64| sample(x - 1, y) + 2 * sample(x, y) + sample(x + 1, y);
        let distorted = (0..width * height).map(|i| {
            let (x, y) = (i % width, i / width);
            let soft = (row(x, y - 1) + 2 * row(x, y) + row(x, y + 1) + 8) >> 4;
            let noise = hash(x, y, 1000 + plane as u32) % (2 * self.noise + 1) - self.noise;
            let value = if self.blur { soft } else { sample(x, y) };
            (((value * self.gain) >> 6) + self.bias + noise).clamp(0, (1 << self.depth) - 1) as u16
        });
        let distorted = distorted.collect();
        [reference.into_iter().map(|value| value as u16).collect(), distorted]
    }
}

/// Wellons' lowbias32.
fn mixed(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// A number below 2¹⁶ for a position.
pub fn hash(x: i64, y: i64, seed: u32) -> i64 {
    i64::from(mixed(mixed((x as u32).wrapping_add(seed)).wrapping_add(y as u32)) & 0xffff)
}

/// Bilinear noise at four scales, below 2¹⁶.
fn texture(x: i64, y: i64, seed: u32) -> i64 {
    let octaves = [(6, 8), (4, 4), (2, 3), (0, 1)].into_iter().zip(seed * 16..);
    let sum: i64 = octaves
        .map(|((bits, weight), key)| {
            let side = 1 << bits;
            let (left, top, fx, fy) = (x >> bits, y >> bits, x & (side - 1), y & (side - 1));
            let between = |y: i64| hash(left, y, key) * (side - fx) + hash(left + 1, y, key) * fx;
            ((between(top) * (side - fy) + between(top + 1) * fy) >> (2 * bits)) * weight
        })
        .sum();
    sum >> 4
}

impl Planar {
    /// Columns and rows of a plane.
    pub fn size(&self, plane: usize) -> [u32; 2] {
        let [x, y] = if plane == 0 { [0, 0] } else { self.sub };
        [self.width.div_ceil(1 << x), self.height.div_ceil(1 << y)]
    }

    fn sha256(&self) -> String {
        let mut digest = sha2::Sha256::new();
        for sample in self.planes.iter().flatten() {
            match self.depth {
                8 => digest.update([*sample as u8]),
                _ => digest.update(sample.to_le_bytes()),
            }
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Luma only, from a function.
    pub fn gray(width: u32, height: u32, sample: impl Fn(u32, u32) -> u16) -> Self {
        let luma = (0..width * height).map(|i| sample(i % width, i / width)).collect();
        Self { width, height, sub: [0, 0], depth: 8, planes: [luma, Vec::new(), Vec::new()] }
    }

    /// One plane as luma; only without subsampling.
    pub fn plane_alone(&self, plane: usize) -> Self {
        Self { planes: [self.planes[plane].clone(), Vec::new(), Vec::new()], ..self.clone() }
    }

    /// The first plane as all three.
    pub fn tripled(&self) -> Self {
        Self { planes: [0; 3].map(|plane| self.planes[plane].clone()), ..self.clone() }
    }

    /// The same at a larger depth.
    pub fn deepened(&self, depth: u32) -> Self {
        let planes =
            self.planes.clone().map(|plane| plane.iter().map(|sample| sample << (depth - self.depth)).collect());
        Self { planes, depth, ..*self }
    }

    /// The planar format for these samples, if there is one.
    pub fn planar(&self) -> Option<PixelFormat> {
        Some(match (self.sub, self.depth) {
            ([1, 1], 8) => PixelFormat::I420,
            ([1, 1], 10) => PixelFormat::I420p10,
            ([1, 1], 12) => PixelFormat::I420p12,
            ([1, 0], 8) => PixelFormat::Y42b,
            ([0, 0], 8) => PixelFormat::Y444,
            ([0, 0], 12) => PixelFormat::Y444p12,
            ([0, 0], 16) => PixelFormat::Y444p16,
            ([1, 0], 10) => PixelFormat::I422p10,
            ([1, 0], 12) => PixelFormat::I422p12,
            ([0, 0], 10) => PixelFormat::Y444p10,
            _ => return None,
        })
    }

    /// The picture in a format of the same depth and sampling (or luma only, or R'G'B' of three such planes), with
    /// `padding` bytes of garbage after each row.
    pub fn frame(&self, format: PixelFormat, colorimetry: Colorimetry, padding: usize) -> OwnedFrame {
        let components = format.components();
        let mut planes = vec![(Vec::new(), 0); format.planes()];
        for (index, component) in components.iter().enumerate() {
            let [width, height] = self.size(index).map(|side| side as usize);
            assert_eq!([component.width(self.width), component.height(self.height)], self.size(index), "{format}");
            let (data, stride) = &mut planes[usize::from(component.plane)];
            let (offset, step) = (usize::from(component.offset), usize::from(component.step));
            if *stride == 0 {
                // A packed plane is as wide as its widest component. Garbage everywhere, including the bits below a
                // sample.
                *stride = width.next_multiple_of(2) * step + padding;
                *data = (0..*stride * height).map(|i| (i * 151 + 7) as u8).collect();
            }
            for y in 0..height {
                for x in 0..width {
                    let sample = self.planes[index][y * width + x];
                    let at = y * *stride + offset + x * step;
                    if component.bytes() == 1 {
                        data[at] = sample as u8;
                    } else {
                        let below = (i32::from(x as u8) & ((1 << component.shift) - 1)) as u16;
                        data[at..at + 2].copy_from_slice(&(sample << component.shift | below).to_le_bytes());
                    }
                }
            }
        }
        OwnedFrame { format, width: self.width, height: self.height, colorimetry, planes }
    }
}
