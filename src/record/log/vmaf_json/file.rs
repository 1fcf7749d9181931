// SPDX-License-Identifier: MPL-2.0

//! The file of a document: written frame by frame under a temporary name, and renamed once it is complete.

use super::Writer;
use crate::record::log::claim::Claim;
use crate::record::log::error::LogError;
use crate::record::log::file::keep_old;
use crate::record::log::locked::Locked;
use crate::record::log::logged::{ElementPools, LoggedFrame};
use crate::record::log::writer::LogWriter;
use serde_json::{Map, Value as Json};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::PathBuf;

/// Writes a log in this format.
pub(in super::super) struct VmafJsonLog {
    path: PathBuf,
    part: PathBuf,
    /// `None` while a complete document exists under the final name.
    file: Option<Locked>,
    /// The end of the list of frames.
    frames_end: u64,
    max_files: u32,
    writer: Writer,
    _claim: Option<Claim>,
}

impl VmafJsonLog {
    pub fn create(location: &str, max_files: u32, claim: Option<Claim>, replayed: bool) -> Result<Self, LogError> {
        let (path, part) = (PathBuf::from(location), PathBuf::from(format!("{location}.part")));
        // Reported now rather than after a whole film.
        if path.is_dir() {
            return Err(LogError::open(&path, io::ErrorKind::IsADirectory.into()));
        }
        // Left behind by a run that was killed.
        keep_old(&part, max_files)?;
        let file = File::create(&part).map_err(|source| LogError::open(&part, source))?;
        let file = Some(Locked::new(file, &part)?);
        let writer = Writer { replayed, ..Writer::new() };
        let mut log = Self { path, part, file, frames_end: 0, max_files, writer, _claim: claim };
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

    /// Returns a formerly complete document to the state before its end.
    fn resume(&mut self) -> Result<(), LogError> {
        if self.file.is_some() {
            return Ok(());
        }
        let (from, to) = (self.path.clone(), self.part.clone());
        fs::rename(&from, &to).map_err(|source| LogError::Rename { from, to, source })?;
        let open = OpenOptions::new().write(true).open(&self.part);
        let mut file = Locked::new(open.map_err(|source| LogError::open(&self.part, source))?, &self.part)?;
        let cut = file.set_len(self.frames_end).and_then(|()| file.seek(io::SeekFrom::End(0)));
        cut.map_err(|source| LogError::write(&self.part, source))?;
        self.file = Some(file);
        Ok(())
    }

    /// Inserts the element's name before the metrics of the frames so far, because another element has appeared.
    fn prefix(&mut self, element: &str) -> Result<(), LogError> {
        let fresh = PathBuf::from(format!("{}.2", self.part.display()));
        let written = (|| {
            let lines = BufReader::new(File::open(&self.part)?).lines();
            let file = File::create(&fresh)?;
            let mut out = BufWriter::new(&file);
            for (number, line) in lines.enumerate() {
                let line = line?;
                let separator = if number == 0 { "" } else { "\n" };
                write!(out, "{separator}{}", prefixed(&line, element).unwrap_or(line))?;
            }
            out.flush()?;
            drop(out);
            let size = file.metadata()?.len();
            Ok((file, size))
        })();
        let (file, size) = written.map_err(|source| LogError::write(&fresh, source))?;
        let (from, to) = (fresh, self.part.clone());
        fs::rename(&from, &to).map_err(|source| LogError::Rename { from, to, source })?;
        (self.file, self.frames_end) = (Some(Locked::new(file, &self.part)?), size);
        Ok(())
    }
}

/// The line of a frame with `<element>_` before the names of its numbers; `None` if it is not a frame.
fn prefixed(line: &str, element: &str) -> Option<String> {
    let text = line.trim_start();
    let comma = if text.ends_with(',') { "," } else { "" };
    let mut frame: Map<String, Json> = serde_json::from_str(text.strip_suffix(',').unwrap_or(text)).ok()?;
    for numbers in ["metrics", "details"] {
        if let Some(Json::Object(named)) = frame.get_mut(numbers) {
            *named = std::mem::take(named).into_iter().map(|(name, v)| (format!("{element}_{name}"), v)).collect();
        }
    }
    Some(format!("    {}{comma}", Json::Object(frame)))
}

impl LogWriter for VmafJsonLog {
    fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError> {
        self.resume()?;
        if let Some(element) = self.writer.learn(frame.scores.iter().map(|(element, _)| element.as_str())) {
            self.prefix(&element)?;
        }
        let mut text = Vec::new();
        self.writer.write_frame(&mut text, frame).map_err(|source| LogError::write(&self.part, source))?;
        self.append(&text)
    }

    fn pools(&mut self, pools: &[ElementPools]) -> Result<(), LogError> {
        // A document that is already complete can only gain what an element reports at the end.
        self.resume()?;
        if let Some(element) = self.writer.learn(pools.iter().map(|pools| pools.element.as_str())) {
            self.prefix(&element)?;
        }
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let mut end = Vec::new();
        let written = self.writer.write_end(&mut end, pools);
        // Synchronized before it gets its name: a power cut must not leave the name on half a document.
        let written = written.and_then(|()| file.write_all(&end)).and_then(|()| file.sync_all());
        written.map_err(|source| LogError::write(&self.part, source))?;
        keep_old(&self.path, self.max_files)?;
        let (from, to) = (self.part.clone(), self.path.clone());
        fs::rename(&from, &to).map_err(|source| LogError::Rename { from, to, source })
    }

    fn reopen(&mut self) -> Result<(), LogError> {
        // One document is one file.
        Ok(())
    }
}
