// SPDX-License-Identifier: MPL-2.0

//! Log output of libraries through GLib: secrets are removed and the rate is limited. An element that receives invalid
//! data may log thousands of lines per second.

use super::system;
use crate::media::lock;
use gst::glib::{self, LogLevel, LogWriterOutput};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Maximum number of lines per [`SPAN`].
const LINES: u32 = 20;
/// Period after which the count restarts.
const SPAN: Duration = Duration::from_secs(60);

/// Installs the log writer. Debug messages are written to where they were before.
pub fn take_over() {
    let budget = Mutex::new(Budget::new(Instant::now()));
    glib::log_set_writer_func(move |level, fields| {
        if matches!(level, LogLevel::Debug | LogLevel::Info) {
            return glib::log_writer_default(level, fields);
        }
        let field = |key: &str| fields.iter().find(|field| field.key() == key).and_then(|field| field.value_str());
        let granted = lock(&budget).ask(Instant::now());
        if let Granted::After(left_out) = granted {
            system::say(&format!("{left_out} more lines from libraries were suppressed"));
        }
        if granted != Granted::Nothing {
            let domain = field("GLIB_DOMAIN").unwrap_or("a library");
            system::say(&format!("{domain} says: {}", field("MESSAGE").unwrap_or_default()));
        }
        LogWriterOutput::Handled
    });
}

/// Rate limiting decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Granted {
    /// Print the line.
    Line,
    /// Print the line, and the number of suppressed lines before it.
    After(u64),
    Nothing,
}

/// Rate limiter.
#[derive(Debug)]
struct Budget {
    begun: Instant,
    printed: u32,
    left_out: u64,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self { begun: now, printed: 0, left_out: 0 }
    }

    fn ask(&mut self, now: Instant) -> Granted {
        let mut left_out = 0;
        if now.saturating_duration_since(self.begun) >= SPAN {
            left_out = self.left_out;
            *self = Self::new(now);
        }
        if self.printed >= LINES {
            self.left_out += 1;
            return Granted::Nothing;
        }
        self.printed += 1;
        if left_out > 0 { Granted::After(left_out) } else { Granted::Line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_counted() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let granted: Vec<_> = (0..LINES + 7).map(|_| budget.ask(start)).collect();
        assert!(granted[..LINES as usize].iter().all(|one| *one == Granted::Line));
        assert!(granted[LINES as usize..].iter().all(|one| *one == Granted::Nothing));
        assert_eq!(budget.ask(start + SPAN), Granted::After(7));
        assert_eq!(budget.ask(start + SPAN), Granted::Line);
        assert_eq!(budget.ask(start + 3 * SPAN), Granted::Line, "nothing was left out");
    }
}
