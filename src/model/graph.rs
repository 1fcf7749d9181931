// SPDX-License-Identifier: MPL-2.0

//! The inputs and outputs of an ONNX graph, as far as contracts refer to them.

use std::fmt::{self, Write as _};

use ort::value::{Outlet, TensorElementType, ValueType};

/// One dimension of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// Always this size.
    Fixed(usize),
    /// Any size; dimensions of the same name are equal. The name may be empty.
    Any(String),
}

impl Dim {
    /// The size, if it is fixed.
    pub fn fixed(&self) -> Option<usize> {
        match self {
            Self::Fixed(size) => Some(*size),
            Self::Any(_) => None,
        }
    }

    /// Whether `size` is valid here.
    pub fn takes(&self, size: usize) -> bool {
        self.fixed().is_none_or(|fixed| fixed == size)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(size) => write!(f, "{size}"),
            Self::Any(name) if name.is_empty() => f.write_str("?"),
            Self::Any(name) => f.write_str(name),
        }
    }
}

/// An input or an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// The type of its elements; `Undefined` if it is not a tensor.
    pub element: TensorElementType,
    /// Its shape; `None` if the graph does not even state the rank.
    pub dims: Option<Vec<Dim>>,
}

impl TensorInfo {
    /// The shape in the usual notation: `N×3×224×224`, `?` for a dimension without a name, `()` for a scalar or an
    /// unknown rank.
    pub fn shape_text(&self) -> String {
        let mut text = String::new();
        for (index, dim) in self.dims.iter().flatten().enumerate() {
            let separator = if index == 0 { "" } else { "×" };
            let _ = write!(text, "{separator}{dim}");
        }
        if text.is_empty() { "()".to_owned() } else { text }
    }

    fn new(outlet: &Outlet) -> Self {
        let name = outlet.name().to_owned();
        match outlet.dtype() {
            ValueType::Tensor { ty, shape, dimension_symbols } => {
                let symbols: Vec<&String> = dimension_symbols.iter().collect();
                let dims = shape.iter().enumerate().map(|(index, &size)| match usize::try_from(size) {
                    Ok(size) => Dim::Fixed(size),
                    Err(_) => Dim::Any(symbols.get(index).map_or_else(String::new, |name| (*name).clone())),
                });
                Self { name, element: *ty, dims: Some(dims.collect()) }
            }
            _ => Self { name, element: TensorElementType::Undefined, dims: None },
        }
    }
}

/// A graph's inputs (without initializers) and outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GraphInfo {
    /// In the graph's order.
    pub inputs: Vec<TensorInfo>,
    /// In the graph's order.
    pub outputs: Vec<TensorInfo>,
}

impl GraphInfo {
    pub(super) fn new(inputs: &[Outlet], outputs: &[Outlet]) -> Self {
        Self {
            inputs: inputs.iter().map(TensorInfo::new).collect(),
            outputs: outputs.iter().map(TensorInfo::new).collect(),
        }
    }

    /// The input of that name.
    pub fn input(&self, name: &str) -> Option<&TensorInfo> {
        self.inputs.iter().find(|tensor| tensor.name == name)
    }

    /// The output of that name.
    pub fn output(&self, name: &str) -> Option<&TensorInfo> {
        self.outputs.iter().find(|tensor| tensor.name == name)
    }
}

/// The names, as a phrase.
pub(super) fn names(tensors: &[TensorInfo]) -> String {
    let names: Vec<_> = tensors.iter().map(|tensor| format!("\"{}\"", tensor.name)).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
