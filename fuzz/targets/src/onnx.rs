// SPDX-License-Identifier: MPL-2.0

//! ONNX files with contracts, opened with ONNX Runtime and run on small pictures.
//!
//! The files are valid protobuf: names, types, shapes, opset and contract vary, and so do the sizes of the pictures.
//! ONNX Runtime's own reader is not what is tested here.

use crate::bytes::Bytes;
use crate::contract_text::{NAMES, contract};
use onnx_iqa::model::contract::{Contract, Resize};
use onnx_iqa::model::{Model, Provider, Search};
use onnx_iqa::picture::{Frame as _, OwnedFrame};
use onnx_iqa::scorer::Scorer;
use onnx_iqa_testkit::{Attribute, Element, Onnx, difference_graph, distribution_graph, outputs_graph, reduced_graph};
use onnx_iqa_testkit::{mean_graph, percent_graph, stacked_graph};
use std::sync::LazyLock;
use tempfile::TempDir;

const ELEMENTS: [Element; 13] = [
    Element::Float,
    Element::Uint8,
    Element::Float16,
    Element::Double,
    Element::Int8,
    Element::Uint16,
    Element::Int16,
    Element::Int32,
    Element::Int64,
    Element::Bool,
    Element::Uint32,
    Element::Uint64,
    Element::Bfloat16,
];
const DIMS: [&str; 14] =
    ["N", "3", "H", "W", "1", "K", "8", "16", "32", "0", "65536", "4294967296", "9223372036854775807", "-1"];
/// What a run may have on each side, and in crops, to be quick.
const MOST: u32 = 64;

static FOLDER: LazyLock<TempDir> = LazyLock::new(crate::scratch::folder);

/// Makes a model, opens it and scores a picture.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let text = contract(&mut bytes);
    let graph = graph(&mut bytes);
    let graph = if bytes.rare(16) { graph.opset(i64::from(bytes.byte())) } else { graph };
    let graph = if bytes.rare(16) { graph } else { graph.contract(&text) };
    let path = graph.write(FOLDER.path(), "model");
    let search = Search::default();
    let path = path.to_str().expect("a path in UTF-8");
    let model = match Model::builder(path).provider(Provider::Cpu).threads(1).search(search).open() {
        Ok(model) => model,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    if !is_quick(model.contract()) {
        return;
    }
    let compares = model.contract().kind.compares();
    let scorer = Scorer::new(model);
    let [reference, distorted] = [frame(&mut bytes), frame(&mut bytes)];
    let (reference, distorted) = (reference.picture().expect("a picture"), distorted.picture().expect("a picture"));
    let scored = if compares { scorer.score_pair(&reference, &distorted) } else { scorer.score(&distorted) };
    if let Ok(score) = scored {
        assert!((0.0..=100.0).contains(&score.score), "{score:?} by {text}");
        assert!(score.attributes.iter().all(|(_, value)| (0.0..=100.0).contains(value)), "{score:?} by {text}");
    }
}

fn is_quick(contract: &Contract) -> bool {
    contract.inputs.iter().all(|input| {
        let geometry = &input.geometry;
        let sides = match geometry.scale {
            Some(Resize::ShortSide(side) | Resize::LongSide(side)) => [side; 2],
            Some(Resize::Size(size)) => size,
            Some(Resize::Letterbox(letterbox)) => letterbox.size,
            // Frames have up to 40 pixels a side.
            Some(Resize::Factor(factor)) => [(factor * 40.0) as u32; 2],
            None => [0; 2],
            // A kind of scaling that is not known here.
            Some(_) => [u32::MAX; 2],
        };
        sides.iter().chain(geometry.crop.iter().flatten()).all(|&side| side <= MOST) && geometry.multiple_of <= MOST
    })
}

fn graph(bytes: &mut Bytes<'_>) -> Onnx {
    let element = bytes.one(&ELEMENTS);
    match bytes.byte() % 8 {
        0 => mean_graph(element, &dims(bytes)),
        1 => difference_graph(),
        2 => reduced_graph(),
        3 => outputs_graph(),
        4 => percent_graph(element),
        5 => stacked_graph(),
        6 => distribution_graph(),
        _ => any(bytes),
    }
}

/// Four dimensions as networks have them, or any.
fn dims(bytes: &mut Bytes<'_>) -> String {
    if bytes.flag() {
        return "N 3 H W".to_owned();
    }
    let dims: Vec<_> = (0..3 + bytes.below(3)).map(|_| bytes.one(&DIMS)).collect();
    dims.join(" ")
}

/// A graph of one operator, or two, with any names and shapes.
fn any(bytes: &mut Bytes<'_>) -> Onnx {
    let mut graph = Onnx::new(bytes.one(&NAMES));
    for _ in 0..bytes.below(4) {
        graph = graph.input(bytes.one(&NAMES), bytes.one(&ELEMENTS), &dims(bytes));
    }
    for _ in 0..bytes.below(4) {
        graph = graph.output(bytes.one(&NAMES), bytes.one(&ELEMENTS), &dims(bytes));
    }
    for _ in 0..1 + bytes.below(2) {
        let (inputs, output) = ([bytes.one(&NAMES), bytes.one(&NAMES)], bytes.one(&NAMES));
        let count = 1 + bytes.below(2);
        let operator = bytes.one(&["Identity", "ReduceMean", "Add", "Sub", "Flatten", "GlobalAveragePool", "Abs"]);
        let attributes = (operator == "ReduceMean").then(|| Attribute::int("keepdims", i64::from(bytes.flag())));
        graph = graph.node(operator, &inputs[..count], &[output], attributes);
    }
    graph
}

fn frame(bytes: &mut Bytes<'_>) -> OwnedFrame {
    let [width, height] = [1 + bytes.below(40), 1 + bytes.below(40)];
    let factor = usize::from(bytes.byte());
    let pixels = (0..width * height * 3).map(|index| (index * factor) as u8).collect();
    OwnedFrame::rgb(width as u32, height as u32, pixels).expect("three bytes a pixel")
}
