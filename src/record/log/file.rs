// SPDX-License-Identifier: MPL-2.0

//! The destination of lines: standard output, or a file that may be rotated.

use super::claim::Claim;
use super::error::LogError;
use super::locked::Locked;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// When a new file is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// In bytes; 0 = never.
    pub max_file_size: u64,
    /// The most files in total; 0 = any number.
    pub max_files: u32,
}

/// Writes lines without a buffer: a line is in the file when [`LogFile::write`] returns.
pub(super) struct LogFile {
    path: PathBuf,
    /// `None` is standard output.
    file: Option<Locked>,
    /// Bytes in the file, or written to standard output.
    size: u64,
    rotation: Rotation,
    _claim: Option<Claim>,
}

impl LogFile {
    /// Opens `location`, `-` being standard output. An existing file is moved to `<location>.1`, or continued with
    /// `append`.
    pub fn open(location: &str, rotation: Rotation, append: bool, claim: Option<Claim>) -> Result<Self, LogError> {
        let path = PathBuf::from(location);
        if location == "-" {
            if rotation.max_file_size > 0 {
                return Err(LogError::StdoutRotation);
            }
            return Ok(Self { path, file: None, size: 0, rotation, _claim: claim });
        }
        if !append {
            keep_old(&path, rotation.max_files)?;
        }
        let (mut file, mut size) = open_to_append(&path)?;
        if size > 0 && unfinished(&path).map_err(|source| LogError::open(&path, source))? {
            file.write_all(b"\n").map_err(|source| LogError::write(&path, source))?;
            size += 1;
        }
        // A device or a pipe must not be renamed.
        let is_file = file.metadata().is_ok_and(|opened| opened.is_file());
        let rotation = if is_file { rotation } else { Rotation::default() };
        Ok(Self { path, file: Some(file), size, rotation, _claim: claim })
    }

    /// Whether the file is still empty, so that a header is due before the next line.
    pub fn is_fresh(&self) -> bool {
        self.size == 0
    }

    /// Starts a new file if `next` more bytes would make this one too large.
    pub fn rotate_before(&mut self, next: usize) -> Result<(), LogError> {
        let limit = self.rotation.max_file_size;
        if limit == 0 || self.file.is_none() || self.is_fresh() || self.size.saturating_add(next as u64) <= limit {
            return Ok(());
        }
        shift(&self.path, self.rotation.max_files)?;
        if let Some(before) = &self.file {
            // With a single file in total, it is the same file again.
            before.unlock();
        }
        let file = File::create(&self.path).map_err(|source| LogError::open(&self.path, source))?;
        (self.file, self.size) = (Some(Locked::new(file, &self.path)?), 0);
        Ok(())
    }

    /// Writes one or more whole lines at once.
    pub fn write(&mut self, lines: &[u8]) -> Result<(), LogError> {
        match &mut self.file {
            Some(file) => file.write_all(lines),
            None => {
                let mut out = std::io::stdout().lock();
                out.write_all(lines).and_then(|()| out.flush())
            }
        }
        .map_err(|source| LogError::write(&self.path, source))?;
        self.size += lines.len() as u64;
        Ok(())
    }

    /// The error of writing this file.
    pub fn error(&self, source: std::io::Error) -> LogError {
        LogError::write(&self.path, source)
    }

    /// Opens the path again and appends: if the file was moved away, this is a new one.
    pub fn reopen(&mut self) -> Result<(), LogError> {
        let Some(before) = &self.file else { return Ok(()) };
        // It may be the same file again.
        before.unlock();
        let (file, size) = open_to_append(&self.path)?;
        (self.file, self.size) = (Some(file), size);
        Ok(())
    }
}

/// Opens a file, or whatever the path refers to, for appending; returns its length.
fn open_to_append(path: &Path) -> Result<(Locked, u64), LogError> {
    let open = OpenOptions::new().append(true).create(true).open(path);
    let file = Locked::new(open.map_err(|source| LogError::open(path, source))?, path)?;
    let there = file.metadata().map_err(|source| LogError::open(path, source))?;
    let size = if there.is_file() { there.len() } else { 0 };
    Ok((file, size))
}

/// Whether a file that is not empty ends within a line, because its writer was stopped.
fn unfinished(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Moves an existing file that is not empty to `<path>.1`: a new run never overwrites the output of a previous one.
pub(super) fn keep_old(path: &Path, max_files: u32) -> Result<(), LogError> {
    if !fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0) {
        return Ok(());
    }
    let _old = Locked::new(File::open(path).map_err(|source| LogError::open(path, source))?, path)?;
    // With a single file in total, a rotation has nowhere to move it.
    shift(path, if max_files == 1 { 2 } else { max_files })
}

/// Moves `path` to `path.1`, that to `path.2` and so on, so that with a new `path` there are `max_files` in total.
fn shift(path: &Path, max_files: u32) -> Result<(), LogError> {
    // The last one that is overwritten or created.
    let last = match max_files {
        0 => (1..u32::MAX).find(|&n| !numbered(path, n).exists()).unwrap_or(u32::MAX),
        n => n - 1,
    };
    for n in (1..=last).rev() {
        let from = if n == 1 { path.to_owned() } else { numbered(path, n - 1) };
        let to = numbered(path, n);
        match fs::rename(&from, &to) {
            // There are fewer files yet, or one was removed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(LogError::Rename { from, to, source }),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn numbered(path: &Path, n: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{n}"));
    name.into()
}
