// SPDX-License-Identifier: MPL-2.0

//! What the system is told: the service manager, and the log on standard error.

use super::secret::redact;
use sd_notify::NotifyState;
use std::fmt;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Says something in the log.
pub fn say(text: &str) {
    // Nobody reads it: then nobody misses it.
    let _ = writeln!(std::io::stderr().lock(), "iqa watch: {}", redact(text));
}

/// Something that somebody should look at.
pub fn warn(text: fmt::Arguments<'_>) {
    say(&format!("warning: {text}"));
}

/// Cameras are being watched.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The configuration is being read again.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// The end has begun.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Without a service manager nobody is told.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        say(&format!("the service manager cannot be told anything: {error}"));
    }
}

/// Tells the service manager that all goes well, as often as it wants to hear it.
pub struct Watchdog {
    /// None: nobody wants to.
    pace: Option<Duration>,
    fed: Instant,
}

impl Watchdog {
    /// As the environment says.
    pub fn new() -> Self {
        // Twice in the time after which it takes us for dead.
        Self { pace: sd_notify::watchdog_enabled().map(|time| time / 2), fed: Instant::now() }
    }

    /// Tells it, if it is time and if all goes well.
    pub fn feed(&mut self, well: impl FnOnce() -> bool) {
        let due = self.pace.is_some_and(|pace| self.fed.elapsed() >= pace);
        if due && well() {
            self.fed = Instant::now();
            notify(&[NotifyState::Watchdog]);
        }
    }
}
