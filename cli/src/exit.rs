// SPDX-License-Identifier: MPL-2.0

//! How the command ends.

use anyhow::{Context as _, Result};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What the command's exit status says. The derived order is that of importance: of two, the greater is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: everything was measured, and no threshold was missed.
    Good,
    /// 1: a threshold was missed.
    Missed,
    /// 3: something could not be measured.
    NotMeasurable,
    /// 2: wrong usage, or an input that cannot be read or gives no frame.
    Usage,
    /// 130: interrupted; what was finished is kept.
    Interrupted,
}

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Missed => 1,
            Self::Usage => 2,
            Self::NotMeasurable => 3,
            Self::Interrupted => 130,
        }
    }

    /// What a status of this command's says.
    pub fn from_code(code: u8) -> Self {
        let all = [Self::Good, Self::Missed, Self::NotMeasurable, Self::Interrupted];
        all.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Usage)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Set when the user or the system wants the end. The second time the process ends at once.
///
/// # Errors
/// When the system does not let signals be handled.
pub fn interruption() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, Exit::Interrupted.code().into(), interrupted.clone())
            .and_then(|_| signal_hook::flag::register(signal, interrupted.clone()))
            .context("signals cannot be heeded")?;
    }
    Ok(interrupted)
}
