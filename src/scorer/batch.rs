// SPDX-License-Identifier: MPL-2.0

//! A batch: tensors with room for each picture, and whose they are.

use half::f16;
use ort::value::TensorElementType as Element;

use super::error::ScoreError;
use super::features::{Feature, Features};
use super::queue::Ticket;
use crate::model::Model;
use crate::model::contract::{Input, Layout};

/// A tensor's elements, of the type that the graph takes.
pub(super) enum Elements {
    F32(Vec<f32>),
    F16(Vec<f16>),
    U8(Vec<u8>),
}

/// A picture's part of a tensor.
pub(super) enum Slot<'a> {
    F32(&'a mut [f32]),
    F16(&'a mut [f16]),
    U8(&'a mut [u8]),
    /// Of an input that the model's reference branch takes instead.
    Unused,
}

impl Elements {
    /// Room for `count` pictures of `length` elements from the picture `first` on, for which the vector grows if it must.
    pub(super) fn slots(&mut self, length: usize, first: usize, count: usize) -> Vec<Slot<'_>> {
        match self {
            Self::F32(values) => room(values, length, first, count).map(Slot::F32).collect(),
            Self::F16(values) => room(values, length, first, count).map(Slot::F16).collect(),
            Self::U8(values) => room(values, length, first, count).map(Slot::U8).collect(),
        }
    }

    /// Moves the picture `from` to `to`, a place before it.
    pub(super) fn move_down(&mut self, length: usize, from: usize, to: usize) {
        let range = from * length..(from + 1) * length;
        match self {
            Self::F32(values) => values.copy_within(range, to * length),
            Self::F16(values) => values.copy_within(range, to * length),
            Self::U8(values) => values.copy_within(range, to * length),
        }
    }
}

fn room<T: Clone + Default>(
    values: &mut Vec<T>,
    length: usize,
    first: usize,
    count: usize,
) -> std::slice::ChunksExactMut<'_, T> {
    let range = first * length..(first + count) * length;
    if values.len() < range.end {
        values.resize(range.end, T::default());
    }
    values[range].chunks_exact_mut(length)
}

/// Memory for a batch's inputs, used again and again.
pub(super) struct Buffers {
    pub(super) inputs: Vec<Elements>,
}

impl Buffers {
    pub(super) fn new(model: &Model) -> Self {
        let inputs = model.contract().inputs.iter().map(|input| {
            match model.picture_input(&input.tensor).map(|tensor| tensor.element) {
                Some(Element::Float16) => Elements::F16(Vec::new()),
                Some(Element::Uint8) => Elements::U8(Vec::new()),
                _ => Elements::F32(Vec::new()),
            }
        });
        Self { inputs: inputs.collect() }
    }
}

/// What pictures in one batch have in common, per input: crops, channels, height, width.
pub(super) type Shape = [usize; 4];

/// Where the crops of a frame lie, for putting their maps together.
pub(super) struct Cropping {
    /// Of the whole scaled picture.
    pub(super) scaled: [u32; 2],
    /// Of a crop.
    pub(super) crop: [u32; 2],
    /// Each crop's left upper corner.
    pub(super) origins: Vec<[u32; 2]>,
}

/// A job in a batch.
pub(super) struct Entry {
    pub(super) ticket: Ticket,
    /// Where its maps go, or why it takes no part.
    pub(super) preprocessed: Result<Option<Cropping>, ScoreError>,
}

/// Jobs that run together.
pub(super) struct Batch {
    pub(super) buffers: Buffers,
    /// Pictures in the buffers; entries that failed have none.
    pub(super) frames: usize,
    /// Of every input, once there is a picture.
    pub(super) shapes: Vec<Shape>,
    /// What the model's reference branch gives, if it has one: all pictures' rows.
    pub(super) features: Vec<Feature>,
    pub(super) entries: Vec<Entry>,
}

impl Batch {
    pub(super) fn new(buffers: Buffers) -> Self {
        Self { buffers, frames: 0, shapes: Vec::new(), features: Vec::new(), entries: Vec::new() }
    }
}

/// The dimensions of a tensor of that many frames.
pub(super) fn tensor_dims(input: &Input, [crops, channels, height, width]: Shape, frames: usize) -> Vec<usize> {
    let mut dims = match input.geometry.crops_axis {
        1 => vec![frames, crops],
        _ => vec![frames * crops],
    };
    match input.layout {
        Layout::Nchw => dims.extend([channels, height, width]),
        Layout::Nhwc => dims.extend([height, width, channels]),
    }
    dims
}

/// Adds a frame's rows to those of the batch.
pub(super) fn append(batch: &mut Vec<Feature>, frame: &Features) -> Result<(), ScoreError> {
    if batch.is_empty() {
        batch.extend(frame.0.iter().map(|Feature { name, dims, .. }| Feature {
            name: name.clone(),
            dims: dims.clone(),
            values: Vec::new(),
        }));
    }
    if let Some((_, other)) = batch.iter().zip(&frame.0).find(|(all, own)| all.dims != own.dims) {
        let problem = format!("of the reference's graph changes its shape ({:?})", other.dims);
        return Err(ScoreError::Output { tensor: other.name.clone(), problem });
    }
    batch.iter_mut().zip(&frame.0).for_each(|(all, own)| all.values.extend_from_slice(&own.values));
    Ok(())
}
