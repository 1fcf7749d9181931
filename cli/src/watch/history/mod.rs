// SPDX-License-Identifier: MPL-2.0

//! History in SQLite: each camera's last hour per second, its last seven days per minute, alarms, the worst moments of
//! the day, and pictures of both with limited disk usage.
//!
//! One thread gathers events in bounded memory ([`mod@gather`]) without blocking the wall; another one writes them once
//! per second in a single transaction ([`mod@write`]). If writing fails, for example because the disk is full, it is
//! retried every second and logged once; data that exceeds the memory limit meanwhile is lost and counted. A killed
//! process loses at most its last second.

mod gather;
mod pictures;
mod read;
mod schema;
mod slice;
#[cfg(test)]
mod tests;
mod worst;
mod write;

pub use read::{PastAlarm, PastMoment, Reader};
pub use slice::Slice;

use super::event::Event;
use super::system;
use super::wall::Wall;
use crate::media::lock;
use anyhow::Context as _;
use gather::{Pending, Sampler};
use jiff::Timestamp;
use pictures::Pictures;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use write::Writer;

/// Maximum disk usage of all pictures in bytes.
const PICTURES: u64 = 256 << 20;

/// Maximum number of events queued for the gathering thread.
const ROOM: usize = 1024;

/// Health of the history.
#[derive(Debug, Default)]
pub struct Health {
    /// Whether the last write failed.
    pub down: AtomicBool,
    /// Number of failed writes.
    pub errors: AtomicU64,
    /// Number of camera seconds and alarm changes lost.
    pub lost: AtomicU64,
}

/// The history being written.
#[derive(Debug)]
pub struct History {
    reader: Arc<Reader>,
    health: Arc<Health>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Locks the folder while the history is open.
    _claim: File,
}

impl History {
    /// Opens or creates the history of a data folder and starts recording the events of the wall.
    ///
    /// # Errors
    /// If the folder or the database can be neither opened nor created.
    pub fn open(data: &Path, wall: &Arc<Wall>) -> anyhow::Result<Self> {
        Self::with_room(data, wall, PICTURES)
    }

    fn with_room(data: &Path, wall: &Arc<Wall>, room: u64) -> anyhow::Result<Self> {
        schema::folder(data)?;
        let claim = schema::claim(data)?;
        let pictures = Pictures::new(data, room)?;
        let (database, aside) = schema::open(data)?;
        if let Some(aside) = aside {
            system::warn(format_args!(
                "the history was damaged; it is kept as {}, and a new one begins",
                aside.display()
            ));
        }
        let file = data.join(schema::FILE);
        let writer = Writer::new(database, file, pictures.clone(), Timestamp::now().as_second())
            .with_context(|| format!("{}: cannot write the history", data.display()))?;
        let pending = Arc::new(Mutex::new(Pending::default()));
        let health = Arc::new(Health::default());
        let over = Arc::new(AtomicBool::new(false));
        let (tick, ticks) = sync_channel(1);
        let gathering = {
            let (events, wall) = (wall.follow(ROOM), wall.clone());
            let (pending, over) = (pending.clone(), over.clone());
            thread::Builder::new()
                .name("history".to_owned())
                .spawn(move || gather(&events, &wall, &pending, &over, &tick))?
        };
        let writing = {
            let (wall, health) = (wall.clone(), health.clone());
            let mut keeper = Keeper { writer, pending, health, wall };
            thread::Builder::new().name("history-write".to_owned()).spawn(move || {
                while ticks.recv().is_ok() {
                    keeper.write();
                }
                keeper.write();
            })?
        };
        let reader = Arc::new(Reader::new(data, pictures));
        Ok(Self { reader, health, over, threads: vec![gathering, writing], _claim: claim })
    }

    /// Reader for queries.
    pub fn reader(&self) -> &Arc<Reader> {
        &self.reader
    }

    /// Health of the history.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Writes pending data and stops, within about two seconds.
    pub fn stop(mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A panic has already been logged.
            let _ = thread.join();
        }
    }
}

/// Takes events immediately, and samples all cameras at the start of every second.
fn gather(events: &Receiver<Event>, wall: &Wall, pending: &Mutex<Pending>, over: &AtomicBool, tick: &SyncSender<()>) {
    let mut sampler = Sampler::default();
    let mut second = Timestamp::now().as_second();
    while !over.load(Ordering::Relaxed) {
        let now = Timestamp::now();
        if now.as_second() != second {
            second = now.as_second();
            let cameras = wall.all();
            let mut pending = lock(pending);
            sampler.sample(&cameras, second, &mut pending);
            pending.bound(cameras.len());
            drop(pending);
            if let Err(TrySendError::Disconnected(())) = tick.try_send(()) {
                return;
            }
        }
        let left = 1_000_000_000 - now.subsec_nanosecond().unsigned_abs().min(999_999_999);
        match events.recv_timeout(Duration::from_nanos(left.into())) {
            Ok(event) => lock(pending).take(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
    events.try_iter().for_each(|event| lock(pending).take(event));
}

/// Writes once per second.
struct Keeper {
    writer: Writer,
    pending: Arc<Mutex<Pending>>,
    health: Arc<Health>,
    wall: Arc<Wall>,
}

impl Keeper {
    fn write(&mut self) {
        let mut pending = std::mem::take(&mut *lock(&self.pending));
        self.health.lost.fetch_add(std::mem::take(&mut pending.lost), Ordering::Relaxed);
        if let Err(error) = self.writer.write(&pending) {
            self.failed(&error);
            let cameras = self.wall.all().len();
            let mut newer = lock(&self.pending);
            newer.put_back(pending);
            newer.bound(cameras);
            return;
        }
        let picture = |camera: &str| self.wall.snapshot(camera).ok();
        let rest = [
            self.writer.keep_pictures(&pending.alarms),
            self.writer.keep_worst(&pending.lowest, picture),
            self.writer.tidy(Timestamp::now().as_second()).map_err(Into::into),
        ];
        match rest.into_iter().find_map(Result::err) {
            Some(error) => self.failed(&error),
            None if self.health.down.swap(false, Ordering::Relaxed) => {
                system::say("the history is being written again")
            }
            None => {}
        }
    }

    /// Counts a failure; the first of a series is logged.
    fn failed(&self, error: &anyhow::Error) {
        self.health.errors.fetch_add(1, Ordering::Relaxed);
        if !self.health.down.swap(true, Ordering::Relaxed) {
            system::warn(format_args!("cannot write the history, trying again every second: {error:#}"));
        }
    }
}
