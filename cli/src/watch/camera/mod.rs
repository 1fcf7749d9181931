// SPDX-License-Identifier: MPL-2.0

//! Cameras: each has a thread and, while it is connected, a pipeline.
//!
//! [`supervisor`] is the thread: connect, watch, end, wait. [`connection`] is one pipeline, whose beginning [`source`]
//! makes; [`feed`] is what comes out of it, [`picture`] shows that to people. [`freshness`] and [`backoff`] decide,
//! without a clock of their own; [`deadline`] guards against calls that hang, [`reports`] tells the wall.
//!
//! Every connection is a new pipeline. An element that reconnects by itself (`fallbacksrc`) would keep one, but does
//! not say why a source failed, and shows pictures of its own meanwhile.

mod backoff;
mod connection;
mod deadline;
mod feed;
mod freshness;
mod picture;
mod reports;
mod source;
mod supervisor;

pub use connection::{DEADLINE, Scoring};
pub use deadline::Abandoned;

use super::config::Camera;
use super::wall::Wall;
use crate::media::lock;
use anyhow::{Context as _, Result};
use feed::Feed;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use supervisor::Supervisor;

/// What all cameras have in common.
pub struct Shared {
    /// Where it is told.
    pub wall: Arc<Wall>,
    /// How models run.
    pub scoring: Scoring,
    /// State changes that hang.
    pub abandoned: Arc<Abandoned>,
    /// The program ends.
    pub ending: AtomicBool,
}

impl Shared {
    /// Whether the program ends, and not just a camera.
    pub fn ends(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

/// A camera that is watched.
pub struct Watched {
    /// Its configuration.
    pub camera: Camera,
    signals: Arc<Signals>,
    thread: Option<JoinHandle<()>>,
}

/// What a camera's thread hears and says of itself.
struct Signals {
    stop: AtomicBool,
    /// When it was last seen at work.
    beat: Mutex<Instant>,
}

impl Signals {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn beat(&self) {
        *lock(&self.beat) = Instant::now();
    }
}

/// A thread that has not been seen at work for so long stands still; a state change that hangs is over before.
const STANDSTILL: Duration = Duration::from_secs(30);

impl Watched {
    /// Begins to watch a camera; one that is disabled has no thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(camera: Camera, shared: &Arc<Shared>) -> Result<Self> {
        let signals = Arc::new(Signals { stop: AtomicBool::new(false), beat: Mutex::new(Instant::now()) });
        let thread = camera.enabled.then(|| {
            let supervisor =
                Supervisor::new(camera.clone(), shared.clone(), Arc::new(Feed::default()), signals.clone());
            let name = format!("camera {}", camera.name);
            std::thread::Builder::new().name(name).spawn(move || supervisor.run()).context("a thread cannot be made")
        });
        let thread = thread.transpose()?;
        Ok(Self { camera, signals, thread })
    }

    /// Whether its thread works; a disabled camera has none that could stand still.
    pub fn works(&self) -> bool {
        let works = |thread: &JoinHandle<()>| !thread.is_finished() && lock(&self.signals.beat).elapsed() < STANDSTILL;
        self.thread.as_ref().is_none_or(works)
    }

    /// Tells it to end.
    pub fn stop(&self) {
        self.signals.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for its end until then, or until `hurry` is set. False: it has not come.
    pub fn ended_by(&mut self, deadline: Instant, hurry: &AtomicBool) -> bool {
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            if Instant::now() >= deadline || hurry.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // A thread that panicked has said so.
        self.thread.take().is_none_or(|thread| thread.join().is_ok())
    }
}
