// SPDX-License-Identifier: MPL-2.0

//! A contract checked against the graph: every name, type and shape it refers to.

mod outputs;

use ort::value::TensorElementType as Element;

use super::constant::{ConstantTensor, holds_sides, is_number};
use super::contract::{self, Contract, ContractError, Crops, Input, Layout, Role};
use super::graph::{Dim, GraphInfo, TensorInfo, names};

impl Contract {
    /// Reads a contract and checks it against its graph.
    ///
    /// # Errors
    /// The first error, with its key, what it says and what the graph has.
    pub fn for_graph(text: &str, graph: &GraphInfo) -> Result<Self, ContractError> {
        Self::for_graphs(text, graph, None)
    }

    /// The same for a model whose reference pictures go through another graph first, `reference`.
    ///
    /// # Errors
    /// Those of [`for_graph`](Self::for_graph).
    pub fn for_graphs(text: &str, graph: &GraphInfo, reference: Option<&GraphInfo>) -> Result<Self, ContractError> {
        for_graphs(text, graph, reference)
    }
}

/// Reads `text`, completes it from `graph` and checks one against the other.
fn for_graphs(text: &str, graph: &GraphInfo, reference: Option<&GraphInfo>) -> Result<Contract, ContractError> {
    let mut parsed = contract::parse(text)?;
    let check = Check { text, graph, reference };
    for (index, input) in parsed.contract.inputs.iter_mut().enumerate() {
        let tensor = check.picture_input(index, input)?;
        if tensor.element == Element::Uint8 && parsed.default_std[index] {
            input.std = vec![1.0 / 255.0; input.channels.count()];
        }
    }
    check.features()?;
    check.constants(&parsed.contract)?;
    check.outputs(&parsed.contract)?;
    Ok(parsed.contract)
}

struct Check<'a> {
    text: &'a str,
    graph: &'a GraphInfo,
    /// The graph that the reference's pictures go through first.
    reference: Option<&'a GraphInfo>,
}

impl Check<'_> {
    fn fault<T>(&self, key: String, says: impl Into<String>, graph: impl Into<String>) -> Result<T, ContractError> {
        Err(ContractError::graph(self.text, key, says, graph))
    }

    fn picture_input(&self, index: usize, input: &Input) -> Result<&TensorInfo, ContractError> {
        let key = |name: &str| format!("input[{index}].{name}");
        let graph = self.reference.filter(|_| input.role == Role::Reference).unwrap_or(self.graph);
        let Some(tensor) = graph.input(&input.tensor) else {
            return self.fault(
                key("tensor"),
                format!("\"{}\"", input.tensor),
                format!("the inputs {}", names(&graph.inputs)),
            );
        };
        if !matches!(tensor.element, Element::Float32 | Element::Float16 | Element::Uint8) {
            return self.fault(
                key("tensor"),
                format!("\"{}\", which must be float32, float16 or uint8", input.tensor),
                format!("{} there", element_name(tensor.element)),
            );
        }
        // ONNX Runtime reports an unknown rank and a scalar alike.
        let dims = tensor.dims.as_deref().unwrap_or_default();
        if dims.is_empty() {
            return Ok(tensor);
        }
        let axis = usize::from(input.geometry.crops_axis);
        if dims.len() == 5 && axis == 0 {
            return Err(ContractError::FramesInTime { tensor: input.tensor.clone(), shape: tensor.shape_text() });
        }
        let order = match (axis, input.layout) {
            (0, Layout::Nchw) => "N×C×H×W",
            (0, Layout::Nhwc) => "N×H×W×C",
            (_, Layout::Nchw) => "N×K×C×H×W",
            (_, Layout::Nhwc) => "N×K×H×W×C",
        };
        if dims.len() != 4 + axis {
            return self.fault(
                key("layout"),
                format!("{} dimensions, {order}", 4 + axis),
                format!("{} at \"{}\"", tensor.shape_text(), input.tensor),
            );
        }
        let picture = &dims[1 + axis..];
        let (channels, height, width) = match input.layout {
            Layout::Nchw => (&picture[0], &picture[1], &picture[2]),
            Layout::Nhwc => (&picture[2], &picture[0], &picture[1]),
        };
        let count = input.channels.count();
        if !channels.takes(count) {
            let other = other_layout(input, picture);
            return self.fault(
                key("channels"),
                format!("{count} ({order})"),
                format!("{} at \"{}\"{other}", tensor.shape_text(), input.tensor),
            );
        }
        if axis == 1
            && let Crops::Count(crops) = input.geometry.crops
            && !dims[1].takes(crops as usize)
        {
            let graph = format!("{} at \"{}\"", tensor.shape_text(), input.tensor);
            return self.fault(key("geometry.crops"), format!("{crops}"), graph);
        }
        self.size(index, input, [width, height], tensor, other_layout(input, picture))?;
        Ok(tensor)
    }

    fn size(
        &self,
        index: usize,
        input: &Input,
        [width, height]: [&Dim; 2],
        tensor: &TensorInfo,
        hint: &str,
    ) -> Result<(), ContractError> {
        // The message names the key where it is written.
        let own = format!("input[{index}].geometry");
        let fits = match input.geometry.fixed_size() {
            Some([w, h]) => width.takes(w as usize) && height.takes(h as usize),
            None => width.fixed().is_none() && height.fixed().is_none(),
        };
        if fits {
            return Ok(());
        }
        let says = match (input.geometry.fixed_size(), input.geometry.crop) {
            (Some([w, h]), Some(_)) => format!("crop = [{w}, {h}]"),
            (Some([w, h]), None) => format!("resize to {w}×{h}"),
            (None, _) => "pictures of the frame's own size".to_owned(),
        };
        let graph = format!(
            "{} at \"{}\": width {width}, height {height}{}",
            tensor.shape_text(),
            input.tensor,
            match input.geometry.fixed_size() {
                _ if !hint.is_empty() => hint,
                None => " (add `resize` or `crop`)",
                Some(_) => "",
            }
        );
        self.fault(own, says, graph)
    }

    /// The outputs of the reference's graph must be inputs of the model's.
    fn features(&self) -> Result<(), ContractError> {
        let Some(reference) = self.reference else { return Ok(()) };
        let key = || "reference.model".to_owned();
        let mut any = false;
        for (feature, input) in
            reference.outputs.iter().filter_map(|output| Some((output, self.graph.input(&output.name)?)))
        {
            any = true;
            for tensor in [feature, input] {
                if tensor.element != Element::Float32 {
                    let says = format!("\"{}\", which must be float32 in both graphs", tensor.name);
                    return self.fault(key(), says, format!("{} there", element_name(tensor.element)));
                }
            }
        }
        if any {
            return Ok(());
        }
        let says = format!("a graph with the outputs {}", names(&reference.outputs));
        self.fault(key(), says, format!("the inputs {}, none of which is among them", names(&self.graph.inputs)))
    }

    fn constants(&self, contract: &Contract) -> Result<(), ContractError> {
        for (index, constant) in contract.constants.iter().enumerate() {
            let key = |name: &str| format!("constant[{index}].{name}");
            let Some(tensor) = self.graph.input(&constant.tensor) else {
                let graph = format!("the inputs {}", names(&self.graph.inputs));
                return self.fault(key("tensor"), format!("\"{}\"", constant.tensor), graph);
            };
            if !is_number(tensor.element) {
                let graph = format!("{} there", element_name(tensor.element));
                return self.fault(key("tensor"), format!("\"{}\", a number", constant.tensor), graph);
            }
            let (name, says) = match constant.frame.len() {
                0 => ("value", format!("{} values", constant.value.len())),
                sides => ("frame", format!("{sides} sides of the frame")),
            };
            if name == "frame" && !holds_sides(tensor.element) {
                let says = format!("{says}, which need float32, double, int32 or int64");
                return self.fault(key(name), says, format!("{} there", element_name(tensor.element)));
            }
            if ConstantTensor::new(contract, self.graph, constant).is_none() {
                return self.fault(key(name), says, format!("the shape {}", tensor.shape_text()));
            }
        }
        let both = self.reference.into_iter().flat_map(|reference| &reference.inputs).chain(&self.graph.inputs);
        for tensor in both {
            let fed = self.reference.is_some_and(|reference| reference.output(&tensor.name).is_some())
                || contract.inputs.iter().any(|input| input.tensor == tensor.name)
                || contract.constants.iter().any(|constant| constant.tensor == tensor.name);
            if !fed {
                let graph = format!(
                    "an input \"{}\" ({} {}) that nothing feeds: add an [[input]] or a [[constant]]",
                    tensor.name,
                    element_name(tensor.element),
                    tensor.shape_text()
                );
                return self.fault("input".to_owned(), format!("{} of them", contract.inputs.len()), graph);
            }
        }
        Ok(())
    }
}

/// ONNX's name of an element type.
fn element_name(element: Element) -> String {
    match element {
        Element::Undefined => "no tensor".to_owned(),
        Element::Float64 => "double".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// A question to the user, if the tensor's last three dimensions look like the other layout.
fn other_layout(input: &Input, picture: &[Dim]) -> &'static str {
    let count = Some(input.channels.count());
    match input.layout {
        Layout::Nchw if picture[0].fixed() != count && picture[2].fixed() == count => " (is the layout \"nhwc\"?)",
        Layout::Nhwc if picture[2].fixed() != count && picture[0].fixed() == count => " (is the layout \"nchw\"?)",
        _ => "",
    }
}
