// SPDX-License-Identifier: MPL-2.0

//! A log: the frames as they come, then what they come to.

use super::Format;
use super::csv::Csv;
use super::json_lines::JsonLines;
use super::record::Record;
use super::rotation::{Output, Rotation};
use super::vmaf_json::VmafJson;
use onnx_iqa::record::FieldPools;
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};

/// Why a log cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    #[error("cannot open {} for writing: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot write to {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot rename {} to {}: {source}", from.display(), to.display())]
    Rename { from: PathBuf, to: PathBuf, source: io::Error },
    #[error(
        "format=vmaf-json takes its name only when it is complete, which standard output cannot; set location to a path"
    )]
    VmafStdout,
    #[error("format=vmaf-json is one document and cannot be rotated; set max-file-size=0 or another format")]
    VmafRotation,
    #[error("standard output cannot be rotated; set max-file-size=0 or location to a path")]
    StdoutRotation,
}

impl LogError {
    pub fn open(path: &Path, source: io::Error) -> Self {
        Self::Open { path: path.to_owned(), source }
    }

    pub fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// Whether there was no room left.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Open { source, .. } | Self::Write { source, .. } | Self::Rename { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

/// One of the formats, at work.
pub trait Writer: Send {
    /// Writes a frame; it is in the file when this is back.
    fn frame(&mut self, record: &Record) -> Result<(), LogError>;
    /// Writes what the frames so far come to. More frames may follow, and then another pool.
    fn pool(&mut self, elements: &[Element]) -> Result<(), LogError>;
    /// Closes the file and opens its path again.
    fn reopen(&mut self) -> Result<(), LogError>;
}

/// What has been counted of one element.
pub struct Element {
    pub name: String,
    pub pools: FieldPools,
    last: Option<ScoreId>,
}

/// Tells one finished score from the next. Scores have no number; two in a row that agree in all of this are taken
/// for one.
#[derive(PartialEq)]
struct ScoreId {
    scored_pts: Option<u64>,
    raw: Option<u64>,
    latency: Option<u64>,
}

impl Element {
    /// Counts the frame if it brings a score that has not been counted.
    fn count(&mut self, pts: Option<u64>, fields: &Map<String, Value>) {
        let integer = |name| fields.get(name).and_then(Value::as_u64);
        let double = |name| fields.get(name).and_then(Value::as_f64);
        let id = ScoreId {
            scored_pts: integer("scored-pts"),
            raw: double("raw").or(double("score")).map(f64::to_bits),
            latency: integer("latency"),
        };
        match fields.get("state").and_then(Value::as_str) {
            // Its own score, whatever the one before was.
            Some("scored") => self.last = Some(ScoreId { scored_pts: id.scored_pts.or(pts), ..id }),
            // An older one that it carries along.
            Some("skipped") if id.raw.is_some() => {
                if self.last.as_ref() == Some(&id) {
                    return;
                }
                self.last = Some(id);
            }
            _ => return,
        }
        self.pools.count_frame();
        measurements(fields, |name, value, is_attribute| {
            if is_attribute {
                self.pools.push_attribute(name, value);
            } else {
                self.pools.push(name, value);
            }
        });
    }
}

/// Calls `each` with the name and value of every field that is a measurement, and says whether it is an attribute.
/// Times are integers and no measurements.
pub fn measurements<'a>(fields: &'a Map<String, Value>, mut each: impl FnMut(&'a str, f64, bool)) {
    for (name, value) in fields {
        match value {
            Value::Number(number) if number.is_f64() => {
                number.as_f64().into_iter().for_each(|value| each(name, value, false));
            }
            Value::Object(attributes) if name == "attributes" => {
                for (name, value) in attributes {
                    value.as_f64().into_iter().for_each(|value| each(name, value, true));
                }
            }
            _ => {}
        }
    }
}

/// An open log.
pub struct Log {
    writer: Box<dyn Writer>,
    elements: Vec<Element>,
    pool_due: bool,
}

impl Log {
    /// Opens `location`, `-` being standard output.
    pub fn open(location: &str, format: Format, rotation: Rotation) -> Result<Self, LogError> {
        let writer: Box<dyn Writer> = match format {
            Format::JsonLines => Box::new(JsonLines::new(Output::open(location, rotation)?)),
            Format::Csv => Box::new(Csv::new(Output::open(location, rotation)?, location)),
            Format::VmafJson if location == "-" => return Err(LogError::VmafStdout),
            Format::VmafJson if rotation.max_file_size > 0 => return Err(LogError::VmafRotation),
            Format::VmafJson => Box::new(VmafJson::create(location)?),
        };
        // A stream without any frame still leaves a log that says so.
        Ok(Self { writer, elements: Vec::new(), pool_due: true })
    }

    /// Writes a frame and counts it.
    pub fn frame(&mut self, record: &Record) -> Result<(), LogError> {
        self.pool_due = true;
        for (name, fields) in &record.scores {
            let Value::Object(fields) = fields else { continue };
            let index = self.elements.iter().position(|element| element.name == *name).unwrap_or_else(|| {
                self.elements.push(Element { name: name.clone(), pools: FieldPools::new(), last: None });
                self.elements.len() - 1
            });
            self.elements[index].count(record.pts, fields);
        }
        self.writer.frame(record)
    }

    /// Writes the pool, unless it has been and nothing came since.
    pub fn finish(&mut self) -> Result<(), LogError> {
        if std::mem::take(&mut self.pool_due) {
            self.writer.pool(&self.elements)?;
        }
        Ok(())
    }

    /// Closes the file and opens its path again, for rotation from outside.
    pub fn reopen(&mut self) -> Result<(), LogError> {
        self.writer.reopen()
    }
}
