// SPDX-License-Identifier: MPL-2.0

//! A file that no other process writes.

use super::error::LogError;
use std::fs::{File, TryLockError};
use std::ops::{Deref, DerefMut};
use std::path::Path;

/// A file with an exclusive lock, if its file system supports locks.
///
/// It is unlocked before it is closed: a child process that is just being started has all files of this one open until
/// it runs its program, and would keep the lock as long.
#[derive(Debug)]
pub(super) struct Locked(File);

impl Locked {
    /// # Errors
    /// If another process writes the file.
    pub fn new(file: File, path: &Path) -> Result<Self, LogError> {
        let is_file = file.metadata().is_ok_and(|opened| opened.is_file());
        match is_file.then(|| file.try_lock()) {
            Some(Err(TryLockError::WouldBlock)) => Err(LogError::InUse { path: path.to_owned() }),
            _ => Ok(Self(file)),
        }
    }

    /// Lets another one, of the same file perhaps, be opened before this one is closed.
    pub fn unlock(&self) {
        // Without support for locks there is none to release.
        let _ = self.0.unlock();
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.0
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_has_the_file_open_keeps_no_lock() {
        let folder = onnx_iqa_testkit::TempDir::new();
        let path = folder.path().join("log");
        let locked = || Locked::new(File::create(&path).expect("a file"), &path);
        let first = locked().expect("nobody writes it");
        // As a child process inherits it.
        let inherited = first.try_clone().expect("a descriptor");
        assert!(matches!(locked(), Err(LogError::InUse { .. })));
        drop(first);
        assert!(locked().is_ok());
        drop(inherited);
    }
}
