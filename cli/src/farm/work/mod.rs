// SPDX-License-Identifier: MPL-2.0

//! `iqa farm work`: runs units.
//!
//! Each slot takes one unit at a time. While it runs, the queue is told about progress whenever frames have passed, so
//! that a unit that hangs goes to another worker. The result is stored first, then the unit is acknowledged.

mod bench;
mod slot;

use super::queue::{Connection, Queue};
use super::unit::run::Signals;
use super::{say, signaled};
use crate::args::Common;
use crate::exit::{Exit, interruption};
use anyhow::Result;
use bench::Benches;
use slot::Slot;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long units may take to end after a signal.
const ENDING: Duration = Duration::from_secs(10);

/// Pause after an error of the server, and between looks at an empty queue.
const PAUSE: Duration = Duration::from_secs(1);

/// Options of `iqa farm work`.
pub struct Options<'a> {
    /// Class of the plans whose units are run.
    pub class: &'a str,
    /// Number of units at the same time.
    pub slots: u32,
    /// Whether to end once nothing waits or runs.
    pub until_idle: bool,
    /// Memory for frames, in bytes.
    pub memory: Option<u64>,
}

/// What all slots share.
struct Worker {
    queue: Queue,
    benches: Benches,
    /// Name in claims and results.
    name: String,
    until_idle: bool,
    /// Set by a signal.
    ending: Arc<AtomicBool>,
}

/// Runs `iqa farm work`.
///
/// # Errors
/// If the server cannot be used.
pub fn run(common: &Common, connection: &Connection, runtime: &Runtime, options: &Options<'_>) -> Result<Exit> {
    let ending = interruption()?;
    crate::plugin::init(common.verbose)?;
    crate::media::decode::prefer_exact_decoders();
    let memory = crate::compare::memory::budget(options.memory) / u64::from(options.slots);
    let name = name();
    runtime.block_on(async {
        let queue = connection.open(&format!("iqa farm work {name}")).await?;
        queue.prepare().await?;
        say(&format!("worker {name}: class {}, slots {}", options.class, options.slots));
        let benches = Benches::new(common.clone(), options.class.to_owned(), memory);
        let worker = Worker { queue, benches, name, until_idle: options.until_idle, ending: ending.clone() };
        let worker = Arc::new(worker);
        let slots = (0..options.slots).map(|number| tokio::spawn(Slot::new(worker.clone(), number).run()));
        let slots: Vec<_> = slots.collect();
        let all = async {
            for slot in slots {
                if let Err(error) = slot.await {
                    say(&format!("a slot has ended: {error}"));
                }
            }
        };
        let late = async {
            signaled(&ending).await;
            tokio::time::sleep(ENDING).await;
        };
        tokio::select! {
            () = all => {}
            () = late => say("units do not end: leaving them to others"),
        }
        worker.queue.clone().close().await;
        Ok(Exit::Good)
    })
}

impl Worker {
    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Signals for a unit.
    fn signals(&self) -> Signals {
        Signals { interrupted: self.ending.clone(), ..Signals::default() }
    }

    /// Waits, but not for long after a signal.
    async fn pause(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = signaled(&self.ending) => {}
        }
    }
}

/// Name of this process, unique among workers: the host and a random number, as clocks and process numbers of
/// containers may be equal.
fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let host: String = host.trim().chars().map(|c| if is_plain(c) { c } else { '_' }).take(40).collect();
    format!("{host}-{:08x}", rand::random::<u32>())
}
