// SPDX-License-Identifier: MPL-2.0

//! Logs: the frames as they come, then what they come to.
//!
//! [`Log`] writes one to a file or to standard output. The formats have a file each, with what writes to an
//! [`io::Write`](std::io::Write) and what reads back: [`json_lines`] everything, [`csv`] everything but the order of an
//! entry's unknown fields, [`vmaf_json`] the measurements.

mod count;
pub mod csv;
mod error;
mod file;
mod json;
pub mod json_lines;
mod logged;
pub mod vmaf_json;
mod writer;

pub use error::{LogError, ReadError};
pub use file::Rotation;
pub use logged::{ElementPools, LoggedFrame};

use count::ElementCount;
use file::LogFile;
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

/// An open log.
pub struct Log {
    writer: Box<dyn LogWriter>,
    elements: Vec<ElementCount>,
    pools_due: bool,
}

impl Log {
    /// Opens `location`, `-` being standard output.
    ///
    /// # Errors
    /// When the file cannot be written, or the format does not go with the location or the rotation.
    pub fn open(location: &str, format: LogFormat, rotation: Rotation) -> Result<Self, LogError> {
        let writer: Box<dyn LogWriter> = match format {
            LogFormat::JsonLines => Box::new(json_lines::JsonLinesLog::new(LogFile::open(location, rotation)?)),
            LogFormat::Csv => Box::new(csv::CsvLog::new(LogFile::open(location, rotation)?, location)),
            LogFormat::VmafJson if location == "-" => return Err(LogError::VmafStdout),
            LogFormat::VmafJson if rotation.max_file_size > 0 => return Err(LogError::VmafRotation),
            LogFormat::VmafJson => Box::new(vmaf_json::VmafJsonLog::create(location)?),
        };
        // A stream without any frame still leaves a log that says so.
        Ok(Self { writer, elements: Vec::new(), pools_due: true })
    }

    /// Writes a frame and counts it. It is in the file when this is back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError> {
        self.pools_due = true;
        for (name, record) in &frame.scores {
            let known = self.elements.iter().position(|element| element.name() == name);
            let index = known.unwrap_or(self.elements.len());
            if known.is_none() {
                self.elements.push(ElementCount::new(name));
            }
            if let Some(element) = self.elements.get_mut(index) {
                element.count(frame.pts, record);
            }
        }
        self.writer.frame(frame)
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

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("elements", &self.elements.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
