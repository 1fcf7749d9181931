// SPDX-License-Identifier: MPL-2.0

//! DASH manifests, and those that are made of them for each representation.

use crate::inputs::dash::representations;
use crate::inputs::place::Place;
use std::sync::LazyLock;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(crate::scratch::folder);

/// Reads the bytes as a manifest. Each manifest that is made of it can be read in turn.
pub fn run(data: &[u8]) {
    let folder = FOLDER.path();
    let path = folder.join("m.mpd");
    std::fs::write(&path, data).expect("the file can be written");
    let place = Place::new(&path).expect("a path");
    let found = match representations(&place, folder, 0) {
        Ok(found) => found,
        Err(error) => return assert!(!format!("{error:#}").is_empty()),
    };
    for number in 0..found.len().min(4) {
        let place = Place::new(folder.join(format!("{number}.mpd"))).expect("a path");
        let again = representations(&place, folder, found.len());
        let again = again.unwrap_or_else(|error| panic!("representation {number}: {error:#}"));
        assert_eq!(again.len(), 1, "representation {number}");
    }
}
