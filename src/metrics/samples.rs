// SPDX-License-Identifier: MPL-2.0

//! Rows of samples as numbers, whatever their layout.

use std::ops::Range;

use super::range::Affine;
use super::words::Place;
use crate::picture::{Component, Picture};

/// One component of a picture, and the conversion of its samples.
#[derive(Clone, Copy)]
pub(super) struct Samples<'a> {
    picture: &'a Picture<'a>,
    index: usize,
    component: Component,
    gain: f32,
    offset: f32,
}

impl<'a> Samples<'a> {
    /// `None` when the format has no such component.
    pub fn new(picture: &'a Picture<'a>, index: usize, affine: Affine) -> Option<Self> {
        let component = *picture.format().components().get(index)?;
        Some(Self { picture, index, component, gain: affine.gain as f32, offset: affine.offset as f32 })
    }

    pub fn width(&self) -> usize {
        self.component.width(self.picture.width()) as usize
    }

    pub fn height(&self) -> usize {
        self.component.height(self.picture.height()) as usize
    }

    /// Loads row `y` of the component, which must exist.
    #[inline(always)]
    pub fn load(&self, y: usize, out: &mut [f32]) {
        self.each(y, out, |sample, out| *out = sample);
    }

    /// Adds `weight` times row `y` to `out`.
    #[inline(always)]
    pub fn add(&self, y: usize, weight: f32, out: &mut [f32]) {
        self.each(y, out, |sample, out| *out += weight * sample);
    }

    #[inline(always)]
    fn each(&self, y: usize, out: &mut [f32], set: impl Fn(f32, &mut f32)) {
        let Self { gain, offset, component, .. } = *self;
        let row = self.picture.row(self.index, y as u32);
        match component.bytes() {
            1 => stepped(row, usize::from(component.step), out, |sample: &u8, out| {
                set(f32::from(*sample) * gain + offset, out);
            }),
            _ => {
                let step = usize::from(component.step) / 2;
                stepped(row.as_chunks::<2>().0, step, out, |sample: &[u8; 2], out| {
                    set(f32::from(u16::from_le_bytes(*sample) >> component.shift) * gain + offset, out);
                });
            }
        }
    }

    /// Loads row `y` as integers, as stored.
    #[inline(always)]
    pub fn whole(&self, y: usize, out: &mut [u16]) {
        let row = self.picture.row(self.index, y as u32);
        let shift = self.component.shift;
        match self.component.bytes() {
            1 => stepped(row, usize::from(self.component.step), out, |sample: &u8, out| *out = u16::from(*sample)),
            _ => {
                let step = usize::from(self.component.step) / 2;
                stepped(row.as_chunks::<2>().0, step, out, |sample: &[u8; 2], out| {
                    *out = u16::from_le_bytes(*sample) >> shift;
                });
            }
        }
    }

    /// Rows of samples of more than 8 bits, without gaps between samples: as stored, or copied to `unpacked`.
    #[inline(always)]
    pub fn rows_of_words<'b>(&self, rows: Range<usize>, unpacked: &'b mut Vec<[u8; 2]>) -> Vec<&'b [[u8; 2]]>
    where
        'a: 'b,
    {
        let lying = |y: usize| self.picture.row(self.index, y as u32).as_chunks::<2>().0;
        let step = usize::from(self.component.step) / 2;
        let width = self.width();
        if step == 1 {
            return rows.map(|y| &lying(y)[..width]).collect();
        }
        unpacked.resize(rows.len() * width, [0; 2]);
        for (y, out) in rows.zip(unpacked.chunks_exact_mut(width)) {
            stepped(lying(y), step, out, |sample: &[u8; 2], out| *out = *sample);
        }
        unpacked.chunks_exact(width).collect()
    }

    /// Where a sample of more than 8 bits lies in its two bytes.
    pub fn place(&self) -> Place {
        Place { shift: u32::from(self.component.shift), depth: u32::from(self.component.depth) }
    }

    /// Row `y` as stored, if it consists of 8-bit samples without gaps.
    #[inline(always)]
    pub fn bytes(&self, y: usize) -> Option<&'a [u8]> {
        (self.component.step == 1).then(|| self.picture.row(self.index, y as u32))
    }

    /// Rows of 8-bit samples, without gaps between samples: as stored, or copied to `unpacked`.
    #[inline(always)]
    pub fn rows_of_bytes<'b>(&self, rows: Range<usize>, unpacked: &'b mut Vec<u8>) -> Vec<&'b [u8]>
    where
        'a: 'b,
    {
        if self.component.step == 1 {
            return rows.map(|y| self.picture.row(self.index, y as u32)).collect();
        }
        let width = self.width();
        unpacked.resize(rows.len() * width, 0);
        for (y, out) in rows.zip(unpacked.chunks_exact_mut(width)) {
            let row = self.picture.row(self.index, y as u32);
            stepped(row, usize::from(self.component.step), out, |sample: &u8, out| *out = *sample);
        }
        unpacked.chunks_exact(width).collect()
    }

    pub fn depth(&self) -> u8 {
        self.component.depth
    }
}

/// Visits every `step`-th sample of a row; the row may end right after the last of them.
#[inline(always)]
fn stepped<S, T>(row: &[S], step: usize, out: &mut [T], set: impl Fn(&S, &mut T)) {
    macro_rules! every {
        ($n:literal) => {{
            let (whole, rest) = row.as_chunks::<$n>();
            for (samples, out) in whole.iter().zip(&mut *out) {
                set(&samples[0], out);
            }
            if let (Some(sample), Some(out)) = (rest.first(), out.get_mut(whole.len())) {
                set(sample, out);
            }
        }};
    }
    match step {
        1 => row.iter().zip(out).for_each(|(sample, out)| set(sample, out)),
        2 => every!(2),
        3 => every!(3),
        4 => every!(4),
        step => row.chunks(step).zip(out).for_each(|(samples, out)| set(&samples[0], out)),
    }
}

/// A picture's luma: its first component, or the weighted sum of R', G' and B'.
#[derive(Clone, Copy)]
pub(super) enum Luma<'a> {
    Stored(Samples<'a>),
    Mixed([Samples<'a>; 3], [f32; 3]),
}

impl Luma<'_> {
    #[inline(always)]
    pub fn load(&self, y: usize, out: &mut [f32]) {
        match self {
            Self::Stored(samples) => samples.load(y, out),
            Self::Mixed(channels, weights) => {
                out.fill(0.0);
                for (channel, weight) in channels.iter().zip(weights) {
                    channel.add(y, *weight, out);
                }
            }
        }
    }
}
