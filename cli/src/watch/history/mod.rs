// SPDX-License-Identifier: MPL-2.0

//! What was, in SQLite: each camera's last hour by the second, its last seven days by the minute, alarms, the worst
//! moments of the day, and pictures of both in bounded space.
//!
//! One thread gathers what happens, in bounded memory ([`mod@gather`]), and lets nobody wait; another one writes it once a
//! second, in one transaction ([`mod@write`]). Where that fails, as on a full disk, it is tried again each second and said
//! once; what does not fit into memory meanwhile is lost and counted. A process that is killed loses at most its last
//! second.

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

/// Bytes that all pictures together may have on disk.
const PICTURES: u64 = 256 << 20;

/// Events that may wait for the thread that gathers them.
const ROOM: usize = 1024;

/// How the history fares.
#[derive(Debug, Default)]
pub struct Health {
    /// Whether the newest write failed.
    pub down: AtomicBool,
    /// Writes that failed.
    pub errors: AtomicU64,
    /// Seconds of cameras, and changes of alarms, that are lost for good.
    pub lost: AtomicU64,
}

/// The history, being written.
#[derive(Debug)]
pub struct History {
    reader: Arc<Reader>,
    health: Arc<Health>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Others keep off the folder while it is open.
    _claim: File,
}

impl History {
    /// Opens or makes the history of a data folder, and writes what happens on the wall from now on.
    ///
    /// # Errors
    /// When the folder or the database can be neither opened nor made.
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
            .with_context(|| format!("{}: the history cannot be written", data.display()))?;
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

    /// For those who want to know what was.
    pub fn reader(&self) -> &Arc<Reader> {
        &self.reader
    }

    /// How it fares.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Writes what is still to be written, and ends; within about two seconds.
    pub fn stop(mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Takes events at once, and looks at all cameras when a second begins.
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

/// Writes once a second.
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
            None if self.health.down.swap(false, Ordering::Relaxed) => system::say("the history is written again"),
            None => {}
        }
    }

    /// Counts a failure, and says it where it is the first of its row.
    fn failed(&self, error: &anyhow::Error) {
        self.health.errors.fetch_add(1, Ordering::Relaxed);
        if !self.health.down.swap(true, Ordering::Relaxed) {
            system::warn(format_args!("the history cannot be written, which is tried again each second: {error:#}"));
        }
    }
}
