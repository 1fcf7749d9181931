// SPDX-License-Identifier: MPL-2.0

//! One document in the layout of libvmaf's JSON log, so that tools for that can read it.
//!
//! Metrics are called `<element>_<field>` and `<element>_attributes_<name>`: every field that is a measurement. Frames
//! without one are left out, as libvmaf does, and keep their number.

use super::error::{LogError, ReadError};
use super::json;
use super::logged::{ElementPools, LoggedFrame};
use super::writer::LogWriter;
use crate::record::{FrameRecord, PooledField, Value};
use serde_json::{Map, Value as Json, json};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

const ATTRIBUTES: &str = "attributes";

/// Writes the parts of a document in their order: the beginning, frames, the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Writer {
    next_frame: u64,
    /// A frame was written, so that a comma belongs before the next.
    separated: bool,
}

impl Writer {
    /// Nothing written yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes what stands before the frames.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_beginning(&self, out: &mut impl Write) -> io::Result<()> {
        let version = Json::from(concat!("onnxiqa ", env!("CARGO_PKG_VERSION")));
        write!(out, "{{\n  \"version\": {version},\n  \"frames\": [")
    }

    /// Counts a frame, and writes it if it has a measurement.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_frame(&mut self, out: &mut impl Write, frame: &LoggedFrame) -> io::Result<()> {
        let mut metrics = Map::new();
        for (element, record) in &frame.scores {
            metrics.extend(measurements(element, record));
        }
        let number = self.next_frame;
        self.next_frame += 1;
        if metrics.is_empty() {
            return Ok(());
        }
        let separator = if std::mem::replace(&mut self.separated, true) { ",\n    " } else { "\n    " };
        write!(out, "{separator}{}", json!({"frameNum": number, "metrics": metrics}))
    }

    /// Writes what stands after the frames.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_end(&self, out: &mut impl Write, pools: &[ElementPools]) -> io::Result<()> {
        let mut pooled = Map::new();
        for ElementPools { element, fields, attributes, .. } in pools {
            pooled.extend(fields.iter().map(|(name, pool)| (metric(element, name), statistics(pool))));
            pooled.extend(attributes.iter().map(|(name, pool)| (attribute(element, name), statistics(pool))));
        }
        let pooled = Json::Object(pooled);
        write!(out, "\n  ],\n  \"pooled_metrics\": {pooled},\n  \"aggregate_metrics\": {{}}\n}}\n")
    }
}

/// Every number of a record that is a measurement, under its metric's name. Times are whole numbers and no
/// measurements.
fn measurements(element: &str, record: &FrameRecord) -> Vec<(String, Json)> {
    let mut metrics = Vec::new();
    for (name, value) in record.fields() {
        match value {
            Value::Double(number) => metrics.push((metric(element, name), number.into())),
            Value::Values(values) if name == ATTRIBUTES => {
                let numbers = values.into_iter().filter_map(|(name, value)| Some((name, f64::try_from(value).ok()?)));
                metrics.extend(numbers.map(|(name, number)| (attribute(element, &name), number.into())));
            }
            _ => {}
        }
    }
    metrics
}

fn metric(element: &str, field: &str) -> String {
    format!("{element}_{field}")
}

fn attribute(element: &str, name: &str) -> String {
    format!("{element}_{ATTRIBUTES}_{name}")
}

/// libvmaf's names and order, then what it does not have.
fn statistics(pool: &PooledField) -> Json {
    let named: Map<_, _> =
        pool.statistics.iter().map(|(name, value)| (name.replace('-', "_"), Json::from(*value))).collect();
    let first = ["min", "max", "mean", "harmonic_mean"];
    let mut ordered: Map<_, _> =
        first.iter().filter_map(|&name| Some((name.to_owned(), named.get(name)?.clone()))).collect();
    ordered.extend(named.into_iter().filter(|(name, _)| !first.contains(&name.as_str())));
    Json::Object(ordered)
}

/// What can be read back of a document: numbers under their metrics' names.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// What wrote it.
    pub version: String,
    /// Each frame's number and its metrics. Frames without any are left out.
    pub frames: Vec<(u64, Vec<(String, f64)>)>,
    /// Each metric's name and what its values come to; statistics are called as everywhere else, `harmonic-mean`.
    pub pooled: Vec<(String, PooledField)>,
}

/// Reads a document, also one that libvmaf wrote.
///
/// # Errors
/// When `input` cannot be read or is something else.
pub fn read(input: impl Read) -> Result<Document, ReadError> {
    let value: Json = serde_json::from_reader(input).map_err(json_error)?;
    let Some(frames) = value.get("frames").and_then(Json::as_array) else {
        return Err(ReadError::layout(1, "begins a document without \"frames\""));
    };
    let frames = frames.iter().filter_map(|frame| {
        let metrics = frame.get("metrics")?.as_object()?.iter();
        let metrics = metrics.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect();
        Some((frame.get("frameNum")?.as_u64()?, metrics))
    });
    let pooled = value.get("pooled_metrics").and_then(Json::as_object).into_iter().flatten();
    let pooled = pooled.filter_map(|(name, pool)| {
        let mut pooled = json::pooled(pool.as_object()?);
        pooled.statistics.iter_mut().for_each(|(name, _)| *name = name.replace('_', "-"));
        Some((name.clone(), pooled))
    });
    Ok(Document {
        version: value.get("version").and_then(Json::as_str).unwrap_or_default().to_owned(),
        frames: frames.collect(),
        pooled: pooled.collect(),
    })
}

fn json_error(error: serde_json::Error) -> ReadError {
    if error.is_io() { ReadError::Io(error.into()) } else { ReadError::Json { line: error.line(), source: error } }
}

/// Writes a log in this format: to a file beside, frame by frame, which takes its name when the document is whole.
pub(super) struct VmafJsonLog {
    path: PathBuf,
    part: PathBuf,
    /// `None` while there is a whole document under the final name.
    file: Option<File>,
    /// Where the list of frames ends.
    frames_end: u64,
    writer: Writer,
}

impl VmafJsonLog {
    pub fn create(location: &str) -> Result<Self, LogError> {
        let (path, part) = (PathBuf::from(location), PathBuf::from(format!("{location}.part")));
        // Found out now rather than when there is a whole film to be named so.
        if path.is_dir() {
            return Err(LogError::open(&path, io::ErrorKind::IsADirectory.into()));
        }
        let file = File::create(&part).map_err(|source| LogError::open(&part, source))?;
        let mut log = Self { path, part, file: Some(file), frames_end: 0, writer: Writer::new() };
        let mut text = Vec::new();
        log.writer.write_beginning(&mut text).map_err(|source| LogError::write(&log.part, source))?;
        log.append(&text)?;
        Ok(log)
    }

    fn append(&mut self, text: &[u8]) -> Result<(), LogError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(text).map_err(|source| LogError::write(&self.part, source))?;
        self.frames_end += text.len() as u64;
        Ok(())
    }

    /// Takes a document that was complete, but is not any more, back to where its frames end.
    fn resume(&mut self) -> Result<(), LogError> {
        if self.file.is_some() {
            return Ok(());
        }
        let (from, to) = (self.path.clone(), self.part.clone());
        fs::rename(&from, &to).map_err(|source| LogError::Rename { from, to, source })?;
        let open = OpenOptions::new().write(true).open(&self.part);
        let mut file = open.map_err(|source| LogError::open(&self.part, source))?;
        let cut = file.set_len(self.frames_end).and_then(|()| file.seek(io::SeekFrom::End(0)));
        cut.map_err(|source| LogError::write(&self.part, source))?;
        self.file = Some(file);
        Ok(())
    }
}

impl LogWriter for VmafJsonLog {
    fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError> {
        self.resume()?;
        let mut text = Vec::new();
        self.writer.write_frame(&mut text, frame).map_err(|source| LogError::write(&self.part, source))?;
        self.append(&text)
    }

    fn pools(&mut self, pools: &[ElementPools]) -> Result<(), LogError> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let mut end = Vec::new();
        let written = self.writer.write_end(&mut end, pools);
        // On the disk before it gets its name: a power cut must not leave a name on half a document.
        let written = written.and_then(|()| file.write_all(&end)).and_then(|()| file.sync_all());
        written.map_err(|source| LogError::write(&self.part, source))?;
        let (from, to) = (self.part.clone(), self.path.clone());
        fs::rename(&from, &to).map_err(|source| LogError::Rename { from, to, source })
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        // One document has one file.
        Ok(())
    }
}
