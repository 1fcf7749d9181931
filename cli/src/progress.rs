// SPDX-License-Identifier: MPL-2.0

//! Progress of a run, on standard error.

use crate::args::{self, Common};
use crate::media::lock;
use crate::terminal;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Interval between lines if there is no progress bar.
const INTERVAL: Duration = Duration::from_secs(5);

/// The bar that is shown, which lines must not be written over.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Progress output. Nothing of it remains on a terminal after it is dropped.
#[derive(Debug)]
pub struct Progress {
    how: args::Progress,
    bar: ProgressBar,
    /// Total and finished number of passes over the source.
    passes: (u64, u64),
    what: String,
    last: Instant,
    began: Instant,
    /// Counts updates, instead of output.
    ticks: Option<Arc<AtomicU64>>,
    frames: u64,
}

impl Progress {
    /// Creates the output selected on the command line.
    pub fn new(common: &Common) -> Self {
        let how = match common.progress {
            _ if common.quiet => args::Progress::None,
            args::Progress::Auto if !std::io::stderr().is_terminal() => args::Progress::Plain,
            other => other,
        };
        let bar = if how == args::Progress::Auto {
            let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
            *lock(&SHOWN) = Some(bar.clone());
            bar
        } else {
            ProgressBar::hidden()
        };
        // An invalid template would be a bug; the default style is sufficient.
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent:>3} %{left}") {
            bar.set_style(style.with_key("left", left));
        }
        let now = Instant::now();
        Self { how, bar, passes: (1, 0), what: String::new(), last: now, began: now, ticks: None, frames: 0 }
    }

    /// No output: whenever frames have arrived, `ticks` grows.
    #[cfg(feature = "farm")]
    pub fn counted(ticks: Arc<AtomicU64>) -> Self {
        let now = Instant::now();
        let (how, bar) = (args::Progress::None, ProgressBar::hidden());
        Self { how, bar, passes: (1, 0), what: String::new(), last: now, began: now, ticks: Some(ticks), frames: 0 }
    }

    /// Starts pass number `done` + 1 of `all`; `what` describes it.
    pub fn begin(&mut self, what: &str, done: usize, all: usize) {
        // Names of inputs.
        let what = &*terminal::line(what);
        self.passes = (all as u64, done as u64);
        // A pass of the same step.
        let is_known = done > 0 && self.what == what;
        self.what = what.to_owned();
        if done == 0 {
            // Another step, whose duration the one before says nothing about.
            self.began = Instant::now();
            self.bar.reset();
        }
        self.bar.set_message(what.to_owned());
        match self.how {
            args::Progress::Plain if !is_known => eprintln!("{what}"),
            args::Progress::Json => {
                self.json(serde_json::json!({"event": "begin", "what": what, "pass": done + 1, "passes": all}))
            }
            _ => {}
        }
    }

    /// Updates the position of the source in nanoseconds of running time, its duration, and the number of frames.
    pub fn position(&mut self, position: Option<u64>, duration: Option<u64>, frames: u64) {
        if frames != self.frames
            && let Some(ticks) = &self.ticks
        {
            ticks.fetch_add(1, Ordering::Relaxed);
        }
        self.frames = frames;
        let share = position.zip(duration.filter(|&duration| duration > 0));
        let share = share.map(|(position, duration)| (position as f64 / duration as f64).min(1.0));
        let (all, done) = self.passes;
        let total = share.map(|share| (done as f64 + share) / all.max(1) as f64);
        if let Some(total) = total {
            self.bar.set_position((total * 1000.0) as u64);
        }
        if self.last.elapsed() < INTERVAL {
            return;
        }
        self.last = Instant::now();
        let elapsed = self.began.elapsed().as_secs_f64();
        let left = total.filter(|&total| total > 0.01).map(|total| elapsed * (1.0 - total) / total);
        match self.how {
            args::Progress::Plain => {
                let percent =
                    total.map_or_else(|| format!("{frames} frames"), |total| format!("{:.0} %", total * 100.0));
                let left = left.map_or_else(String::new, |left| format!(", about {left:.0} s left"));
                eprintln!("{}: {percent}{left}", self.what);
            }
            args::Progress::Json => {
                let object = serde_json::json!({
                    "event": "progress", "what": self.what, "share": total, "frames": frames, "seconds-left": left,
                });
                self.json(object);
            }
            _ => {}
        }
    }

    /// Prints a line without disturbing the progress bar.
    pub fn say(&self, text: &str) {
        match self.how {
            args::Progress::None => {}
            args::Progress::Json => self.json(serde_json::json!({"event": "note", "text": text})),
            _ => self.bar.suspend(|| eprintln!("{}", terminal::line(text))),
        }
    }

    /// Removes the progress bar.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn json(&self, object: serde_json::Value) {
        // Standard error may be closed.
        let _ = writeln!(std::io::stderr(), "{object}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// The time that is left, for the progress bar: nothing before there is something to estimate it from.
fn left(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.fraction() > 0.01 {
        // Writing to a line of text does not fail.
        let _ = write!(to, ", {:#} left", HumanDuration(state.eta()));
    }
}

/// Writes a line to standard error, beside a progress bar if one is shown.
#[cfg(feature = "farm")]
pub fn beside(line: &str) {
    let shown = lock(&SHOWN).clone();
    // Standard error may be closed.
    let write = || drop(writeln!(std::io::stderr().lock(), "{}", terminal::line(line)));
    match shown {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}
