// SPDX-License-Identifier: MPL-2.0

//! Tensors that are fed beside the pictures.

use half::f16;
use ort::value::{DynTensor, Tensor, TensorElementType as Element};

use super::contract::Contract;
use super::graph::{Dim, GraphInfo, TensorInfo};

/// What constants can be.
pub(super) const CONSTANT_TYPES: [Element; 7] = [
    Element::Float32,
    Element::Float16,
    Element::Float64,
    Element::Int64,
    Element::Int32,
    Element::Uint8,
    Element::Bool,
];

/// The shape of a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConstantShape {
    /// All dimensions, or those after the batch.
    pub(crate) dims: Vec<i64>,
    /// The values are repeated along a first dimension that has the pictures' batch.
    pub(crate) per_row: bool,
}

/// The shape that `count` values take at `tensor`, or `None` if they do not fit.
///
/// A first dimension with the name of the pictures' first dimension is the batch; along it the values are repeated.
/// One other free dimension takes what is left.
pub(crate) fn constant_shape(
    contract: &Contract,
    graph: &GraphInfo,
    tensor: &TensorInfo,
    count: usize,
) -> Option<ConstantShape> {
    let mut dims = tensor.dims.as_deref().unwrap_or_default();
    let batch = |dim: &Dim| {
        let first = contract.inputs.first().and_then(|input| graph.input(&input.tensor));
        let pictures = first.and_then(|first| first.dims.as_ref()).and_then(|dims| dims.first());
        matches!(dim, Dim::Any(name) if !name.is_empty()) && pictures == Some(dim)
    };
    let per_row = dims.first().is_some_and(batch);
    if per_row {
        dims = &dims[1..];
    }
    let fixed: usize = dims.iter().filter_map(Dim::fixed).product();
    let free = dims.iter().filter(|dim| dim.fixed().is_none()).count();
    if fixed == 0 || free > 1 || !count.is_multiple_of(fixed) || (free == 0 && count != fixed) {
        return None;
    }
    let dims = dims.iter().map(|dim| dim.fixed().unwrap_or(count / fixed) as i64).collect();
    Some(ConstantShape { dims, per_row })
}

/// A tensor of `element`s with `values`, repeated `rows` times where the shape wants that.
pub(crate) fn constant(element: Element, shape: &ConstantShape, values: &[f64], rows: usize) -> ort::Result<DynTensor> {
    let times = if shape.per_row { rows } else { 1 };
    let mut dims = shape.dims.clone();
    if shape.per_row {
        dims.insert(0, rows as i64);
    }
    let values = values.repeat(times);
    macro_rules! tensor {
        ($convert:expr) => {
            Tensor::from_array((dims, values.into_iter().map($convert).collect::<Vec<_>>()))?.upcast()
        };
    }
    Ok(match element {
        Element::Float16 => tensor!(f16::from_f64),
        Element::Float64 => tensor!(|v| v),
        Element::Int64 => tensor!(|v| v.round() as i64),
        Element::Int32 => tensor!(|v| v.round() as i32),
        Element::Uint8 => tensor!(|v| v.round() as u8),
        Element::Bool => tensor!(|v| v != 0.0),
        _ => tensor!(|v| v as f32),
    })
}
