// SPDX-License-Identifier: MPL-2.0

//! Control of the running program.

use serde::Serialize;
use std::fmt;

/// Changes made by a new configuration, by camera name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reloaded {
    /// Added cameras.
    pub added: Vec<String>,
    /// Cameras restarted with new settings.
    pub changed: Vec<String>,
    /// Removed cameras.
    pub removed: Vec<String>,
    /// Unchanged cameras.
    pub kept: Vec<String>,
    /// Changed keys that require a restart of the program, such as `listen`.
    pub restart: Vec<String>,
}

/// Interface to the running program for the HTTP server.
pub trait Control: Send + Sync {
    /// Reloads the configuration. May take seconds: call it on a thread that may block.
    ///
    /// # Errors
    /// If the configuration is invalid; contains position and reason without secrets. The old configuration remains
    /// active.
    fn reload(&self) -> Result<Reloaded, String>;
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration reloaded: {} unchanged", self.kept.len())?;
        for (names, what) in [
            (&self.added, "new"),
            (&self.changed, "changed"),
            (&self.removed, "removed"),
            (&self.restart, "requires a restart"),
        ] {
            if !names.is_empty() {
                write!(f, "; {what}: {}", names.join(", "))?;
            }
        }
        Ok(())
    }
}
