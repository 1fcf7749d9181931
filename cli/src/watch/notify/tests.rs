// SPDX-License-Identifier: MPL-2.0

//! Tests with receivers: a simulated webhook and a real broker.

use super::*;
use crate::watch::alarm::AlarmKind;
use crate::watch::config::Config;
use crate::watch::testing::{LONG, alarm, score, until, wall};
use onnx_iqa_testkit as kit;
use rumqttc::{Client, Incoming, MqttOptions, QoS};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

/// A configuration with these lines.
fn config(lines: &str) -> Config {
    let text = format!("{lines}\n[[camera]]\nname = \"yard\"\nuri = \"videotestsrc://\"\n");
    crate::watch::config::parse(&text, Path::new("/")).expect("a configuration")
}

/// A webhook, and the received requests: head and JSON.
fn webhook(statuses: Vec<u16>) -> (SocketAddr, impl Fn() -> (String, Value)) {
    let (address, posts) = kit::webhook(statuses);
    let next = move || {
        let post = posts.recv_timeout(LONG).expect("a message");
        (post.head, serde_json::from_str(&post.body).expect("JSON"))
    };
    (address, next)
}

#[test]
fn an_alarm_begins_and_ends_in_alertmanagers_format() {
    let (address, received) = webhook(vec![503]);
    let config = config(&format!("[webhook]\nurl = \"http://me:s%40cret@{address}/hook\""));
    let wall = wall(&["yard"]);
    let notify = Notify::start(config.webhook.as_ref(), None, &wall, "http://127.0.0.1:9464").expect("started");
    score(&wall, "yard", 33.0);
    let id = alarm(&wall, "yard", AlarmKind::Low, None);
    wall.acknowledge(id);
    // It arrives although the first attempt was rejected.
    let (head, firing) = received();
    assert!(
        head.starts_with("POST /hook ")
            && head.to_lowercase().contains("authorization: basic bWU6c0BjcmV0".to_lowercase().as_str()),
        "{head}"
    );
    assert_eq!(firing["version"], "4");
    assert_eq!(firing["status"], "firing");
    let alert = &firing["alerts"][0];
    assert_eq!(alert["labels"]["alertname"], "iqa-low");
    assert_eq!(alert["labels"]["source"], "yard");
    assert_eq!(alert["annotations"]["description"], "mean of the last 10 s is 33.1, below 40");
    assert_eq!(alert["generatorURL"], "http://127.0.0.1:9464/camera/yard");
    assert_eq!(alert["endsAt"], "0001-01-01T00:00:00Z");
    wall.end(id);
    let (_, resolved) = received();
    assert_eq!(resolved["status"], "resolved");
    assert_eq!(resolved["alerts"][0]["fingerprint"], alert["fingerprint"]);
    assert_eq!(resolved["alerts"][0]["startsAt"], alert["startsAt"]);
    assert_ne!(resolved["alerts"][0]["endsAt"], alert["endsAt"]);
    until("they are counted", || (notify.counts()[0].sent == 2).then_some(()));
    let counts = notify.counts()[0];
    assert_eq!((counts.to, counts.failed, counts.lost), ("webhook", 1, 0), "{counts:?}");
    notify.stop();
}

#[test]
fn a_message_that_is_refused_is_given_up_and_the_next_one_comes() {
    let (address, received) = webhook(vec![404]);
    let config = config(&format!("[webhook]\nurl = \"http://{address}/\""));
    let wall = wall(&["yard"]);
    let notify = Notify::start(config.webhook.as_ref(), None, &wall, "http://here").expect("started");
    let id = alarm(&wall, "yard", AlarmKind::Black, None);
    wall.end(id);
    let (_, message) = received();
    assert_eq!(message["status"], "resolved");
    let counts = until("it is counted", || notify.counts().first().copied().filter(|counts| counts.sent == 1));
    assert_eq!(counts.lost, 1);
    notify.stop();
}

#[test]
fn a_receiver_that_is_away_costs_the_oldest_messages_and_nobody_waits() {
    let config = config(&format!("[webhook]\nurl = \"http://127.0.0.1:{}/\"", kit::free_port()));
    let wall = wall(&["yard"]);
    let notify = Notify::start(config.webhook.as_ref(), None, &wall, "http://here").expect("started");
    for _ in 0..2 * ROOM {
        let id = alarm(&wall, "yard", AlarmKind::Black, None);
        wall.end(id);
    }
    let all = 4 * ROOM as u64;
    // All except queued ones and the one being sent.
    until("they are counted", || (notify.counts()[0].lost >= all - 258).then_some(()));
    let begin = std::time::Instant::now();
    notify.stop();
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

/// Debian's broker, which is stopped after the test.
struct Broker {
    child: Child,
    port: u16,
}

impl Broker {
    fn start(folder: &Path) -> Option<Self> {
        Self::on(folder, kit::free_port())
    }

    fn on(folder: &Path, port: u16) -> Option<Self> {
        let root = kit::servers("mosquitto")?;
        let file = folder.join("mosquitto.conf");
        std::fs::write(&file, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).expect("written");
        let child = Command::new(root.join("usr/sbin/mosquitto"))
            .arg("-c")
            .arg(&file)
            .env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto runs");
        Some(Self { child, port })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Topics received by a subscriber.
fn subscribe(port: u16) -> mpsc::Receiver<(String, String, bool)> {
    let (client, mut connection) = Client::new(MqttOptions::new("test", "127.0.0.1", port), 16);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        client.subscribe("cams/#", QoS::AtLeastOnce).expect("asked");
        for happened in connection.iter() {
            if let Ok(rumqttc::Event::Incoming(Incoming::Publish(message))) = happened {
                let text = String::from_utf8_lossy(&message.payload).into_owned();
                if sender.send((message.topic, text, message.retain)).is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

#[test]
fn a_broker_knows_how_things_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(broker) = Broker::start(folder.path()) else {
        return kit::skipped("notifications by MQTT: mosquitto could not be fetched");
    };
    let config = config(&format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\ntopic = \"cams\"", broker.port));
    let wall = wall(&["yard"]);
    let notify = Notify::start(None, config.mqtt.as_ref(), &wall, "http://here").expect("started");
    until("it is connected", || (notify.counts()[0].sent > 0).then_some(()));
    let heard = subscribe(broker.port);
    let mut known = BTreeMap::new();
    let mut wait = |topic: &str, is: &dyn Fn(&str) -> bool| {
        while !known.get(topic).is_some_and(|text: &String| is(text)) {
            let (topic, text, _) = heard.recv_timeout(LONG).unwrap_or_else(|_| panic!("{topic}: {known:?}"));
            known.insert(topic, text);
        }
    };
    wait("cams/status", &|text| text == "online");
    wait("cams/yard/state", &|text| text == "connecting");
    score(&wall, "yard", 33.0);
    wait("cams/yard/state", &|text| text == "live");
    let number = |text: &str| serde_json::from_str::<Value>(text).ok()?["score"].as_f64();
    wait("cams/yard/score", &|text| number(text) == Some(33.0));
    let id = alarm(&wall, "yard", AlarmKind::Low, None);
    let field = |text: &str, name: &str| serde_json::from_str::<Value>(text).ok()?.get(name).cloned();
    wait("cams/yard/alarm/low", &|text| field(text, "kind").is_some() && field(text, "ended").is_none());
    wall.end(id);
    wait("cams/yard/alarm/low", &|text| field(text, "ended").is_some());
    // A removed camera leaves no topic behind.
    wall.arrange([]);
    wait("cams/yard/state", &|text| text.is_empty());
    notify.stop();
    wait("cams/status", &|text| text == "offline");
}

#[test]
fn a_broker_that_comes_later_and_goes_is_told_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(broker) = Broker::start(folder.path()) else {
        return kit::skipped("notifications by MQTT: mosquitto could not be fetched");
    };
    let config = config(&format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\ntopic = \"cams\"", broker.port));
    let port = broker.port;
    let wall = wall(&["yard"]);
    drop(broker);
    let notify = Notify::start(None, config.mqtt.as_ref(), &wall, "http://here").expect("started");
    until("a try that fails", || (notify.counts()[0].failed > 0).then_some(()));
    score(&wall, "yard", 70.0);
    let _again = Broker::on(folder.path(), port).expect("it was there before");
    until("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let heard = subscribe(port);
    let state = until("the state", || heard.recv().ok().filter(|(topic, ..)| topic == "cams/yard/state"));
    assert_eq!(state.1, "live");
    notify.stop();
}
