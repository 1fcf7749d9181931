// SPDX-License-Identifier: MPL-2.0

//! One JSON object a line.

use super::log::{Element, LogError, Writer};
use super::record::Record;
use super::rotation::Output;
use onnx_iqa::stats::Statistics;
use serde_json::{Map, Value, json};

/// Writes the format `json-lines`.
pub struct JsonLines {
    output: Output,
}

impl JsonLines {
    pub fn new(output: Output) -> Self {
        Self { output }
    }
}

impl Writer for JsonLines {
    fn frame(&mut self, record: &Record) -> Result<(), LogError> {
        let line = line(&json!({"pts": record.pts, "running-time": record.running_time, "scores": record.scores}));
        self.output.rotate_before(line.len())?;
        self.output.write(&line)
    }

    fn pool(&mut self, elements: &[Element]) -> Result<(), LogError> {
        // Never in a file of its own: the last lines and what they come to belong together.
        self.output.write(&line(&json!({"pool": pools(elements)})))
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        self.output.reopen()
    }
}

fn line(value: &Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}

fn pools(elements: &[Element]) -> Map<String, Value> {
    let pool = |element: &Element| {
        let mut pool = Map::new();
        pool.insert("scored".into(), element.pools.scored().into());
        pool.extend(element.pools.fields().map(|(name, summary)| (name.to_owned(), statistics(&summary))));
        let attributes: Map<_, _> =
            element.pools.attributes().map(|(name, summary)| (name.to_owned(), statistics(&summary))).collect();
        if !attributes.is_empty() {
            pool.insert("attributes".into(), attributes.into());
        }
        Value::Object(pool)
    };
    elements.iter().map(|element| (element.name.clone(), pool(element))).collect()
}

fn statistics(summary: &Statistics) -> Value {
    let count = std::iter::once(("count".to_owned(), Value::from(summary.count)));
    let named = summary.named().map(|(name, value)| (name.to_owned(), Value::from(value)));
    Value::Object(count.chain(named).collect())
}
