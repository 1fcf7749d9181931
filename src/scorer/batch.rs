// SPDX-License-Identifier: MPL-2.0

//! A batch: tensors with room for each picture, and the jobs they belong to.

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
    /// An input that is fed by the model's reference branch instead.
    Unused,
}

impl Elements {
    /// Memory for `count` pictures of `length` elements from the picture `first` on; the vector grows if necessary.
    pub(super) fn slots(&mut self, length: usize, first: usize, count: usize) -> Vec<Slot<'_>> {
        match self {
            Self::F32(values) => room(values, length, first, count).map(Slot::F32).collect(),
            Self::F16(values) => room(values, length, first, count).map(Slot::F16).collect(),
            Self::U8(values) => room(values, length, first, count).map(Slot::U8).collect(),
        }
    }

    /// Moves the picture `from` to an earlier place `to`.
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

/// Memory for a batch's inputs, which is reused.
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

/// The shape that pictures of one batch share, per input: crops, channels, height, width.
pub(super) type Shape = [usize; 4];

/// The positions of a frame's crops, to assemble their maps.
pub(super) struct Cropping {
    /// The size of the whole scaled picture.
    pub(super) scaled: [u32; 2],
    /// The size of a crop.
    pub(super) crop: [u32; 2],
    /// The upper left corner of each crop.
    pub(super) origins: Vec<[u32; 2]>,
}

/// A job in a batch.
pub(super) struct Entry {
    pub(super) ticket: Ticket,
    /// Where its maps go, or why it is not part of the inference.
    pub(super) preprocessed: Result<Option<Cropping>, ScoreError>,
}

/// Jobs that run together.
pub(super) struct Batch {
    pub(super) buffers: Buffers,
    /// Pictures in the buffers; failed entries have none.
    pub(super) frames: usize,
    /// Of every input, once there is a picture.
    pub(super) shapes: Vec<Shape>,
    /// Width and height of all distorted frames, once there is a picture, if an input has numbers of them.
    pub(super) frame_size: Option<[u32; 2]>,
    /// The outputs of the model's reference branch, if there is one: the rows of all pictures.
    pub(super) features: Vec<Feature>,
    pub(super) entries: Vec<Entry>,
}

impl Batch {
    pub(super) fn new(buffers: Buffers) -> Self {
        Self { buffers, frames: 0, shapes: Vec::new(), frame_size: None, features: Vec::new(), entries: Vec::new() }
    }
}

/// The dimensions of a tensor for this many frames.
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

/// Appends a frame's rows to the batch.
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
