// SPDX-License-Identifier: MPL-2.0

//! Where lines go: standard output, or a file that may be rotated.

use super::error::LogError;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// When a new file is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// In bytes; 0 = never.
    pub max_file_size: u64,
    /// Files there may be in all; 0 = any number.
    pub max_files: u32,
}

/// Lines written without a buffer in between: a line is in the file when [`LogFile::write`] is back.
pub(super) struct LogFile {
    path: PathBuf,
    /// `None` is standard output.
    file: Option<File>,
    /// Bytes in the file now, or written to standard output.
    size: u64,
    rotation: Rotation,
}

impl LogFile {
    /// Opens `location`, `-` being standard output. A file that is there is rotated away, or overwritten when nothing
    /// is to be rotated.
    pub fn open(location: &str, rotation: Rotation) -> Result<Self, LogError> {
        let path = PathBuf::from(location);
        if location == "-" {
            if rotation.max_file_size > 0 {
                return Err(LogError::StdoutRotation);
            }
            return Ok(Self { path, file: None, size: 0, rotation });
        }
        let full = fs::metadata(&path).is_ok_and(|there| there.is_file() && there.len() > 0);
        if full && rotation.max_file_size > 0 {
            shift(&path, rotation.max_files)?;
        }
        let file = File::create(&path).map_err(|source| LogError::open(&path, source))?;
        // Renaming a device or a pipe away would be no rotation.
        let is_file = file.metadata().is_ok_and(|opened| opened.is_file());
        let rotation = if is_file { rotation } else { Rotation::default() };
        Ok(Self { path, file: Some(file), size: 0, rotation })
    }

    /// Whether nothing is in the file yet, so that a header belongs before the next line.
    pub fn is_fresh(&self) -> bool {
        self.size == 0
    }

    /// Begins a new file if `next` more bytes would make this one too large.
    pub fn rotate_before(&mut self, next: usize) -> Result<(), LogError> {
        let limit = self.rotation.max_file_size;
        if limit == 0 || self.file.is_none() || self.is_fresh() || self.size.saturating_add(next as u64) <= limit {
            return Ok(());
        }
        shift(&self.path, self.rotation.max_files)?;
        self.file = Some(File::create(&self.path).map_err(|source| LogError::open(&self.path, source))?);
        self.size = 0;
        Ok(())
    }

    /// Writes a whole line, or several, at once.
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

    /// That this file cannot be written.
    pub fn error(&self, source: std::io::Error) -> LogError {
        LogError::write(&self.path, source)
    }

    /// Opens the path again, appending to what is there: after the file was moved away, this is a new one.
    pub fn reopen(&mut self) -> Result<(), LogError> {
        if self.file.is_none() {
            return Ok(());
        }
        let open = OpenOptions::new().append(true).create(true).open(&self.path);
        let file = open.map_err(|source| LogError::open(&self.path, source))?;
        self.size = file.metadata().map_err(|source| LogError::open(&self.path, source))?.len();
        self.file = Some(file);
        Ok(())
    }
}

/// Moves `path` to `path.1`, that to `path.2` and so on, so that with a new `path` there are `max_files` in all.
fn shift(path: &Path, max_files: u32) -> Result<(), LogError> {
    // The last one that is overwritten, or that is new.
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
