// SPDX-License-Identifier: MPL-2.0

//! Ensures that each file has a single writer in this process.

use super::error::LogError;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The files being written, and their writers.
static CLAIMED: Mutex<Vec<(PathBuf, String)>> = Mutex::new(Vec::new());

/// The exclusive right to write a file, until it is dropped.
#[derive(Debug)]
pub(super) struct Claim(PathBuf);

impl Claim {
    /// Claims a file that exists or will be created; `None` for anything that is not a file, which may have several
    /// writers.
    pub fn new(path: &Path, owner: &str) -> Result<Option<Self>, LogError> {
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Ok(None);
        }
        let canonical = canonical(path);
        let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, other)) = claimed.iter().find(|(known, _)| *known == canonical) {
            let (path, owner, other) = (path.to_owned(), owner.to_owned(), other.clone());
            return Err(LogError::Shared { path, owner, other });
        }
        claimed.push((canonical.clone(), owner.to_owned()));
        Ok(Some(Self(canonical)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMED.lock().unwrap_or_else(PoisonError::into_inner).retain(|(path, _)| *path != self.0);
    }
}

/// The path without links and dots, even for a file that does not exist yet.
fn canonical(path: &Path) -> PathBuf {
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
