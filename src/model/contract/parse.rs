// SPDX-License-Identifier: MPL-2.0

//! Reading a contract: TOML to [`Contract`], each value checked by itself.

mod geometry;
mod output;

use super::error::ContractError;
use super::geometry::{Geometry, Resize};
use super::schema::{RawConstant, RawContract, RawInput, RawNumbers, RawReference};
use super::types::{Channels, Constant, Contract, Input, Kind, Layout, Role};
use geometry::geometry;

/// A larger `std` would make pixels from 0 to 1 vanish: such values are meant for pixels from 0 to 255.
const LARGEST_STD: f64 = 16.0;

/// An error in a key: its path and the sentence that follows it.
type Fault = (String, String);

fn fault<T>(key: impl Into<String>, problem: impl Into<String>) -> Result<T, Fault> {
    Err((key.into(), problem.into()))
}

/// A contract as read, before the graph completes it.
pub(in crate::model) struct Parsed {
    pub(in crate::model) contract: Contract,
    /// For each input: whether `std` was omitted, so that its default depends on the tensor's type.
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "only a graph says what the tensor's type is"))]
    pub(in crate::model) default_std: Vec<bool>,
}

impl Contract {
    /// Reads a contract and checks everything that can be checked without the graph.
    ///
    /// # Errors
    /// The first error, with its key and line.
    pub fn parse(text: &str) -> Result<Self, ContractError> {
        Ok(parse(text)?.contract)
    }
}

/// Reads and checks `text`.
pub(in crate::model) fn parse(text: &str) -> Result<Parsed, ContractError> {
    let raw: RawContract = toml::from_str(text).map_err(|error| ContractError::syntax(text, &error))?;
    convert(raw).map_err(|(key, problem)| ContractError::value(text, key, problem))
}

fn convert(raw: RawContract) -> Result<Parsed, Fault> {
    if raw.contract != 1 {
        return fault("contract", format!("is {}; this version reads contracts of version 1", raw.contract));
    }
    if raw.name.trim().is_empty() {
        return fault("name", "is empty");
    }
    if raw.input.is_empty() {
        return fault("input", "is missing: write one [[input]] for each ONNX input that takes a picture");
    }
    let default_std = raw.input.iter().map(|input| input.std.is_none()).collect();
    let shared = match raw.geometry {
        Some(shared) => geometry(shared, "geometry")?,
        None => Geometry::default(),
    };
    let mut inputs = Vec::with_capacity(raw.input.len());
    for (index, input) in raw.input.into_iter().enumerate() {
        inputs.push(convert_input(input, index, raw.kind, &shared)?);
    }
    inputs_together(&inputs, raw.kind)?;
    if raw.sizes.is_some() {
        sizes_have_effect(&inputs, raw.kind)?;
    }
    let output = output::output(raw.output, inputs.first().map_or(&shared, |input| &input.geometry))?;
    if let Some(index) = inputs.iter().position(|input| matches!(input.geometry.scale, Some(Resize::Letterbox(_))))
        && output.map.is_some()
    {
        let problem = format!("is not possible with the letterbox of input[{index}]: its borders are no picture");
        return fault("output.map", problem);
    }
    let constants = constants(raw.constant, &inputs)?;
    let reference_model = raw.reference.map(|reference| reference_model(reference, raw.kind)).transpose()?;
    let (name, kind, license) = (raw.name, raw.kind, raw.license);
    let sizes = raw.sizes.unwrap_or_default();
    let contract = Contract { name, kind, sizes, license, inputs, output, constants, reference_model };
    Ok(Parsed { contract, default_std })
}

fn convert_input(raw: RawInput, index: usize, kind: Kind, shared: &Geometry) -> Result<Input, Fault> {
    let key = |name: &str| format!("input[{index}].{name}");
    let role = match (raw.role, kind) {
        (Some(Role::Reference), Kind::NoReference) => {
            return fault(key("role"), "is \"reference\", but `kind` is \"no-reference\"");
        }
        (None, kind) if kind.compares() => {
            return fault(key("role"), "is missing: say \"reference\" or \"distorted\"");
        }
        (role, _) => role.unwrap_or(Role::Distorted),
    };
    let channels = raw.channels.unwrap_or(Channels::Rgb);
    let count = channels.count();
    let per_channel = |name: &str, given: Option<RawNumbers>, default: f64| -> Result<Vec<f64>, Fault> {
        let values = match given {
            None => vec![default; count],
            Some(RawNumbers::One(value)) => vec![value; count],
            Some(RawNumbers::Each(values)) => values,
        };
        if values.len() != count {
            return fault(key(name), format!("has {} values, the input has {count} channels", values.len()));
        }
        if values.iter().any(|v| !v.is_finite()) {
            return fault(key(name), "must hold finite numbers");
        }
        Ok(values)
    };
    let mean = per_channel("mean", raw.mean, 0.0)?;
    let std = per_channel("std", raw.std, 1.0)?;
    if std.contains(&0.0) {
        return fault(key("std"), "holds 0, by which nothing can be divided");
    }
    for (name, values, most) in [("mean", &mean, 1.0), ("std", &std, LARGEST_STD)] {
        if let Some(value) = values.iter().find(|value| **value > most) {
            return fault(
                key(name),
                format!(
                    "holds {value}, but a pixel is from 0 to 1 here: divide `mean` and `std` by 255 \
                     (a tensor from 0 to 255 has `std = 0.00392157`, which is 1/255)"
                ),
            );
        }
    }
    let geometry = match raw.geometry {
        Some(own) => geometry(own, &key("geometry"))?,
        None => shared.clone(),
    };
    Ok(Input { tensor: raw.tensor, role, layout: raw.layout.unwrap_or(Layout::Nchw), channels, mean, std, geometry })
}

fn inputs_together(inputs: &[Input], kind: Kind) -> Result<(), Fault> {
    for (index, input) in inputs.iter().enumerate() {
        if inputs[..index].iter().any(|other| other.tensor == input.tensor) {
            return fault(format!("input[{index}].tensor"), format!("is \"{}\" a second time", input.tensor));
        }
        let (first, own) = (&inputs[0].geometry, &input.geometry);
        if first.crop.is_some() != own.crop.is_some() || first.crops != own.crops {
            return fault(
                format!("input[{index}].geometry"),
                "cuts another number of crops than input[0]: scores are averaged over crops, each of which needs all inputs",
            );
        }
        if first.crops_axis != own.crops_axis {
            return fault(format!("input[{index}].geometry.crops-axis"), "must be the same for all inputs");
        }
    }
    if kind.compares() {
        for (role, name) in [(Role::Reference, "reference"), (Role::Distorted, "distorted")] {
            if !inputs.iter().any(|input| input.role == role) {
                return fault("input", format!("has none with role \"{name}\", but `kind` is \"{kind}\""));
            }
        }
    }
    Ok(())
}

fn sizes_have_effect(inputs: &[Input], kind: Kind) -> Result<(), Fault> {
    const KEY: &str = "sizes";
    if kind != Kind::FullReference {
        return fault(KEY, format!("has no effect: `kind` is \"{kind}\", not \"full-reference\""));
    }
    let is_fixed = |input: &Input| matches!(input.geometry.scale, Some(Resize::Size(_) | Resize::Letterbox(_)));
    if inputs.iter().all(is_fixed) {
        return fault(KEY, "has no effect: every input is scaled to a fixed size (`resize`, `letterbox`)");
    }
    Ok(())
}

fn reference_model(raw: RawReference, kind: Kind) -> Result<String, Fault> {
    const KEY: &str = "reference.model";
    if kind != Kind::FullReference {
        return fault(KEY, "has no effect: `kind` is not \"full-reference\"");
    }
    let is_name = std::path::Path::new(&raw.model).file_name().is_some_and(|name| name == raw.model.as_str());
    if !is_name {
        return fault(KEY, format!("is \"{}\"; it is the name of a file beside the model's", raw.model));
    }
    Ok(raw.model)
}

fn constants(raw: Vec<RawConstant>, inputs: &[Input]) -> Result<Vec<Constant>, Fault> {
    let mut constants: Vec<Constant> = Vec::with_capacity(raw.len());
    for (index, constant) in raw.into_iter().enumerate() {
        let key = |name: &str| format!("constant[{index}].{name}");
        if inputs.iter().any(|input| input.tensor == constant.tensor) {
            return fault(key("tensor"), format!("is \"{}\", which an [[input]] already feeds", constant.tensor));
        }
        if constants.iter().any(|other| other.tensor == constant.tensor) {
            return fault(key("tensor"), format!("is \"{}\" a second time", constant.tensor));
        }
        let (name, count) = match (&constant.value, &constant.frame) {
            (Some(_), Some(_)) => return fault(key("value"), "and `frame` exclude each other"),
            (None, None) => {
                return fault(
                    format!("constant[{index}]"),
                    "says neither `value`, its numbers, nor `frame`, the frame's sides that it has",
                );
            }
            (Some(value), None) => ("value", value.len()),
            (None, Some(sides)) => ("frame", sides.len()),
        };
        if count == 0 {
            return fault(key(name), "is empty");
        }
        if constant.value.iter().flatten().any(|v| !v.is_finite()) {
            return fault(key("value"), "must hold finite numbers");
        }
        let (value, frame) = (constant.value.unwrap_or_default(), constant.frame.unwrap_or_default());
        constants.push(Constant { tensor: constant.tensor, value, frame });
    }
    Ok(constants)
}
