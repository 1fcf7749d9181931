// SPDX-License-Identifier: MPL-2.0

//! Configurations of `iqa watch`.

use crate::secret::Secret;
use crate::watch::config::{Source, read};
use std::sync::LazyLock;
use tempfile::TempDir;

/// A file of a secret is there.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = crate::scratch::folder();
    std::fs::write(folder.path().join("token"), "0123456789abcdef-token\n").expect("the file can be written");
    folder
});

/// Reads the bytes as a configuration. No password is in what is shown.
pub fn run(data: &[u8]) {
    let path = FOLDER.path().join("watch.toml");
    std::fs::write(&path, data).expect("the file can be written");
    let config = match read(&path) {
        Ok(config) => config,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let shown = format!("{config:?}");
    for camera in &config.cameras {
        let now = "2026-11-30T08:00:00Z".parse().expect("a time");
        let schedules = camera.alarms.iter().filter_map(|rule| rule.schedule.as_ref());
        let holding = schedules.filter(|schedule| schedule.holds(now)).count();
        assert!(holding <= camera.alarms.len());
        let Source::Uri(uri) = &camera.address.source else { continue };
        assert!(!uri.reveal().is_empty() && !camera.name.is_empty());
        // Others may be parts of what is meant to be read.
        let long = camera.address.password.as_ref().map(Secret::reveal).filter(|password| password.len() > 20);
        assert!(!long.is_some_and(|password| camera.address.shown.contains(password)), "{shown}");
    }
}
