// SPDX-License-Identifier: MPL-2.0

//! Files for readers that take a path.

use std::path::Path;
use tempfile::TempDir;

/// A new folder, in memory if there is such a file system.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let maker = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("iqa-fuzz-");
        builder
    };
    let made = maker().tempdir_in(memory).or_else(|_| maker().tempdir());
    made.expect("a folder for files that are read can be made")
}
