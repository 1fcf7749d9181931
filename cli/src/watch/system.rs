// SPDX-License-Identifier: MPL-2.0

//! Service manager notifications, and the log on standard error.

use crate::secret::redact;
use sd_notify::NotifyState;
use std::fmt;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Logs a message.
pub fn say(text: &str) {
    // Standard error may be closed.
    let _ = writeln!(std::io::stderr().lock(), "iqa watch: {}", redact(text));
}

/// Logs a warning.
pub fn warn(text: fmt::Arguments<'_>) {
    say(&format!("warning: {text}"));
}

/// Notifies that the cameras are being monitored.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// Notifies that the configuration is being reloaded.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// Notifies that the program is stopping.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Without a service manager this does nothing.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        say(&format!("cannot notify the service manager: {error}"));
    }
}

/// Watchdog notifications to the service manager.
pub struct Watchdog {
    /// `None` if they are not requested.
    pace: Option<Duration>,
    fed: Instant,
}

impl Watchdog {
    /// Reads the watchdog interval from the environment.
    pub fn new() -> Self {
        // Twice per watchdog interval.
        Self { pace: sd_notify::watchdog_enabled().map(|time| time / 2), fed: Instant::now() }
    }

    /// Sends a notification if it is due and everything is working.
    pub fn feed(&mut self, well: impl FnOnce() -> bool) {
        let due = self.pace.is_some_and(|pace| self.fed.elapsed() >= pace);
        if due && well() {
            self.fed = Instant::now();
            notify(&[NotifyState::Watchdog]);
        }
    }
}
