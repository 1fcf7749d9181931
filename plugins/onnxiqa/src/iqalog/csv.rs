// SPDX-License-Identifier: MPL-2.0

//! A row for each frame.

use super::log::{Element, LogError, Writer};
use super::record::Record;
use super::rotation::Output;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The fields of every element's entry.
const FIELDS: &[&str] = &["model", "kind", "state", "score", "raw", "scored-pts", "age", "latency"];

/// Those of a full-reference element's besides.
const FULL_REFERENCE_FIELDS: &[&str] = &[
    "reference-pts",
    "offset",
    "pairing",
    "confidence",
    "psnr-y",
    "psnr",
    "ssim",
    "ms-ssim",
    "shift-x",
    "shift-y",
    "gain",
    "bias",
];

const ATTRIBUTES: &str = "attributes";

/// A value's place in an entry.
#[derive(Clone, PartialEq, Eq)]
struct Column {
    element: String,
    field: String,
    attribute: Option<String>,
}

impl Column {
    fn title(&self) -> String {
        let Self { element, field, attribute } = self;
        attribute.as_ref().map_or_else(|| format!("{element}_{field}"), |name| format!("{element}_{field}_{name}"))
    }

    fn value<'a>(&self, record: &'a Record) -> Option<&'a Value> {
        let value = record.scores.get(&self.element)?.get(&self.field)?;
        self.attribute.as_ref().map_or(Some(value), |name| value.get(name))
    }
}

/// Writes the format `csv`.
pub struct Csv {
    output: Output,
    pool_path: Option<PathBuf>,
    /// Of the file that is being written.
    columns: Vec<Column>,
    /// All that have come up: the columns of the next file.
    known: Vec<Column>,
}

impl Csv {
    pub fn new(output: Output, location: &str) -> Self {
        let pool_path = (location != "-").then(|| PathBuf::from(format!("{location}.pool.csv")));
        Self { output, pool_path, columns: Vec::new(), known: Vec::new() }
    }

    /// Adds to the known columns what is new in this record.
    fn learn(&mut self, record: &Record) {
        for (element, fields) in &record.scores {
            let Value::Object(fields) = fields else { continue };
            let mut learn = |field: &str, attribute: Option<&String>| {
                let column = Column { element: element.clone(), field: field.into(), attribute: attribute.cloned() };
                if !self.known.contains(&column) {
                    self.known.push(column);
                }
            };
            FIELDS.iter().for_each(|field| learn(field, None));
            if fields.get("kind").and_then(Value::as_str) == Some("fr") {
                FULL_REFERENCE_FIELDS.iter().for_each(|field| learn(field, None));
            }
            for (field, value) in fields {
                match value {
                    Value::Object(attributes) if field == ATTRIBUTES => {
                        attributes.keys().for_each(|name| learn(field, Some(name)));
                    }
                    _ => learn(field, None),
                }
            }
        }
    }

    fn header(&self) -> String {
        let titles = self.columns.iter().map(Column::title);
        row(["pts".to_owned(), "running-time".to_owned()].into_iter().chain(titles).chain(["other".to_owned()]))
    }

    fn row(&self, record: &Record) -> String {
        let time = |ns: Option<u64>| ns.map(|ns| ns.to_string()).unwrap_or_default();
        let values = self.columns.iter().map(|column| column.value(record).map(cell).unwrap_or_default());
        let other = self.other(record);
        let other = if other.is_empty() { String::new() } else { Value::Object(other).to_string() };
        row([time(record.pts), time(record.running_time)].into_iter().chain(values).chain([other]))
    }

    /// What this file has no column for.
    fn other(&self, record: &Record) -> Map<String, Value> {
        let missing = self.known.iter().filter(|column| !self.columns.contains(column));
        let mut other = Value::Object(Map::new());
        for column in missing {
            let Some(value) = column.value(record) else { continue };
            // Indexing makes the objects on the way.
            let place = &mut other[&column.element][&column.field];
            match &column.attribute {
                Some(name) => place[name] = value.clone(),
                None => *place = value.clone(),
            }
        }
        match other {
            Value::Object(other) => other,
            _ => Map::new(),
        }
    }
}

impl Writer for Csv {
    fn frame(&mut self, record: &Record) -> Result<(), LogError> {
        self.learn(record);
        let mut lines = self.row(record);
        self.output.rotate_before(lines.len())?;
        if self.output.is_fresh() {
            self.columns.clone_from(&self.known);
            lines = self.header() + &self.row(record);
        }
        self.output.write(lines.as_bytes())
    }

    fn pool(&mut self, elements: &[Element]) -> Result<(), LogError> {
        let Some(path) = &self.pool_path else { return Ok(()) };
        const STATISTICS: [&str; 8] = ["mean", "harmonic-mean", "median", "min", "max", "p1", "p5", "p10"];
        let titles = ["element", "field", "scored", "count"];
        let mut table = row(titles.into_iter().chain(STATISTICS).map(str::to_owned));
        for element in elements {
            let attributes = element.pools.attributes();
            let attributes = attributes.map(|(name, summary)| (format!("{ATTRIBUTES}_{name}"), summary));
            let fields = element.pools.fields().map(|(name, summary)| (name.to_owned(), summary));
            for (field, summary) in fields.chain(attributes) {
                let counts = [element.pools.scored(), summary.count].map(|count| count.to_string());
                let statistics = STATISTICS.map(|statistic| {
                    let value = summary.named().find_map(|(name, value)| (name == statistic).then_some(value));
                    value.map(|value| Value::from(value).to_string()).unwrap_or_default()
                });
                table += &row([element.name.clone(), field].into_iter().chain(counts).chain(statistics));
            }
        }
        std::fs::write(path, table).map_err(|source| LogError::write(path, source))
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        self.output.reopen()
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A line by RFC 4180, ended by a line feed alone.
fn row(cells: impl Iterator<Item = String>) -> String {
    let quoted = cells.map(|cell| {
        if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}
