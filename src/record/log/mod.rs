// SPDX-License-Identifier: MPL-2.0

//! Logs: the frames as they come, then what they come to.
//!
//! [`Log`] writes one to a file or to standard output. The formats have a file each, with what writes to an
//! [`io::Write`](std::io::Write) and what reads back: [`json_lines`] everything, [`csv`] everything but the order of an
//! entry's unknown fields, [`vmaf_json`] the measurements.

mod claim;
mod count;
pub mod csv;
mod error;
mod file;
mod json;
pub mod json_lines;
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

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LogFormat {
    /// One JSON object a line, the pools in the last.
    #[default]
    JsonLines,
    /// A row for each frame, the pools in a file of its own.
    Csv,
    /// One JSON document, as libvmaf writes it.
    VmafJson,
}

/// How a log is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogOptions {
    /// When a new file is begun.
    pub rotation: Rotation,
    /// Whether lines are added to a file that is there, which otherwise is moved to `<location>.1`.
    pub append: bool,
    /// Who writes it, for the error when another writes it too.
    pub owner: String,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { rotation: Rotation::default(), append: false, owner: "a log".to_owned() }
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
    /// Opens `location`, `-` being standard output. A file that is there is moved to `<location>.1`, that one to
    /// `<location>.2` and so on.
    ///
    /// # Errors
    /// As of [`open_with`](Self::open_with).
    pub fn open(location: &str, format: LogFormat, rotation: Rotation) -> Result<Self, LogError> {
        Self::open_with(location, format, &LogOptions { rotation, ..LogOptions::default() })
    }

    /// Opens `location`, `-` being standard output.
    ///
    /// # Errors
    /// When the file cannot be written, when another log of this process or another process writes it, or when the
    /// format does not go with the location or the options.
    pub fn open_with(location: &str, format: LogFormat, options: &LogOptions) -> Result<Self, LogError> {
        let LogOptions { rotation, append, owner } = options;
        match format {
            LogFormat::VmafJson if location == "-" => return Err(LogError::VmafStdout),
            LogFormat::VmafJson if rotation.max_file_size > 0 => return Err(LogError::VmafRotation),
            LogFormat::VmafJson | LogFormat::Csv if *append => return Err(LogError::AppendFormat),
            _ => {}
        }
        let claim = if location == "-" { None } else { Claim::new(Path::new(location), owner)? };
        let writer: Box<dyn LogWriter> = match format {
            LogFormat::VmafJson => Box::new(vmaf_json::VmafJsonLog::create(location, rotation.max_files, claim)?),
            LogFormat::JsonLines => {
                Box::new(json_lines::JsonLinesLog::new(LogFile::open(location, *rotation, *append, claim)?))
            }
            LogFormat::Csv => Box::new(csv::CsvLog::open(
                LogFile::open(location, *rotation, false, claim)?,
                location,
                rotation.max_files,
            )?),
        };
        // A stream without any frame still leaves a log that says so.
        Ok(Self { format, writer, elements: Vec::new(), pools_due: true })
    }

    /// Writes a frame and counts it. It is in the file when this is back.
    ///
    /// A copy of a frame that came before, with all that was said of that one, as `videorate` makes them, counts as
    /// nothing, and is written as what it is: `skipped`, with the older frame's score and its age.
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

    /// Takes note of what an element says of its whole stream. Its counts and its verdict are written with the pools,
    /// unless more frames of it come: those found in the frames cannot know of frames that did not come this far.
    pub fn summary(&mut self, element: &str, summary: &Summary) {
        let new = self.element(element).tell(summary);
        self.pools_due |= new;
    }

    /// The counts of the element of that name; new ones if it has none yet.
    fn element(&mut self, name: &str) -> &mut ElementCount {
        let known = self.elements.iter().position(|element| element.name() == name);
        let index = known.unwrap_or_else(|| {
            self.elements.push(ElementCount::new(name));
            self.elements.len() - 1
        });
        &mut self.elements[index]
    }

    /// Writes the pools, unless they have been written and nothing came since.
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

    /// Closes the file and opens its path again, for rotation from outside.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn reopen(&mut self) -> Result<(), LogError> {
        self.writer.reopen()
    }
}

/// What a copy of a frame carries, as it holds for the copy: `age` is how much older the scored frame is, if it is known.
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
