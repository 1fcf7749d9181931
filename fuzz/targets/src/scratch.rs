// SPDX-License-Identifier: MPL-2.0

//! Files for readers that take a path.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

const NAME: &str = "iqa-fuzz-";

/// A new folder, in memory if there is such a file system. A process that is fuzzed does not end in good order, so
/// folders of processes that are gone are removed.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { PathBuf::from(memory) } else { std::env::temp_dir() };
    for entry in std::fs::read_dir(&place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(NAME)?.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
            // Another process may do the same.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let prefix = format!("{NAME}{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(place).expect("a folder for files that are read can be made")
}
