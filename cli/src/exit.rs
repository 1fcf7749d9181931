// SPDX-License-Identifier: MPL-2.0

//! Exit status and termination signals.

use anyhow::{Context as _, Result};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Exit status of the command. The derived order is the order of severity: the greater of two is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: everything was measured and no threshold was missed.
    Good,
    /// 1: a threshold was missed.
    Missed,
    /// 3: something could not be measured.
    NotMeasurable,
    /// 2: usage error, or an input that cannot be read or contains no frame.
    Usage,
    /// 130: interrupted; finished results are kept.
    Interrupted,
}

impl Exit {
    /// Numeric exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Missed => 1,
            Self::Usage => 2,
            Self::NotMeasurable => 3,
            Self::Interrupted => 130,
        }
    }

    /// Converts a numeric exit status of this command.
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

/// Has SIGHUP set the flag of [`interruption`] too, unless whoever started the process has it ignored, as `nohup` does.
///
/// # Errors
/// If the signal handler cannot be installed.
#[cfg(feature = "farm")]
pub fn also_hangup(interrupted: &Arc<AtomicBool>) -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !ignores_hangup(&status) {
        signal_hook::flag::register(signal_hook::consts::SIGHUP, interrupted.clone())
            .context("cannot install the handler for SIGHUP")?;
    }
    Ok(())
}

/// Whether a process ignores SIGHUP, by its `/proc/self/status`.
#[cfg(feature = "farm")]
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signals are counted from 1, and this is the first.
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// Returns a flag that is set by SIGINT and SIGTERM. A second signal terminates the process immediately.
///
/// # Errors
/// If the signal handlers cannot be installed.
pub fn interruption() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, Exit::Interrupted.code().into(), interrupted.clone())
            .and_then(|_| signal_hook::flag::register(signal, interrupted.clone()))
            .context("cannot install signal handlers")?;
    }
    Ok(interrupted)
}

#[cfg(all(test, feature = "farm"))]
mod tests {
    use super::*;

    #[test]
    fn a_hangup_that_is_ignored_stays_so() {
        assert!(ignores_hangup("Name:\tiqa\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("SigIgn:\t0000000000001000\n") && !ignores_hangup(""));
    }
}
