// SPDX-License-Identifier: MPL-2.0

//! State for an MQTT broker. All topics except scores are retained:
//!
//! * `TOPIC/status`: `online`; `offline` when the program has ended, or is gone (its last will).
//! * `TOPIC/CAMERA/state`: a state's name.
//! * `TOPIC/CAMERA/score`: `{"score": 81.2, "at": "…"}`, as it is measured; not retained.
//! * `TOPIC/CAMERA/alarm/KIND`: the alarm as JSON while it is active and after it has ended; empty if there was none.

use super::Counts;
use crate::secret::Secret;
use crate::watch::alarm::AlarmKind;
use crate::watch::config::{Mqtt, Source};
use crate::watch::event::Event;
use crate::watch::status::Status;
use crate::watch::system;
use crate::watch::wall::Wall;
use anyhow::{Context as _, bail};
use rumqttc::{Client, Connection, Incoming, LastWill, MqttOptions, QoS, TlsConfiguration, Transport};
use rustls_platform_verifier::ConfigVerifierExt as _;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Maximum number of messages queued for the connection. Others are published after the next connection.
const WAITING: usize = 8192;

/// Delay after a failed connection, doubled from the minimum to the maximum.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How long the last messages may take when the program stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Publishes the state.
pub struct Publisher {
    client: Client,
    topic: String,
    wall: Arc<Wall>,
    link: Arc<Link>,
    thread: Option<JoinHandle<()>>,
    /// Retained topics of cameras.
    retained: BTreeSet<String>,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher").field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// State shared between the connection's thread and the publisher.
#[derive(Debug, Default)]
struct Link {
    counts: Arc<Counts>,
    /// After a new connection, or when there is room again: everything must be published again.
    behind: AtomicBool,
    up: AtomicBool,
    over: AtomicBool,
}

impl Publisher {
    /// Starts to connect.
    ///
    /// # Errors
    /// If the address is invalid, or the system's certificates or a thread are not available.
    pub fn start(mqtt: &Mqtt, wall: &Arc<Wall>) -> anyhow::Result<Self> {
        let (client, connection) = Client::new(options(mqtt)?, WAITING);
        let link = Arc::new(Link::default());
        let (shown, of_thread) = (mqtt.address.shown.clone(), link.clone());
        let thread = thread::Builder::new()
            .name("mqtt".to_owned())
            .spawn(move || keep_connected(connection, &shown, &of_thread))?;
        let topic = mqtt.topic.trim_matches('/').to_owned();
        Ok(Self { client, topic, wall: wall.clone(), link, thread: Some(thread), retained: BTreeSet::new() })
    }

    /// Counters.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.link.counts
    }

    /// Publishes changes. Never blocks.
    pub fn take(&mut self, event: &Event) {
        if !self.link.up.load(Ordering::Relaxed) {
            return;
        }
        match event {
            Event::State { camera, state, .. } => self.retain(format!("{camera}/state"), state.name()),
            Event::Score { camera, measured } => {
                let Some(score) = measured.score else { return };
                let text = json!({ "score": score, "at": measured.at.wall.to_string() }).to_string();
                self.publish(&format!("{camera}/score"), QoS::AtMostOnce, false, text);
            }
            Event::AlarmBegan(alarm) | Event::AlarmAcknowledged(alarm) | Event::AlarmEnded(alarm) => {
                let text = json!(**alarm).to_string();
                self.retain(format!("{}/alarm/{}", alarm.camera, alarm.kind), &text);
            }
            Event::Reloaded => self.publish_all(),
        }
    }

    /// Publishes everything after a new connection, or after the queue was full.
    pub fn catch_up(&mut self) {
        if self.link.up.load(Ordering::Relaxed) && self.link.behind.swap(false, Ordering::Relaxed) {
            self.publish("status", QoS::AtLeastOnce, true, "online".to_owned());
            self.publish_all();
        }
    }

    fn publish_all(&mut self) {
        let cameras = self.wall.all();
        let before = std::mem::take(&mut self.retained);
        cameras.iter().for_each(|camera| self.publish_camera(camera));
        // An empty message removes a retained one.
        let gone: Vec<_> = before.difference(&self.retained).cloned().collect();
        gone.iter().for_each(|topic| self.publish(topic, QoS::AtLeastOnce, true, String::new()));
    }

    fn publish_camera(&mut self, camera: &Status) {
        let name = &camera.about.name;
        self.retain(format!("{name}/state"), camera.state.name());
        for kind in AlarmKind::ALL.into_iter().filter(|kind| camera.about.alarms.contains_key(kind)) {
            let active = camera.alarms.iter().find(|alarm| alarm.kind == kind);
            let text = active.map_or_else(String::new, |alarm| json!(**alarm).to_string());
            self.retain(format!("{name}/alarm/{kind}"), &text);
        }
    }

    fn retain(&mut self, topic: String, text: &str) {
        self.publish(&topic, QoS::AtLeastOnce, true, text.to_owned());
        self.retained.insert(topic);
    }

    fn publish(&self, topic: &str, qos: QoS, retain: bool, text: String) {
        if self.client.try_publish(format!("{}/{topic}", self.topic), qos, retain, text).is_err() {
            Counts::add(&self.link.counts.failed);
            self.link.behind.store(true, Ordering::Relaxed);
        }
    }

    /// Publishes the termination within a second and stops.
    pub fn stop(mut self) {
        self.link.over.store(true, Ordering::Relaxed);
        if self.link.up.load(Ordering::Relaxed) {
            self.publish("status", QoS::AtLeastOnce, true, "offline".to_owned());
            let _ = self.client.try_disconnect();
        }
        let until = Instant::now() + FAREWELL;
        if let Some(thread) = self.thread.take() {
            while !thread.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn options(mqtt: &Mqtt) -> anyhow::Result<MqttOptions> {
    let address = &mqtt.address;
    let Source::Uri(uri) = &address.source else { bail!("the broker's URL is invalid") };
    let url = url::Url::parse(uri.reveal()).context("the broker's URL is invalid")?;
    let host = url.host_str().filter(|host| !host.is_empty()).context("the broker's URL contains no host")?;
    let secure = address.scheme == "mqtts";
    let port = url.port().unwrap_or(if secure { 8883 } else { 1883 });
    // Two clients with the same ID would disconnect each other.
    let mut options = MqttOptions::new(format!("iqa-watch-{:08x}", rand::random::<u32>()), host, port);
    options.set_keep_alive(Duration::from_secs(15));
    let status = format!("{}/status", mqtt.topic.trim_matches('/'));
    options.set_last_will(LastWill::new(status, "offline", QoS::AtLeastOnce, true));
    if let Some(user) = &address.user {
        options.set_credentials(user, address.password.as_ref().map_or("", Secret::reveal));
    }
    if secure {
        let config = rustls::ClientConfig::with_platform_verifier().context("cannot load the system's certificates")?;
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))));
    }
    Ok(options)
}

/// Connects and reconnects.
fn keep_connected(mut connection: Connection, shown: &str, link: &Link) {
    let (mut pause, longest) = PAUSES;
    for happened in connection.iter() {
        let over = link.over.load(Ordering::Relaxed);
        match happened {
            Ok(rumqttc::Event::Incoming(Incoming::ConnAck(_))) => {
                pause = PAUSES.0;
                link.behind.store(true, Ordering::Relaxed);
                link.up.store(true, Ordering::Relaxed);
                system::say(&format!("broker {shown}: connected"));
            }
            Ok(rumqttc::Event::Incoming(Incoming::PubAck(_))) => Counts::add(&link.counts.sent),
            Ok(_) => {}
            Err(_) if over => return,
            Err(error) => {
                Counts::add(&link.counts.failed);
                if link.up.swap(false, Ordering::Relaxed) || pause == PAUSES.0 {
                    system::warn(format_args!("broker {shown}: {error}; trying again"));
                }
                let until = Instant::now() + pause;
                while Instant::now() < until && !link.over.load(Ordering::Relaxed) {
                    thread::sleep(super::PULSE);
                }
                pause = (pause * 2).min(longest);
            }
        }
    }
}
