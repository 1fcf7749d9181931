// SPDX-License-Identifier: MPL-2.0

//! The outputs that a contract refers to.

use ort::value::TensorElementType as Element;

use super::super::contract::{Attributes, Contract, ContractError, Crops, Pooling};
use super::super::graph::{TensorInfo, names};
use super::{Check, element_name};

/// Possible types of outputs.
const OUTPUTS: [Element; 12] = [
    Element::Float32,
    Element::Float16,
    Element::Bfloat16,
    Element::Float64,
    Element::Int8,
    Element::Int16,
    Element::Int32,
    Element::Int64,
    Element::Uint8,
    Element::Uint16,
    Element::Uint32,
    Element::Uint64,
];

/// Numbers of an output, as errors name them.
fn numbers_text(has: usize, tensor: &TensorInfo) -> String {
    format!("{has} numbers a picture at \"{}\" ({})", tensor.name, tensor.shape_text())
}

impl Check<'_> {
    fn number_output(&self, key: &str, name: &str) -> Result<&TensorInfo, ContractError> {
        let Some(tensor) = self.graph.output(name) else {
            let graph = format!("the outputs {}", names(&self.graph.outputs));
            return self.fault(key.to_owned(), format!("\"{name}\""), graph);
        };
        if !OUTPUTS.contains(&tensor.element) {
            return self.fault(
                key.to_owned(),
                format!("\"{name}\", which must hold numbers (float16 to float64, int8 to int64, uint8 to uint64)"),
                format!("{} there", element_name(tensor.element)),
            );
        }
        Ok(tensor)
    }

    /// How many numbers an output holds per picture or per frame of crops, if the graph states it.
    fn numbers(contract: &Contract, tensor: &TensorInfo) -> Option<usize> {
        let dims = tensor.dims.as_deref().filter(|dims| !dims.is_empty())?;
        let crops = match contract.inputs.first()?.geometry.crops {
            Crops::Count(count) => count as usize,
            Crops::All { .. } => 0,
        };
        let stacked = contract.inputs.first()?.geometry.crops_axis == 1;
        let mut rest = &dims[1..];
        if stacked && rest.len() > 1 && rest[0].takes(crops) {
            rest = &rest[1..];
        }
        rest.iter().try_fold(1usize, |numbers, dim| Some(numbers.saturating_mul(dim.fixed()?)))
    }

    pub(super) fn outputs(&self, contract: &Contract) -> Result<(), ContractError> {
        let output = &contract.output;
        self.score(contract)?;
        if let Pooling::Weights(weights) = &output.pooling {
            self.weights(contract, weights)?;
        }
        if let Some(map) = &output.map {
            let tensor = self.number_output("output.map.tensor", &map.tensor)?;
            let dims = tensor.dims.as_deref().unwrap_or_default();
            if dims.len() == 1 {
                let graph = format!("the shape {} there", tensor.shape_text());
                return self.fault("output.map.tensor".to_owned(), format!("\"{}\", a picture", map.tensor), graph);
            }
        }
        for (index, table) in output.attribute_tables().enumerate() {
            // The message names the key as it is written: a table, or one of a list.
            let key = match output.more_attributes.as_slice() {
                [] => "output.attributes".to_owned(),
                _ => format!("output.attributes[{index}]"),
            };
            self.attributes(contract, table, &key)?;
        }
        Ok(())
    }

    /// The output that holds the raw value.
    fn score(&self, contract: &Contract) -> Result<(), ContractError> {
        let output = &contract.output;
        let tensor = self.number_output("output.tensor", &output.tensor)?;
        let stacked = contract.inputs.first().is_some_and(|input| input.geometry.crops_axis == 1);
        let Some(has) = Self::numbers(contract, tensor).filter(|_| !stacked) else { return Ok(()) };
        match (&output.distribution, output.index) {
            (Some(values), _) if has != values.len() => {
                let says = format!("{} values", values.len());
                self.fault("output.distribution".to_owned(), says, numbers_text(has, tensor))
            }
            (None, Some(index)) if index >= has => {
                let says = format!("{index}, counted from 0");
                self.fault("output.index".to_owned(), says, numbers_text(has, tensor))
            }
            // Where each of the numbers has a weight, they are one by the weights.
            (None, None) if has != 1 && !matches!(output.pooling, Pooling::Weights(_)) => self.fault(
                "output.tensor".to_owned(),
                format!("\"{}\" without `distribution`, which means one number a picture", tensor.name),
                format!("{has} numbers a picture there ({}); `index = 0` takes the first of them", tensor.shape_text()),
            ),
            _ => Ok(()),
        }
    }

    /// A weight for each raw value of a picture.
    fn weights(&self, contract: &Contract, weights: &str) -> Result<(), ContractError> {
        const KEY: &str = "output.pool.weights";
        let output = &contract.output;
        let tensor = self.number_output(KEY, weights)?;
        let Some(has) = Self::numbers(contract, tensor) else { return Ok(()) };
        let of_score = self.graph.output(&output.tensor).and_then(|score| Self::numbers(contract, score));
        let (wanted, of) = match (&output.distribution, output.index, of_score) {
            (Some(_), _, _) => (1, "distribution"),
            (None, Some(_), _) | (None, None, Some(1)) => (1, "score"),
            (None, None, Some(numbers)) => (numbers, "number of the score"),
            (None, None, None) => return Ok(()),
        };
        if has == wanted {
            return Ok(());
        }
        let says = format!("\"{weights}\", a weight for each {of} ({wanted} a picture)");
        self.fault(KEY.to_owned(), says, numbers_text(has, tensor))
    }

    fn attributes(&self, contract: &Contract, table: &Attributes, key: &str) -> Result<(), ContractError> {
        let tensor = self.number_output(&format!("{key}.tensor"), &table.tensor)?;
        let stacked = contract.inputs.first().is_some_and(|input| input.geometry.crops_axis == 1);
        let count = table.names.len();
        match Self::numbers(contract, tensor).filter(|_| !stacked) {
            Some(has) if has != count => {
                self.fault(format!("{key}.names"), format!("{count} names"), numbers_text(has, tensor))
            }
            _ => Ok(()),
        }
    }
}
