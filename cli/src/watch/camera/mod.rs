// SPDX-License-Identifier: MPL-2.0

//! Cameras: each has a thread and, while connected, a pipeline.
//!
//! [`supervisor`] is the thread: connect, monitor, disconnect, wait. [`connection`] is a pipeline, whose source is
//! created by [`source`]; [`feed`] receives its frames, [`picture`] encodes them for display. [`freshness`] and
//! [`backoff`] make decisions without reading a clock; [`deadline`] guards against hanging calls, [`reports`] updates
//! the wall.
//!
//! Every connection is a new pipeline. An element that reconnects by itself (`fallbacksrc`) would keep the pipeline,
//! but does not report why a source failed, and outputs replacement pictures meanwhile.

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

/// Context shared by all cameras.
pub struct Shared {
    /// State of all cameras.
    pub wall: Arc<Wall>,
    /// Model settings.
    pub scoring: Scoring,
    /// Counter of hanging state changes.
    pub abandoned: Arc<Abandoned>,
    /// Whether the program is terminating.
    pub ending: AtomicBool,
}

impl Shared {
    /// Whether the program, and not only a camera, is terminating.
    pub fn ends(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

/// A monitored camera.
pub struct Watched {
    /// Its configuration.
    pub camera: Camera,
    signals: Arc<Signals>,
    thread: Option<JoinHandle<()>>,
}

/// Communication with a camera's thread.
struct Signals {
    stop: AtomicBool,
    /// Last sign of life.
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

/// A thread without a sign of life for this long is considered hanging; a hanging state change is abandoned earlier.
const STANDSTILL: Duration = Duration::from_secs(30);

impl Watched {
    /// Starts to monitor a camera; a disabled one has no thread.
    ///
    /// # Errors
    /// If no thread can be created.
    pub fn start(camera: Camera, shared: &Arc<Shared>) -> Result<Self> {
        let signals = Arc::new(Signals { stop: AtomicBool::new(false), beat: Mutex::new(Instant::now()) });
        let thread = camera.enabled.then(|| {
            let supervisor =
                Supervisor::new(camera.clone(), shared.clone(), Arc::new(Feed::default()), signals.clone());
            let name = format!("camera {}", camera.name);
            std::thread::Builder::new().name(name).spawn(move || supervisor.run()).context("cannot create a thread")
        });
        let thread = thread.transpose()?;
        Ok(Self { camera, signals, thread })
    }

    /// Whether the thread is alive; true for a disabled camera, which has none.
    pub fn works(&self) -> bool {
        let works = |thread: &JoinHandle<()>| !thread.is_finished() && lock(&self.signals.beat).elapsed() < STANDSTILL;
        self.thread.as_ref().is_none_or(works)
    }

    /// Requests the thread to stop.
    pub fn stop(&self) {
        self.signals.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for the thread until `deadline` or until `hurry` is set; returns false on timeout.
    pub fn ended_by(&mut self, deadline: Instant, hurry: &AtomicBool) -> bool {
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            if Instant::now() >= deadline || hurry.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // A panic has already been logged.
        self.thread.take().is_none_or(|thread| thread.join().is_ok())
    }
}
