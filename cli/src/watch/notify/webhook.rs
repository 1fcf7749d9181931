// SPDX-License-Identifier: MPL-2.0

//! Alarms for a webhook in Alertmanager's format (version 4): one message when an alarm begins and one when it ends.

use super::Counts;
use crate::secret::Secret;
use crate::watch::alarm::Alarm;
use crate::watch::config::{Address, Source, Webhook};
use crate::watch::event::Event;
use crate::watch::system;
use anyhow::{Context as _, bail};
use base64::Engine as _;
use crossbeam_channel::{Receiver, RecvTimeoutError, TrySendError, bounded};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// Maximum number of messages queued for an unavailable receiver.
const WAITING: usize = 256;

/// Timeout of an attempt.
const TRY: Duration = Duration::from_secs(10);

/// Delay after a failed attempt, doubled from the minimum to the maximum.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How long the last messages may take when the program stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Queues messages for the sending thread.
#[derive(Debug)]
pub struct Sender {
    queue: crossbeam_channel::Sender<Value>,
    /// Used to drop the oldest message.
    oldest: Receiver<Value>,
    over: crossbeam_channel::Sender<()>,
    ended: Receiver<()>,
    counts: Arc<Counts>,
    pages: String,
}

impl Sender {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the address is invalid, or no thread can be created.
    pub fn start(webhook: &Webhook, pages: &str) -> anyhow::Result<Self> {
        let (queue, waiting) = bounded(WAITING);
        let (over, is_over) = bounded(0);
        let (ending, ended) = bounded(0);
        let counts = Arc::new(Counts::default());
        let mut post = Post::new(webhook, counts.clone(), is_over)?;
        let oldest = waiting.clone();
        thread::Builder::new().name("webhook".to_owned()).spawn(move || {
            waiting.iter().for_each(|message| post.deliver(&message));
            drop(ending);
        })?;
        Ok(Self { queue, oldest, over, ended, counts, pages: pages.to_owned() })
    }

    /// Counters.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Sends a message about an event, if any. Never blocks.
    pub fn take(&self, event: &Event) {
        let (Event::AlarmBegan(alarm) | Event::AlarmEnded(alarm)) = event else { return };
        let mut message = message(alarm, &self.pages);
        while let Err(TrySendError::Full(again)) = self.queue.try_send(message) {
            if self.oldest.try_recv().is_ok() {
                self.gave_up();
            }
            message = again;
        }
    }

    /// Counts a dropped message; logged for the 1st, 2nd, 4th, 8th … to limit the log during long outages.
    fn gave_up(&self) {
        Counts::add(&self.counts.lost);
        let lost = self.counts.lost.load(Ordering::Relaxed);
        if lost.is_power_of_two() {
            system::warn(format_args!(
                "{WAITING} messages wait for the webhook: the oldest are dropped, {lost} so far"
            ));
        }
    }

    /// Sends queued messages without delays for at most a second and stops.
    pub fn stop(self) {
        let Self { queue, over, ended, oldest, .. } = self;
        drop((queue, over, oldest));
        if ended.recv_timeout(FAREWELL) == Err(RecvTimeoutError::Timeout) {
            system::warn(format_args!("the webhook does not respond: the last messages were not sent"));
        }
    }
}

/// Sends messages one at a time and in order.
struct Post {
    agent: Agent,
    url: Secret,
    shown: String,
    authorization: Option<Secret>,
    counts: Arc<Counts>,
    over: Receiver<()>,
    down: bool,
}

/// Failure of an attempt.
enum Failure {
    /// Another attempt may succeed.
    Passing(String),
    /// The receiver rejects this message.
    Refused(u16),
}

impl Post {
    fn new(webhook: &Webhook, counts: Arc<Counts>, over: Receiver<()>) -> anyhow::Result<Self> {
        let address =
            Address::parse(webhook.url.reveal()).map_err(anyhow::Error::msg).context("the webhook's URL is invalid")?;
        let Source::Uri(url) = address.source else { bail!("the webhook's URL is invalid") };
        let login = address.user.map(|user| {
            let password = address.password.as_ref().map_or("", Secret::reveal);
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
        });
        let authorization = webhook.token.as_ref().map(|token| format!("Bearer {}", token.reveal())).or(login);
        let agent = Agent::config_builder()
            .timeout_global(Some(TRY))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("iqa-watch/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build()
            .into();
        let authorization = authorization.map(|text| Secret::new(&text));
        Ok(Self { agent, url, shown: webhook.shown.clone(), authorization, counts, over, down: false })
    }

    /// Sends a message, retrying until it is accepted or rejected or the program stops.
    fn deliver(&mut self, message: &Value) {
        let (mut pause, longest) = PAUSES;
        loop {
            match self.send(message) {
                Ok(()) => {
                    Counts::add(&self.counts.sent);
                    if std::mem::take(&mut self.down) {
                        system::say(&format!("webhook {}: messages are delivered again", self.shown));
                    }
                    return;
                }
                Err(Failure::Refused(status)) => {
                    Counts::add(&self.counts.lost);
                    system::warn(format_args!("webhook {}: responds with {status}; a message was dropped", self.shown));
                    return;
                }
                Err(Failure::Passing(why)) => {
                    Counts::add(&self.counts.failed);
                    if !std::mem::replace(&mut self.down, true) {
                        system::warn(format_args!("webhook {}: {why}; trying again", self.shown));
                    }
                }
            }
            if self.over.recv_deadline(Instant::now() + pause) == Err(RecvTimeoutError::Disconnected) {
                Counts::add(&self.counts.lost);
                return;
            }
            pause = (pause * 2).min(longest);
        }
    }

    fn send(&self, message: &Value) -> Result<(), Failure> {
        let mut request = self.agent.post(self.url.reveal()).content_type("application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization.reveal());
        }
        let answer = request.send(message.to_string()).map_err(|error| Failure::Passing(error.to_string()))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status @ (408 | 425 | 429 | 500..=599) => Err(Failure::Passing(format!("responds with {status}"))),
            status => Err(Failure::Refused(status)),
        }
    }
}

/// Formats an alarm for Alertmanager's webhook receivers.
fn message(alarm: &Alarm, pages: &str) -> Value {
    let status = if alarm.ended.is_some() { "resolved" } else { "firing" };
    let name = format!("iqa-{}", alarm.kind);
    let labels = json!({ "alertname": name, "kind": alarm.kind.name(), "source": alarm.camera });
    let annotations = json!({
        "summary": format!("{}: {}", alarm.camera, alarm.kind),
        "description": alarm.text,
    });
    let page = format!("{pages}/camera/{}", alarm.camera);
    let ends = alarm.ended.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |ended| ended.wall.to_string());
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{{alertname=\"{name}\", source=\"{}\"}}", alarm.camera),
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "iqa-watch",
        "groupLabels": { "alertname": name, "source": alarm.camera },
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": pages,
        "alerts": [{
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": alarm.began.wall.to_string(),
            "endsAt": ends,
            "generatorURL": page,
            // The same for the beginning and the end of an alarm.
            "fingerprint": format!("{:016x}", alarm.id.0),
        }],
    })
}
