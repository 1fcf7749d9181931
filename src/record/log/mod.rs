// SPDX-License-Identifier: MPL-2.0

//! Logs: the frames as they arrive, then their statistics.
//!
//! [`Log`] writes one to a file or to standard output. Each format has a module with functions that write to an
//! [`io::Write`](std::io::Write) and read back: [`json_lines`] everything, [`csv`] everything except the order of
//! unknown fields, [`vmaf_json`] the measurements.
//!
//! A line is in the file when the call that writes it returns, so a program that is killed loses nothing before it. Two
//! writers of one file are an error.

mod claim;
mod count;
pub mod csv;
mod error;
mod file;
mod json;
pub mod json_lines;
mod locked;
mod logged;
mod sightings;
pub mod vmaf_json;
mod writer;

pub use error::{LogError, ReadError};
pub use file::Rotation;
pub use logged::{ElementPools, LoggedFrame};

use crate::record::{FrameRecord, State, Summary};
use claim::Claim;
use count::ElementCount;
use file::LogFile;
use sightings::Sight;
use std::borrow::Cow;
use std::path::Path;
use writer::LogWriter;

/// The format of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LogFormat {
    /// One JSON object per line, the pools in the last.
    #[default]
    JsonLines,
    /// A row per frame, the pools in a separate file.
    Csv,
    /// One JSON document, as libvmaf writes it.
    VmafJson,
}

/// Options for opening a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogOptions {
    /// When a new file is started.
    pub rotation: Rotation,
    /// Whether to append to an existing file, which otherwise is moved to `<location>.1`.
    pub append: bool,
    /// The writer's name, for the error when there is a second one.
    pub owner: String,
    /// Whether the frames were measured earlier: `fps` of a VMAF-JSON log is then 0, unknown.
    pub replayed: bool,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { rotation: Rotation::default(), append: false, owner: "a log".to_owned(), replayed: false }
    }
}

/// An open log.
pub struct Log {
    format: LogFormat,
    writer: Box<dyn LogWriter>,
    elements: Vec<ElementCount>,
    pools_due: bool,
}

impl Log {
    /// Opens `location`, `-` being standard output. An existing file is moved to `<location>.1`, that one to
    /// `<location>.2` and so on.
    ///
    /// # Errors
    /// Those of [`open_with`](Self::open_with).
    pub fn open(location: &str, format: LogFormat, rotation: Rotation) -> Result<Self, LogError> {
        Self::open_with(location, format, &LogOptions { rotation, ..LogOptions::default() })
    }

    /// Opens `location`, `-` being standard output.
    ///
    /// # Errors
    /// When the file cannot be written, when another log of this process or another process writes it, or when the
    /// format does not support the location or the options.
    pub fn open_with(location: &str, format: LogFormat, options: &LogOptions) -> Result<Self, LogError> {
        let LogOptions { rotation, append, owner, replayed } = options;
        match format {
            LogFormat::VmafJson if location == "-" => return Err(LogError::VmafStdout),
            LogFormat::VmafJson if rotation.max_file_size > 0 => return Err(LogError::VmafRotation),
            LogFormat::VmafJson | LogFormat::Csv if *append => return Err(LogError::AppendFormat),
            _ => {}
        }
        let claim = if location == "-" { None } else { Claim::new(Path::new(location), owner)? };
        let writer: Box<dyn LogWriter> = match format {
            LogFormat::VmafJson => {
                Box::new(vmaf_json::VmafJsonLog::create(location, rotation.max_files, claim, *replayed)?)
            }
            LogFormat::JsonLines => {
                Box::new(json_lines::JsonLinesLog::new(LogFile::open(location, *rotation, *append, claim)?))
            }
            LogFormat::Csv => Box::new(csv::CsvLog::open(
                LogFile::open(location, *rotation, false, claim)?,
                location,
                rotation.max_files,
            )?),
        };
        // A stream without any frame still produces a log that says so.
        Ok(Self { format, writer, elements: Vec::new(), pools_due: true })
    }

    /// Writes a frame and counts it. It is in the file when this returns.
    ///
    /// A copy of a previous frame with all its metadata, as `videorate` makes them, is not counted, and is written as
    /// `skipped`, with the older frame's score and its age.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError> {
        self.pools_due = true;
        let mut corrected = Cow::Borrowed(frame);
        for (index, (name, record)) in frame.scores.iter().enumerate() {
            let cut = self.format == LogFormat::VmafJson;
            let most = |field: &str| if cut { vmaf_json::most(field, record.depth) } else { f64::INFINITY };
            let sight = self.element(name).count(frame, record, most);
            if let Sight::Copy { age } = sight {
                corrected.to_mut().scores[index].1 = copied(record, age);
            }
        }
        self.writer.frame(&corrected)
    }

    /// Stores an element's summary of its stream. Its counts and its verdict are written with the pools, unless more of
    /// its frames arrive: counts from the frames alone miss those that did not come this far.
    pub fn summary(&mut self, element: &str, summary: &Summary) {
        let new = self.element(element).tell(summary);
        self.pools_due |= new;
    }

    /// The counts of the element of that name; created if it has none yet.
    fn element(&mut self, name: &str) -> &mut ElementCount {
        let known = self.elements.iter().position(|element| element.name() == name);
        let index = known.unwrap_or_else(|| {
            self.elements.push(ElementCount::new(name));
            self.elements.len() - 1
        });
        &mut self.elements[index]
    }

    /// Writes the pools, unless they were written and nothing has arrived since.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(&mut self) -> Result<(), LogError> {
        if std::mem::take(&mut self.pools_due) {
            let pools: Vec<_> = self.elements.iter().map(ElementCount::pools).collect();
            self.writer.pools(&pools)?;
        }
        Ok(())
    }

    /// Closes the file and opens its path again, for external rotation.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn reopen(&mut self) -> Result<(), LogError> {
        self.writer.reopen()
    }
}

/// The record as it applies to a copy of a frame: `age` is how much older the scored frame is, if known.
fn copied(record: &FrameRecord, age: Option<u64>) -> FrameRecord {
    let mut record = record.clone();
    record.state = Some(State::Skipped);
    record.age = age.filter(|_| record.age.is_some());
    record
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("elements", &self.elements.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
