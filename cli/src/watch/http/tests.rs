// SPDX-License-Identifier: MPL-2.0

//! Tests of the server on loopback, with browsers, programs and attackers as clients.

mod access;
mod limits;

use super::*;
use crate::watch::alarm::AlarmKind;
use crate::watch::control::Reloaded;
use crate::watch::history::History;
use crate::watch::testing::{Answer, LONG, Still, alarm, answer, ask, get, head, jpeg, score, until, wall};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Instant;

const TOKEN: &str = "0123456789abcdef-token";

/// Does not reload anything: returns success or an error.
struct Reloads(Result<Reloaded, String>);

impl Control for Reloads {
    fn reload(&self) -> Result<Reloaded, String> {
        self.0.clone()
    }
}

/// A server with a wall and a history.
struct Site {
    server: Option<Server>,
    history: Option<History>,
    wall: Arc<Wall>,
    _data: tempfile::TempDir,
}

impl Site {
    fn new(token: Option<&str>) -> Self {
        Self::limited(token, Limits::default(), Ok(Reloaded::default()))
    }

    fn limited(token: Option<&str>, limits: Limits, reload: Result<Reloaded, String>) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let wall = wall(&["yard", "gate"]);
        let history = History::open(data.path(), &wall).expect("opened");
        let own = Box::new(Own::default);
        let control = Arc::new(Reloads(reload));
        let serve = Serve { wall: wall.clone(), history: history.reader().clone(), control, own };
        let token = token.map(Secret::new);
        let server = Server::limited(loopback(), token.as_ref(), serve, limits).expect("started");
        Self { server: Some(server), history: Some(history), wall, _data: data }
    }

    fn address(&self) -> SocketAddr {
        self.server.as_ref().expect("it runs").address()
    }

    fn get(&self, path: &str) -> Answer {
        get(self.address(), path)
    }

    fn post(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(self.address(), "POST", path, headers, "")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.take().into_iter().for_each(Server::stop);
        self.history.take().into_iter().for_each(History::stop);
    }
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// An open event stream.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(site: &Site, path: &str) -> Self {
        let mut stream = TcpStream::connect(site.address()).expect("a connection");
        stream.set_read_timeout(Some(LONG)).expect("set");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut reader = BufReader::new(stream);
        assert_eq!(head(&mut reader).0, 200);
        Self(reader)
    }

    /// Data of the next event with this name.
    fn next(&mut self, name: &str) -> Value {
        let mut line = String::new();
        let mut found = false;
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).expect("a line") > 0, "the stream has ended");
            if let Some(of) = line.trim().strip_prefix("event: ") {
                found = of == name;
            }
            if let (true, Some(data)) = (found, line.trim().strip_prefix("data: ")) {
                return serde_json::from_str(data).expect("JSON");
            }
        }
    }
}

#[test]
fn machines_read_what_is_known() {
    let site = Site::new(None);
    score(&site.wall, "yard", 81.5);
    let cameras: Value = serde_json::from_slice(&site.get("/api/cameras").body).expect("JSON");
    assert_eq!(cameras["cameras"][0]["name"], "yard");
    assert_eq!(cameras["cameras"][0]["state"], "live");
    assert_eq!(cameras["cameras"][0]["score"]["score"], 81.5);
    assert_eq!(cameras["cameras"][1]["state"], "connecting");
    let past = until("a score in the history", || {
        let past: Value = serde_json::from_slice(&site.get("/api/history/yard?range=hour").body).expect("JSON");
        past["slices"].as_array()?.iter().any(|slice| slice["scores"] == 1).then_some(past)
    });
    assert_eq!(past["step"], 10);
    assert_eq!(site.get("/api/history/nobody").status, 404);
    assert_eq!(site.get("/api/history/yard?range=year").status, 400);
    let metrics = site.get("/metrics");
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    assert!(metrics.text().contains("iqa_score{source=\"yard\""));
    assert_eq!((site.get("/healthz").status, site.get("/readyz").status), (200, 200));
}

#[test]
fn events_come_as_they_happen() {
    let site = Site::new(None);
    let mut events = Events::open(&site, "/api/events");
    let mut page = Events::open(&site, "/api/events?view=wall");
    assert!(page.next("parts")["parts"]["heading"].as_str().is_some_and(|text| text.starts_with("0 of 2")));
    score(&site.wall, "yard", 33.0);
    assert_eq!(events.next("state")["state"], "live");
    assert_eq!(events.next("score")["measured"]["score"], 33.0);
    let begin = Instant::now();
    let id = alarm(&site.wall, "yard", AlarmKind::Low, None);
    assert_eq!(events.next("alarm-began")["kind"], "low");
    let told = until("the alarm on the page", || {
        let told = page.next("parts");
        told["parts"]["heading"].as_str().filter(|text| text.contains("1 alarm")).map(str::to_owned)
    });
    assert_eq!(told, "1 of 2 cameras are live; 1 alarm");
    println!("an alarm is on the page after {:?}", begin.elapsed());
    let answer = site.post(&format!("/api/alarms/{id}/ack"), &[]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(events.next("alarm-acknowledged")["id"], id.0);
    assert!(events.next("time").as_i64().is_some_and(|time| time > 1_700_000_000_000));
    assert_eq!(site.post(&format!("/api/alarms/{}/ack", id.0 + 1), &[]).status, 404);
    assert_eq!(site.post("/api/alarms/none/ack", &[]).status, 404);
    site.wall.end(id);
    assert_eq!(site.post(&format!("/api/alarms/{id}/ack"), &[]).status, 404, "it has ended");
    assert_eq!(site.get("/api/events?view=camera&name=nobody").status, 404);
}

#[test]
fn pictures_are_looked_up() {
    let site = Site::new(None);
    assert_eq!(site.get("/snapshot/yard.jpg").status, 204, "none has come yet");
    site.wall.set_pictures("yard", Some(Arc::new(Still(jpeg(300)))));
    let picture = site.get("/snapshot/yard.jpg");
    assert_eq!((picture.status, picture.body.len()), (200, 300));
    assert_eq!(picture.header("content-type"), "image/jpeg");
    assert_eq!(picture.header("cache-control"), "no-store");
    assert!(picture.header("iqa-taken").ends_with('Z'));
    alarm(&site.wall, "yard", AlarmKind::Black, Some(jpeg(700)));
    let number = until("a picture of the alarm", || {
        let past: Value = serde_json::from_slice(&site.get("/api/history/yard").body).expect("JSON");
        past["alarms"][0]["picture"].as_i64()
    });
    assert_eq!(site.get(&format!("/picture/{number}.jpg")).body.len(), 700);
    for path in [
        "/snapshot/nobody.jpg",
        "/snapshot/yard.png",
        "/snapshot/../../etc/passwd",
        "/snapshot/..%2f..%2f..%2fetc%2fpasswd",
        "/snapshot/..%2f..%2fetc%2fpasswd.jpg",
        "/snapshot/%2e%2e%2fhistory.sqlite.jpg",
        "/snapshot//etc/passwd",
        "/picture/../history.sqlite",
        "/picture/..%2fhistory.sqlite.jpg",
        "/picture/-1.jpg",
        "/picture/99999999999999999999.jpg",
        "/picture/1e3.jpg",
        "/assets/..%2ftokens.css",
        "/assets/../Cargo.toml",
        "/camera/..%2f..%2fetc%2fpasswd",
        "/camera/%00",
        "/../etc/passwd",
        "/etc/passwd",
    ] {
        let answer = site.get(path);
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert!(!answer.text().contains("root:"), "{path}");
    }
}
