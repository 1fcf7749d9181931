// SPDX-License-Identifier: MPL-2.0

//! `iqa farm work`: runs units.
//!
//! Each slot takes one unit at a time. While it runs, the queue is told about progress whenever frames have passed, so
//! that a unit that hangs goes to another worker. The result is stored first, then the unit is acknowledged.

mod bench;
mod slot;
mod trouble;
mod unread;

use super::queue::{Connection, Present, Queue, denied, is_away, is_missing};
use super::repeats::Repeats;
use super::unit::run::Signals;
use super::{say, signaled};
use crate::args::Common;
use crate::causes;
use crate::exit::{Exit, also_hangup, interruption};
use crate::media::lock;
use anyhow::{Result, bail};
use bench::Benches;
use slot::Slot;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use trouble::{Next, Room};

/// How long units may take to end after a signal.
const ENDING: Duration = Duration::from_secs(10);

/// Interval at which a worker announces itself.
const ANNOUNCED: Duration = Duration::from_secs(10);

/// Pause between looks at an empty queue.
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
    slots: u32,
    until_idle: bool,
    /// Set by a signal.
    ending: Arc<AtomicBool>,
    /// Whether the server has room.
    room: Room,
    /// What was said of errors that come again and again.
    repeats: Repeats,
    /// Why the worker ends by itself.
    failure: Mutex<Option<String>>,
}

/// Runs `iqa farm work`.
///
/// # Errors
/// If the server cannot be used.
pub fn run(common: &Common, connection: &Connection, runtime: &Runtime, options: &Options<'_>) -> Result<Exit> {
    let ending = interruption()?;
    also_hangup(&ending)?;
    crate::plugin::init(common.verbose)?;
    crate::media::decode::prefer_exact_decoders();
    let memory = crate::compare::memory::budget(options.memory) / u64::from(options.slots);
    let name = name();
    runtime.block_on(async {
        let queue = connection.open(&format!("iqa farm work {name}")).await?;
        queue.prepare().await?;
        if !common.quiet {
            say(&format!("worker {name}: class {}, slots {}", options.class, options.slots));
        }
        let benches = Benches::new(common.clone(), options.class.to_owned(), memory);
        let worker = Worker {
            queue,
            benches,
            name,
            slots: options.slots,
            until_idle: options.until_idle,
            ending: ending.clone(),
            room: Room::default(),
            repeats: Repeats::default(),
            failure: Mutex::default(),
        };
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
            never = worker.announce() => match never {},
        }
        // It would count for half a minute more.
        let _ = tokio::time::timeout(PAUSE, worker.queue.announce(&worker.name, Vec::new())).await;
        worker.queue.clone().close().await;
        let failure = lock(&worker.failure).take();
        if let Some(failure) = failure {
            bail!(failure);
        }
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

    /// Tells `iqa farm status` of this worker, again and again.
    async fn announce(&self) -> std::convert::Infallible {
        loop {
            self.announce_now().await;
            tokio::time::sleep(ANNOUNCED).await;
        }
    }

    /// Tells `iqa farm status` and other workers of this one.
    async fn announce_now(&self) {
        let (name, class, slots) = (self.name.clone(), self.benches.class().to_owned(), self.slots);
        let (left, unread) = (self.benches.left(), self.benches.unreads.announced());
        let present = serde_json::to_vec(&Present { name, class, slots, left, unread }).unwrap_or_default();
        // The server forgets streams in memory when it is started again. All other errors are those of the slots.
        if let Err(error) = self.queue.announce(&self.name, present).await
            && is_missing(&error)
            && let Err(error) = self.queue.prepare().await
        {
            let text = causes::of(&error);
            self.say_again(&text, &text);
        }
        // Also what needs no answer.
        if denied().is_some() {
            self.end("the worker ends".to_owned());
        }
    }

    /// Says what has failed, and how long to wait before the next attempt; ends the worker if that is no use.
    /// `attempts`: how many have failed in a row.
    fn trouble(&self, error: &anyhow::Error, attempts: u32) -> Duration {
        if denied().is_some() {
            self.end(causes::of(error));
            return Duration::ZERO;
        }
        match self.room.after(error, attempts) {
            Next::Again(pause) => {
                // A server that is away was said to be so.
                if !is_away() {
                    let error = causes::of(error);
                    self.say_again(&error, &format!("{error}; trying again in {} s", pause.as_secs()));
                }
                pause
            }
            Next::End => {
                self.end(format!("the server has had no room for too long: {}", causes::of(error)));
                Duration::ZERO
            }
        }
    }

    /// Ends the worker because of what cannot be helped by waiting.
    fn end(&self, failure: String) {
        lock(&self.failure).get_or_insert(failure);
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Says what may come again and again: once, then at most every minute.
    fn say_again(&self, kind: &str, text: &str) {
        if let Some(line) = self.repeats.line(kind, text) {
            say(&line);
        }
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
