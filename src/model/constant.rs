// SPDX-License-Identifier: MPL-2.0

//! Tensors that are fed to the model in addition to pictures.

use half::f16;
use ort::value::{DynTensor, Tensor, TensorElementType as Element};

use super::contract::{Constant, Contract, FrameSide};
use super::graph::{Dim, GraphInfo, TensorInfo};

/// Possible types of constants.
const TYPES: [Element; 7] = [
    Element::Float32,
    Element::Float16,
    Element::Float64,
    Element::Int64,
    Element::Int32,
    Element::Uint8,
    Element::Bool,
];

/// Whether a constant can be fed to an input of this type.
pub(super) fn is_number(element: Element) -> bool {
    TYPES.contains(&element)
}

/// Whether that type holds every side of a frame, up to 65536, without rounding.
pub(super) fn holds_sides(element: Element) -> bool {
    matches!(element, Element::Float32 | Element::Float64 | Element::Int64 | Element::Int32)
}

/// A constant of the contract, with the type and shape that the graph specifies.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstantTensor {
    name: String,
    element: Element,
    /// All dimensions, or those after the batch.
    dims: Vec<i64>,
    /// Whether the values are repeated along a first dimension that is the batch.
    per_row: bool,
    values: Values,
}

/// The numbers of a constant.
#[derive(Debug, Clone, PartialEq)]
enum Values {
    /// Always the same.
    Fixed(Vec<f64>),
    /// These sides of the frame that is scored.
    Frame(Vec<FrameSide>),
}

impl ConstantTensor {
    /// The constant for its input in the graph; `None` if there is no such input, or the values do not fit its shape.
    ///
    /// A first dimension with the name of the pictures' first dimension is the batch; the values are repeated along it.
    /// One other free dimension takes the remaining values.
    pub(super) fn new(contract: &Contract, graph: &GraphInfo, constant: &Constant) -> Option<Self> {
        let tensor = graph.input(&constant.tensor)?;
        let mut dims = tensor.dims.as_deref().unwrap_or_default();
        let per_row = dims.first().is_some_and(|dim| is_batch(contract, graph, dim));
        if per_row {
            dims = &dims[1..];
        }
        let count = constant.count();
        let fixed = dims.iter().filter_map(Dim::fixed).try_fold(1usize, usize::checked_mul)?;
        let free = dims.iter().filter(|dim| dim.fixed().is_none()).count();
        if fixed == 0 || free > 1 || !count.is_multiple_of(fixed) || (free == 0 && count != fixed) {
            return None;
        }
        let dims = dims.iter().map(|dim| dim.fixed().unwrap_or(count / fixed) as i64).collect();
        let TensorInfo { name, element, .. } = tensor;
        let values = match constant.frame.as_slice() {
            [] => Values::Fixed(constant.value.clone()),
            sides => Values::Frame(sides.to_vec()),
        };
        Some(Self { name: name.clone(), element: *element, dims, per_row, values })
    }

    /// The ONNX input's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the tensor has a row per picture of a batch; otherwise it is the same for every batch.
    pub fn per_row(&self) -> bool {
        self.per_row
    }

    /// Whether it has sides of the frame, so that all frames of a batch must have one size.
    pub fn follows_frame(&self) -> bool {
        matches!(self.values, Values::Frame(_))
    }

    /// The tensor for a batch of `rows` pictures.
    ///
    /// # Errors
    /// When ONNX Runtime cannot create it, or it [follows the frame](Self::follows_frame).
    pub fn tensor(&self, rows: usize) -> ort::Result<DynTensor> {
        match &self.values {
            Values::Fixed(values) => self.of(values, rows),
            Values::Frame(_) => {
                Err(ort::Error::new(format!("the input \"{}\" has no numbers without a frame", self.name)))
            }
        }
    }

    /// The tensor for a batch of `rows` pictures, made of frames of `width` × `height` pixels.
    ///
    /// # Errors
    /// When ONNX Runtime cannot create it.
    pub fn tensor_for(&self, rows: usize, [width, height]: [u32; 2]) -> ort::Result<DynTensor> {
        match &self.values {
            Values::Fixed(values) => self.of(values, rows),
            Values::Frame(sides) => {
                let side = |side: &FrameSide| match side {
                    FrameSide::Width => f64::from(width),
                    FrameSide::Height => f64::from(height),
                };
                self.of(&sides.iter().map(side).collect::<Vec<_>>(), rows)
            }
        }
    }

    fn of(&self, values: &[f64], rows: usize) -> ort::Result<DynTensor> {
        let times = if self.per_row { rows } else { 1 };
        let mut dims = self.dims.clone();
        if self.per_row {
            dims.insert(0, rows as i64);
        }
        let values = values.repeat(times);
        macro_rules! tensor {
            ($convert:expr) => {
                Tensor::from_array((dims, values.into_iter().map($convert).collect::<Vec<_>>()))?.upcast()
            };
        }
        Ok(match self.element {
            Element::Float16 => tensor!(f16::from_f64),
            Element::Float64 => tensor!(|v| v),
            Element::Int64 => tensor!(|v| v.round() as i64),
            Element::Int32 => tensor!(|v| v.round() as i32),
            Element::Uint8 => tensor!(|v| v.round() as u8),
            Element::Bool => tensor!(|v| v != 0.0),
            _ => tensor!(|v| v as f32),
        })
    }
}

/// Whether the dimension is the batch: it has the name of the first dimension of the first picture input.
fn is_batch(contract: &Contract, graph: &GraphInfo, dim: &Dim) -> bool {
    let first = contract.inputs.first().and_then(|input| graph.input(&input.tensor));
    let pictures = first.and_then(|first| first.dims.as_ref()).and_then(|dims| dims.first());
    matches!(dim, Dim::Any(name) if !name.is_empty()) && pictures == Some(dim)
}
