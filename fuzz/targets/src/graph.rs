// SPDX-License-Identifier: MPL-2.0

//! Contracts checked against graphs with any names, types and shapes.

use crate::bytes::Bytes;
use crate::contract_text::{NAMES, contract};
use onnx_iqa::model::contract::Contract;
use onnx_iqa::model::{Dim, GraphInfo, TensorInfo};
use ort::value::TensorElementType as Element;

const ELEMENTS: [Element; 12] = [
    Element::Float32,
    Element::Float32,
    Element::Float32,
    Element::Float16,
    Element::Uint8,
    Element::Float64,
    Element::Int64,
    Element::Int32,
    Element::Bool,
    Element::Bfloat16,
    Element::String,
    Element::Undefined,
];
const SIZES: [usize; 12] = [1, 3, 8, 16, 32, 0, 2, 5, 65536, 1 << 32, usize::MAX, usize::MAX / 2 + 1];

/// Makes a contract and up to two graphs, and checks one against the others.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let text = contract(&mut bytes);
    let main = graph(&mut bytes);
    let reference = bytes.rare(4).then(|| graph(&mut bytes));
    match Contract::for_graphs(&text, &main, reference.as_ref()) {
        Ok(contract) => contract.inputs.iter().for_each(crate::contract::prepare),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn graph(bytes: &mut Bytes<'_>) -> GraphInfo {
    let inputs = if bytes.rare(4) { tensors(bytes, &NAMES) } else { vec![picture(bytes)] };
    let outputs = if bytes.rare(4) { tensors(bytes, &NAMES) } else { vec![tensor(bytes, "y")] };
    GraphInfo { inputs, outputs }
}

/// An input as most networks have it.
fn picture(bytes: &mut Bytes<'_>) -> TensorInfo {
    let name = |name: &str| Dim::Any(name.to_owned());
    let dims = vec![name("N"), Dim::Fixed(3), name("H"), name("W")];
    TensorInfo { name: bytes.one(&["x", "x", "x", "dist"]).to_owned(), element: Element::Float32, dims: Some(dims) }
}

fn tensors(bytes: &mut Bytes<'_>, names: &[&str]) -> Vec<TensorInfo> {
    (0..bytes.below(6)).map(|_| bytes.one(names)).collect::<Vec<_>>().iter().map(|name| tensor(bytes, name)).collect()
}

fn tensor(bytes: &mut Bytes<'_>, name: &str) -> TensorInfo {
    let element = bytes.one(&ELEMENTS);
    let dims = (!bytes.rare(8)).then(|| (0..bytes.below(7)).map(|_| dim(bytes)).collect());
    TensorInfo { name: name.to_owned(), element, dims }
}

fn dim(bytes: &mut Bytes<'_>) -> Dim {
    match bytes.flag() {
        true => Dim::Any(bytes.one(&["N", "H", "W", "", "K"]).to_owned()),
        false => Dim::Fixed(bytes.one(&SIZES)),
    }
}
