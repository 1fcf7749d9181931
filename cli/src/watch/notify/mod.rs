// SPDX-License-Identifier: MPL-2.0

//! Who is told of alarms: a webhook in Alertmanager's format, and an MQTT broker.
//!
//! One thread hears of everything and lets nobody wait ([`Notify`]). What is for the webhook goes into a bounded queue
//! before its sender; where that is full, the oldest message is given up, counted and said. MQTT has topics for how
//! things are, which are published anew after each connection, so that nothing waits for a broker that is away.

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

/// Events that may wait for the thread that hands them on.
const ROOM: usize = 1024;

/// How often the end, and a new connection, are looked for where nothing happens.
const PULSE: Duration = Duration::from_millis(200);

/// What became of the messages to one receiver.
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

/// Those who are told, at work.
#[derive(Debug)]
pub struct Notify {
    counts: Vec<(&'static str, Arc<Counts>)>,
    over: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Notify {
    /// Tells these of what happens on the wall from now on. `pages` is the address of this program's pages: messages
    /// name it.
    ///
    /// # Errors
    /// When encrypted connections, or threads, are not to be had.
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
        // The one that is linked in; another one of the process is as good.
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

    /// What became of the messages to each receiver.
    pub fn counts(&self) -> Vec<Notified> {
        self.counts.iter().map(|(to, counts)| counts.read(to)).collect()
    }

    /// Tells of what is still to be told, as far as that takes at most a second, and ends.
    pub fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
        // One that has panicked has said so.
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
