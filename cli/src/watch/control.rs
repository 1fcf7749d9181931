// SPDX-License-Identifier: MPL-2.0

//! What can be asked of the running program.

use serde::Serialize;
use std::fmt;

/// What a new configuration has changed, by cameras' names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reloaded {
    /// Cameras that are new.
    pub added: Vec<String>,
    /// Cameras that have other settings and were started anew.
    pub changed: Vec<String>,
    /// Cameras that are gone.
    pub removed: Vec<String>,
    /// Cameras that go on as if nothing had been.
    pub kept: Vec<String>,
    /// Keys that changed and take a restart of the program, such as `listen`.
    pub restart: Vec<String>,
}

/// The running program, for those who serve it to others.
pub trait Control: Send + Sync {
    /// Reads the configuration again and takes it up. May take seconds: call it from a thread that may wait.
    ///
    /// # Errors
    /// When it is wrong: where and why, without secrets. Everything then goes on as before.
    fn reload(&self) -> Result<Reloaded, String>;
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is taken up: {} as before", self.kept.len())?;
        for (names, what) in [
            (&self.added, "new"),
            (&self.changed, "changed"),
            (&self.removed, "removed"),
            (&self.restart, "taken up at the next start"),
        ] {
            if !names.is_empty() {
                write!(f, "; {what}: {}", names.join(", "))?;
            }
        }
        Ok(())
    }
}
