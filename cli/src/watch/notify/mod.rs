// SPDX-License-Identifier: MPL-2.0

//! Notifications: a webhook in Alertmanager's format, and an MQTT broker.
//!
//! One thread receives all events without blocking the wall ([`Notify`]). Messages to the webhook go into a bounded
//! queue; if it is full, the oldest message is dropped, counted and logged. MQTT topics contain the current state,
//! which is published again after each connection, so that nothing is queued for an unavailable broker.

mod mqtt;
#[cfg(test)]
mod tests;
mod webhook;

use super::config::{Mqtt, Webhook};
use super::event::Event;
use super::metrics::Notified;
use super::wall::Wall;
use crate::media::lock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Maximum number of events queued for the distributing thread.
const ROOM: usize = 1024;

/// Polling interval for termination and reconnection when there are no events.
const PULSE: Duration = Duration::from_millis(200);

/// Counters of a receiver.
#[derive(Debug, Default)]
pub(super) struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
}

impl Counts {
    fn read(&self, to: &'static str) -> Notified {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Notified { to, sent: read(&self.sent), failed: read(&self.failed), lost: read(&self.lost) }
    }

    fn add(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Running notifications.
#[derive(Debug)]
pub struct Notify {
    counts: Vec<(&'static str, Arc<Counts>)>,
    over: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Notify {
    /// Starts to send notifications about events of the wall. `pages`: URL of this program's pages, included in
    /// messages.
    ///
    /// # Errors
    /// If TLS cannot be initialized or threads cannot be created.
    pub fn start(
        webhook: Option<&Webhook>,
        mqtt: Option<&Mqtt>,
        wall: &Arc<Wall>,
        pages: &str,
    ) -> anyhow::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        if webhook.is_none() && mqtt.is_none() {
            return Ok(Self { counts: Vec::new(), over, thread: Mutex::default() });
        }
        // The built-in provider; one that is already installed is equally suitable.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let webhook = webhook.map(|webhook| webhook::Sender::start(webhook, pages)).transpose()?;
        let mqtt = mqtt.map(|mqtt| mqtt::Publisher::start(mqtt, wall)).transpose()?;
        let of_webhook = webhook.iter().map(|webhook| ("webhook", webhook.counts().clone()));
        let counts = of_webhook.chain(mqtt.iter().map(|mqtt| ("mqtt", mqtt.counts().clone()))).collect();
        let events = wall.follow(ROOM);
        let ended = over.clone();
        let thread =
            thread::Builder::new().name("notify".to_owned()).spawn(move || hand_on(&events, webhook, mqtt, &ended))?;
        Ok(Self { counts, over, thread: Mutex::new(Some(thread)) })
    }

    /// Counters of each receiver.
    pub fn counts(&self) -> Vec<Notified> {
        self.counts.iter().map(|(to, counts)| counts.read(to)).collect()
    }

    /// Sends pending notifications for at most a second and stops.
    pub fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
        // A panic has already been logged.
        let _ = lock(&self.thread).take().map(JoinHandle::join);
    }
}

fn hand_on(
    events: &Receiver<Event>,
    webhook: Option<webhook::Sender>,
    mut mqtt: Option<mqtt::Publisher>,
    over: &AtomicBool,
) {
    let take = |event: &Event, mqtt: &mut Option<mqtt::Publisher>| {
        if let Some(webhook) = &webhook {
            webhook.take(event);
        }
        if let Some(mqtt) = mqtt {
            mqtt.take(event);
        }
    };
    while !over.load(Ordering::Relaxed) {
        match events.recv_timeout(PULSE) {
            Ok(event) => take(&event, &mut mqtt),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if let Some(mqtt) = &mut mqtt {
            mqtt.catch_up();
        }
    }
    events.try_iter().for_each(|event| take(&event, &mut mqtt));
    if let Some(webhook) = webhook {
        webhook.stop();
    }
    if let Some(mqtt) = mqtt {
        mqtt.stop();
    }
}
