// SPDX-License-Identifier: MPL-2.0

//! Writing small ONNX files.

use std::path::{Path, PathBuf};

use prost::Message;

use crate::proto::{
    Attribute, Dimension, Entry, Graph, Model, Node, OperatorSet, Shape, Tensor, TensorType, Type, ValueInfo,
};

/// A tensor's element type, with ONNX's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Element {
    Float = 1,
    Uint8 = 2,
    Int8 = 3,
    Uint16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    Uint32 = 12,
    Uint64 = 13,
    Bfloat16 = 16,
}

impl Attribute {
    /// An integer.
    pub fn int(name: &str, value: i64) -> Self {
        Self { name: name.into(), i: Some(value), kind: 2, ..Self::default() }
    }

    /// A list of integers.
    pub fn ints(name: &str, values: &[i64]) -> Self {
        Self { name: name.into(), ints: values.to_vec(), kind: 7, ..Self::default() }
    }

    /// A number.
    pub fn float(name: &str, value: f32) -> Self {
        Self { name: name.into(), f: Some(value), kind: 1, ..Self::default() }
    }

    /// A text.
    pub fn text(name: &str, value: &str) -> Self {
        Self { name: name.into(), s: Some(value.into()), kind: 3, ..Self::default() }
    }
}

/// An ONNX model in the making (IR 8, opset 13).
///
/// ```
/// use onnx_iqa_testkit::{Attribute, Element, Onnx};
///
/// let bytes = Onnx::new("mean")
///     .input("x", Element::Float, "N 3 H W")
///     .output("y", Element::Float, "N")
///     .node("ReduceMean", &["x"], &["y"], [Attribute::ints("axes", &[1, 2, 3]), Attribute::int("keepdims", 0)])
///     .metadata("iqa.contract", "contract = 1 …")
///     .bytes();
/// assert!(!bytes.is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct Onnx(Model);

impl Onnx {
    /// An empty graph.
    pub fn new(name: &str) -> Self {
        Self(Model {
            ir_version: 8,
            producer_name: "onnx-iqa-testkit".into(),
            graph: Some(Graph { name: name.into(), ..Graph::default() }),
            opset_import: vec![OperatorSet { domain: String::new(), version: 13 }],
            metadata_props: Vec::new(),
        })
    }

    fn graph(&mut self) -> &mut Graph {
        self.0.graph.get_or_insert_default()
    }

    /// Another opset than 13.
    pub fn opset(mut self, version: i64) -> Self {
        self.0.opset_import[0].version = version;
        self
    }

    /// An input. `dims` are separated by spaces: numbers, or names of free dimensions.
    pub fn input(mut self, name: &str, element: Element, dims: &str) -> Self {
        self.graph().input.push(value_info(name, element, dims));
        self
    }

    /// An output, described as an input is.
    pub fn output(mut self, name: &str, element: Element, dims: &str) -> Self {
        self.graph().output.push(value_info(name, element, dims));
        self
    }

    /// An operator.
    pub fn node(
        mut self,
        op: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: impl IntoIterator<Item = Attribute>,
    ) -> Self {
        let graph = self.graph();
        let node = Node {
            input: inputs.iter().map(|&name| name.into()).collect(),
            output: outputs.iter().map(|&name| name.into()).collect(),
            name: format!("{op}{}", graph.node.len()),
            op_type: op.into(),
            attribute: attributes.into_iter().collect(),
        };
        graph.node.push(node);
        self
    }

    /// A float initializer.
    pub fn floats(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let tensor = Tensor { dims: dims.to_vec(), data_type: Element::Float as i32, name: name.into(), raw_data };
        self.graph().initializer.push(tensor);
        self
    }

    /// An int64 initializer.
    pub fn int64s(mut self, name: &str, values: &[i64]) -> Self {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dims = vec![values.len() as i64];
        let tensor = Tensor { dims, data_type: Element::Int64 as i32, name: name.into(), raw_data };
        self.graph().initializer.push(tensor);
        self
    }

    /// An entry of the model's own metadata.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        self.0.metadata_props.push(Entry { key: key.into(), value: value.into() });
        self
    }

    /// The metadata entry that holds a contract.
    pub fn contract(self, toml: &str) -> Self {
        self.metadata("iqa.contract", toml)
    }

    /// The file's content.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    /// Writes `<name>.onnx` in `dir` and returns its path.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write(&self, dir: &Path, name: &str) -> PathBuf {
        let path = dir.join(format!("{name}.onnx"));
        if let Err(error) = std::fs::write(&path, self.bytes()) {
            panic!("{}: {error}", path.display());
        }
        path
    }
}

fn value_info(name: &str, element: Element, dims: &str) -> ValueInfo {
    let dim = dims.split_whitespace().map(|dim| match dim.parse() {
        Ok(number) => Dimension { dim_value: Some(number), dim_param: None },
        Err(_) => Dimension { dim_value: None, dim_param: Some(dim.into()) },
    });
    let shape = Some(Shape { dim: dim.collect() });
    let tensor_type = Some(TensorType { elem_type: element as i32, shape });
    ValueInfo { name: name.into(), kind: Some(Type { tensor_type }) }
}

/// The operators of the nodes of an ONNX file, in the graph's order.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn operators(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let model = Model::decode(bytes.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    model.graph.into_iter().flat_map(|graph| graph.node).map(|node| node.op_type).collect()
}
