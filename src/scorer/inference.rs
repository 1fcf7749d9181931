// SPDX-License-Identifier: MPL-2.0

//! Running a batch through the session.

use std::borrow::Cow;
use std::sync::Arc;

use half::{bf16, f16};
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, SessionInputValue};
use ort::value::{DynTensor, DynValue, TensorElementType as Element, TensorRef};

use super::batch::{Batch, Cropping, Elements, Shape, tensor_dims};
use super::error::ScoreError;
use super::features::Feature;
use super::postprocess;
use super::rows::{FrameRows, Rows};
use super::score::Score;
use crate::model::contract::Role;
use crate::model::{Model, ort_message};

/// Most numbers of one input that a graph with a fixed batch takes at once: one gibibyte of f32.
const LARGEST_BATCH: usize = 1 << 28;

/// A constant's tensor.
struct Made {
    rows: usize,
    frame_size: Option<[u32; 2]>,
    tensor: DynTensor,
}

/// Runs a model's session.
pub(super) struct Runner {
    model: Arc<Model>,
    outputs: Vec<String>,
    /// For each of the model's constants, the tensor, and the number of rows and the size of frames it was created for.
    constants: Vec<Option<Made>>,
    fixed: Option<usize>,
    options: Option<RunOptions<HasSelectedOutputs>>,
}

impl Runner {
    pub(super) fn new(model: Arc<Model>) -> Self {
        let constants = model.constants().iter().map(|_| None).collect();
        let outputs: Vec<String> = model.output_names().into_iter().map(str::to_owned).collect();
        let fixed = model.fixed_batch();
        Self { model, outputs, constants, fixed, options: None }
    }

    /// The outputs that the contract refers to, in the order of `Model::output_names`.
    pub(super) fn run(&mut self, batch: &Batch) -> Result<Vec<Rows>, String> {
        let stacked = self.model.contract().inputs.first().is_some_and(|input| input.geometry.crops_axis == 1);
        let crops = batch.shapes.first().map_or(1, |shape| shape[0]);
        let rows = if stacked { batch.frames } else { batch.frames * crops };
        let step = self.fixed.unwrap_or(rows).max(1);
        // The first dimension comes out of a file; a batch is padded to it.
        let lengths = batch.shapes.iter().map(|shape| row_length(shape, stacked));
        let longest = lengths.chain(batch.features.iter().map(Feature::row)).max().unwrap_or(1);
        if step > rows && step.saturating_mul(longest) > LARGEST_BATCH {
            return Err(format!("the graph takes {step} pictures of {longest} numbers at once, which is too much"));
        }
        let mut outputs: Vec<Rows> = self.outputs.iter().map(|_| Rows::default()).collect();
        let mut start = 0;
        while start < rows {
            let count = step.min(rows - start);
            self.run_rows(batch, stacked, start, count, step, &mut outputs).map_err(|error| ort_message(&error))?;
            start += count;
        }
        Ok(outputs)
    }

    /// Runs `count` rows from `start` on, padded with copies of the last to the `step` rows that a fixed batch needs.
    fn run_rows(
        &mut self,
        batch: &Batch,
        stacked: bool,
        start: usize,
        count: usize,
        step: usize,
        outputs: &mut [Rows],
    ) -> ort::Result<()> {
        let model = self.model.clone();
        let contract = model.contract();
        for (constant, made) in model.constants().iter().zip(&mut self.constants) {
            let fits = |made: &Made| {
                (made.rows == step || !constant.per_row())
                    && (made.frame_size == batch.frame_size || !constant.follows_frame())
            };
            if !made.as_ref().is_some_and(fits) {
                let tensor = match batch.frame_size {
                    Some(size) => constant.tensor_for(step, size)?,
                    None => constant.tensor(step)?,
                };
                *made = Some(Made { rows: step, frame_size: batch.frame_size, tensor });
            }
        }
        let features: Vec<_> = batch.features.iter().map(|feature| feature.rows(start, count, step)).collect();
        let mut padded: Vec<Elements> = Vec::new();
        if count < step {
            for (elements, shape) in batch.buffers.inputs.iter().zip(&batch.shapes) {
                padded.push(elements.padded(row_length(shape, stacked), start, count, step));
            }
        }
        let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::new();
        for (index, (input, shape)) in contract.inputs.iter().zip(&batch.shapes).enumerate() {
            if model.branch().is_some() && input.role == Role::Reference {
                continue;
            }
            let dims = [&[step], &tensor_dims(input, *shape, 1)[1..]].concat();
            let length = row_length(shape, stacked);
            let (elements, range) = match padded.get(index) {
                Some(elements) => (elements, 0..step * length),
                None => (&batch.buffers.inputs[index], start * length..(start + count) * length),
            };
            let value = match elements {
                Elements::F32(values) => TensorRef::from_array_view((dims, &values[range]))?.into(),
                Elements::F16(values) => TensorRef::from_array_view((dims, &values[range]))?.into(),
                Elements::U8(values) => TensorRef::from_array_view((dims, &values[range]))?.into(),
            };
            inputs.push((input.tensor.as_str().into(), value));
        }
        for (feature, values) in batch.features.iter().zip(&features) {
            let dims = [&[step], &feature.dims[..]].concat();
            inputs.push((feature.name.as_str().into(), TensorRef::from_array_view((dims, &values[..]))?.into()));
        }
        for (constant, made) in model.constants().iter().zip(&self.constants) {
            if let Some(Made { tensor, .. }) = made {
                inputs.push((constant.name().into(), tensor.into()));
            }
        }
        if self.options.is_none() {
            let selector = self.outputs.iter().fold(OutputSelector::no_default(), |s, name| s.with(name));
            self.options = Some(RunOptions::new()?.with_outputs(selector));
        }
        let Some(options) = &self.options else { return Ok(()) };
        let mut session = model.session();
        let results = session.run_with_options(inputs, options)?;
        for (name, rows) in self.outputs.iter().zip(outputs) {
            let value = results.get(name).ok_or_else(|| ort::Error::new(format!("no output \"{name}\"")))?;
            append(rows, value, name, count, step)?;
        }
        Ok(())
    }

    /// The score of frame `frame` of the batch.
    pub(super) fn score(
        &self,
        outputs: &[Rows],
        shapes: &[Shape],
        frame: usize,
        cropping: Option<&Cropping>,
    ) -> Result<Score, ScoreError> {
        let contract = self.model.contract();
        let stacked = contract.inputs.first().is_some_and(|input| input.geometry.crops_axis == 1);
        let crops = shapes.first().map_or(1, |shape| shape[0]);
        let (per_frame, stack) = if stacked { (1, crops) } else { (crops, 1) };
        let frames = FrameRows { per_frame, stack, frame };
        postprocess::score(&contract.output, &self.outputs, outputs, &frames, cropping)
    }
}

impl Elements {
    fn padded(&self, length: usize, start: usize, count: usize, step: usize) -> Self {
        fn pad<T: Copy>(values: &[T], length: usize, start: usize, count: usize, step: usize) -> Vec<T> {
            let mut rows = values[start * length..(start + count) * length].to_vec();
            for _ in count..step {
                rows.extend_from_within((count - 1) * length..count * length);
            }
            rows
        }
        match self {
            Self::F32(values) => Self::F32(pad(values, length, start, count, step)),
            Self::F16(values) => Self::F16(pad(values, length, start, count, step)),
            Self::U8(values) => Self::U8(pad(values, length, start, count, step)),
        }
    }
}

fn row_length(shape: &Shape, stacked: bool) -> usize {
    let [crops, channels, height, width] = *shape;
    channels * height * width * if stacked { crops } else { 1 }
}

/// Appends the first `count` of `step` rows of `value`.
fn append(rows: &mut Rows, value: &DynValue, name: &str, count: usize, step: usize) -> ort::Result<()> {
    let shape = value.dtype().tensor_shape().map(|shape| shape.iter().map(|&d| d as usize).collect::<Vec<_>>());
    let shape = shape.ok_or_else(|| ort::Error::new(format!("the output \"{name}\" is no tensor")))?;
    let total: usize = shape.iter().product();
    if total == 0 || !total.is_multiple_of(step) {
        let message = format!("the output \"{name}\" has {total} numbers ({shape:?}) for {step} pictures");
        return Err(ort::Error::new(message));
    }
    rows.per_row = total / step;
    let wanted = rows.per_row * count;
    macro_rules! take {
        ($type:ty, $convert:expr) => {
            rows.values.extend(value.try_extract_tensor::<$type>()?.1[..wanted].iter().map($convert))
        };
    }
    match value.dtype().tensor_type() {
        Some(Element::Float32) => take!(f32, |&v| f64::from(v)),
        Some(Element::Float16) => take!(f16, |&v| v.to_f64()),
        Some(Element::Bfloat16) => take!(bf16, |&v| v.to_f64()),
        Some(Element::Float64) => take!(f64, |&v| v),
        Some(Element::Int8) => take!(i8, |&v| f64::from(v)),
        Some(Element::Int16) => take!(i16, |&v| f64::from(v)),
        Some(Element::Int32) => take!(i32, |&v| f64::from(v)),
        Some(Element::Int64) => take!(i64, |&v| v as f64),
        Some(Element::Uint8) => take!(u8, |&v| f64::from(v)),
        Some(Element::Uint16) => take!(u16, |&v| f64::from(v)),
        Some(Element::Uint32) => take!(u32, |&v| f64::from(v)),
        Some(Element::Uint64) => take!(u64, |&v| v as f64),
        other => return Err(ort::Error::new(format!("the output \"{name}\" holds {other:?}"))),
    }
    rows.shape = shape;
    Ok(())
}
