// SPDX-License-Identifier: MPL-2.0

//! Pictures with known content.

use crate::picture::{Colorimetry, OwnedFrame, PixelFormat};

/// Numbers without a pattern, the same every time (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mean 0, standard deviation about 1.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A frame whose components are functions of the sample's place: its component, column and row.
pub fn frame(
    format: PixelFormat,
    [width, height]: [u32; 2],
    colorimetry: Colorimetry,
    mut sample: impl FnMut(usize, u32, u32) -> f64,
) -> OwnedFrame {
    let mut sizes = vec![(0, 0); format.planes()];
    for c in format.components() {
        let size = &mut sizes[usize::from(c.plane)];
        let row = usize::from(c.offset) + c.width(width) as usize * usize::from(c.step) + usize::from(c.step);
        *size = (size.0.max(row.next_multiple_of(2) + 2), c.height(height) as usize);
    }
    let mut planes: Vec<_> = sizes.iter().map(|&(stride, rows)| (vec![0xa5; stride * rows], stride)).collect();
    for (index, c) in format.components().iter().enumerate() {
        let (data, stride) = &mut planes[usize::from(c.plane)];
        for y in 0..c.height(height) {
            for x in 0..c.width(width) {
                let word = (sample(index, x, y).round().clamp(0.0, f64::from(c.max())) as u16) << c.shift;
                let at = y as usize * *stride + usize::from(c.offset) + x as usize * usize::from(c.step);
                data[at..at + c.bytes()].copy_from_slice(&word.to_le_bytes()[..c.bytes()]);
            }
        }
    }
    OwnedFrame { format, width, height, colorimetry, planes }
}

/// A scene that is defined everywhere, not only at whole pixels: waves in all directions whose power falls with
/// frequency as in natural pictures, and edges.
pub struct Scene {
    /// Across and down: radians a pixel, phase; amplitude.
    waves: Vec<([f64; 2], [f64; 2], f64)>,
    /// Direction, distance from the origin, height.
    edges: Vec<(f64, f64, f64)>,
}

impl Scene {
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let wave = |_| {
            // 0.01 to 0.4 cycles a pixel, evenly in the logarithm.
            let frequency = 0.01 * 40f64.powf(random.uniform());
            let direction = std::f64::consts::TAU * random.uniform();
            let radians = std::f64::consts::TAU * frequency;
            let across = [radians * direction.cos(), std::f64::consts::TAU * random.uniform()];
            (across, [radians * direction.sin(), std::f64::consts::TAU * random.uniform()], 0.35 / frequency.sqrt())
        };
        let waves = (0..120).map(wave).collect();
        let edge = |_| {
            let direction = std::f64::consts::TAU * random.uniform();
            (direction, 300.0 * random.uniform(), 40.0 * (random.uniform() - 0.5))
        };
        Self { waves, edges: (0..12).map(edge).collect() }
    }

    /// Its values, in 8-bit codes around 120, at the pixels of a picture whose content has been moved by `shift` to
    /// the right and below.
    pub fn values(&self, [width, height]: [u32; 2], shift: [f64; 2]) -> Vec<Vec<f64>> {
        let at = |i: u32, shift: f64| f64::from(i) - shift;
        let mut out = vec![vec![120.0; width as usize]; height as usize];
        for (across, down, amplitude) in &self.waves {
            let wave = |[radians, phase]: [f64; 2], place: f64| (radians * place + phase).sin_cos();
            let columns: Vec<_> = (0..width).map(|x| wave(*across, at(x, shift[0]))).collect();
            for (y, row) in out.iter_mut().enumerate() {
                let (s, c) = wave(*down, at(y as u32, shift[1]));
                // sin(a + b).
                row.iter_mut().zip(&columns).for_each(|(v, (sx, cx))| *v += amplitude * (sx * c + cx * s));
            }
        }
        for (direction, distance, step) in &self.edges {
            for (y, row) in out.iter_mut().enumerate() {
                let along = at(y as u32, shift[1]) * direction.sin() - distance;
                for (x, v) in row.iter_mut().enumerate() {
                    *v += step * (at(x as u32, shift[0]) * direction.cos() + along).tanh();
                }
            }
        }
        out
    }
}
