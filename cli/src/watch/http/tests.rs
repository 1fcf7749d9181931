// SPDX-License-Identifier: MPL-2.0

//! The server on loopback, as browsers, programs and those who mean harm ask it.

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

/// Takes up nothing, and says so, or says what is wrong.
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

/// An open stream of events.
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

    /// The data of the next event of that name.
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

#[test]
fn pages_let_nothing_in_from_elsewhere() {
    let site = Site::new(None);
    for path in ["/", "/camera/yard", "/api/cameras", "/metrics", "/nothing", "/healthz"] {
        let answer = site.get(path);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    }
    for (path, kind) in [
        ("/assets/watch.css", "text/css"),
        ("/assets/watch.js", "text/javascript"),
        ("/assets/camera.js", "text/javascript"),
    ] {
        let answer = site.get(path);
        assert!(answer.status == 200 && answer.header("content-type").starts_with(kind), "{path}");
    }
    assert_eq!(ask(site.address(), "DELETE", "/api/cameras", &[], "").status, 405);
}

#[test]
fn without_a_token_it_answers_this_machine_only_by_its_name() {
    let site = Site::new(None);
    for (host, status) in
        [("localhost", 200), ("127.0.0.1:9464", 200), ("[::1]:80", 200), ("evil.example", 421), ("", 421)]
    {
        assert_eq!(ask(site.address(), "GET", "/api/cameras", &[("Host", host)], "").status, status, "{host:?}");
    }
    let wall = wall(&["yard"]);
    let data = tempfile::tempdir().expect("a folder");
    let history = History::open(data.path(), &wall).expect("opened");
    let control = Arc::new(Reloads(Ok(Reloaded::default())));
    let serve = Serve { wall, history: history.reader().clone(), control, own: Box::new(Own::default) };
    let refused = Server::start(([0, 0, 0, 0], 0).into(), None, serve).err().expect("refused").to_string();
    assert!(refused.contains("token-file") && refused.contains("0.0.0.0"), "{refused}");
    history.stop();
}

#[test]
fn without_the_token_nothing_but_health_is_answered() {
    let site = Site::new(Some(TOKEN));
    score(&site.wall, "yard", 80.0);
    assert_eq!((site.get("/healthz").status, site.get("/readyz").status), (200, 200));
    let all = ["/", "/camera/yard", "/assets/watch.css", "/api/cameras", "/api/events", "/api/history/yard"];
    for path in all.into_iter().chain(["/snapshot/yard.jpg", "/picture/1.jpg", "/metrics", "/nothing"]) {
        for headers in [
            &[][..],
            &[("Authorization", "Bearer wrong-token-wrong-token")],
            &[("Authorization", "Basic MDEyMzQ1Njc4OWFiY2RlZi10b2tlbg==")],
            &[("Cookie", "iqa-watch=9999999999.AAAA")],
        ] {
            let answer = ask(site.address(), "GET", path, headers, "");
            assert_eq!(answer.status, 401, "{path} {headers:?}");
            assert!(!answer.text().contains("yard") && answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
    for path in ["/api/reload", "/api/alarms/1/ack"] {
        assert_eq!(site.post(path, &[]).status, 401, "{path}");
    }
    let bearer = [("Authorization", "Bearer 0123456789abcdef-token")];
    assert_eq!(ask(site.address(), "GET", "/metrics", &bearer, "").status, 200);
    assert_eq!(site.post("/api/reload", &bearer).status, 200);
    // A browser is sent to log in, and nowhere else.
    let browser = ask(site.address(), "GET", "/camera/yard", &[("Accept", "text/html,*/*")], "");
    assert_eq!((browser.status, browser.header("location")), (303, "/login?to=%2Fcamera%2Fyard"));
}

#[test]
fn a_login_gives_a_cookie() {
    let site = Site::new(Some(TOKEN));
    let origin = format!("http://{}", site.address());
    let form = |token: &str, to: &str, origin: &str| {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let body = format!("token={token}&to={to}");
        ask(site.address(), "POST", "/login", &[kind, ("Origin", origin)], &body)
    };
    let page = site.get("/login?to=/camera/yard");
    assert!(page.status == 200 && page.text().contains("value=\"&#x2f;camera&#x2f;yard\""));
    assert!(!page.text().contains("src=") && page.header("content-security-policy").contains("style-src 'sha256-"));
    let wrong = form("wrong-token-wrong-token", "/", &origin);
    assert!(wrong.status == 401 && wrong.header("set-cookie").is_empty() && wrong.text().contains("not the token"));
    let other = form(TOKEN, "/", "http://evil.example");
    assert!(other.status == 403 && other.header("set-cookie").is_empty());
    let right = form(TOKEN, "%2Fcamera%2Fyard", &origin);
    assert_eq!((right.status, right.header("location")), (303, "/camera/yard"));
    assert_eq!(form(TOKEN, "https://evil.example", &origin).header("location"), "/");
    let cookie = right.header("set-cookie");
    for attribute in ["SameSite=Strict", "HttpOnly", "Path=/", "Max-Age="] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains(TOKEN));
    let secure = ask(
        site.address(),
        "POST",
        "/login",
        &[
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Host", "cams.example"),
            ("Origin", "https://cams.example"),
        ],
        &format!("token={TOKEN}"),
    );
    assert!(secure.header("set-cookie").ends_with("; Secure"), "behind a proxy with TLS: {secure:?}");
    let cookie = format!("other=1; {}", cookie.split(';').next().expect("a value"));
    assert_eq!(ask(site.address(), "GET", "/", &[("Cookie", &cookie)], "").status, 200);
    // With the cookie a request that changes something has to say where it is from.
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie)]).status, 403);
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie), ("Origin", "http://evil.example")]).status, 403);
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie), ("Sec-Fetch-Site", "cross-site")]).status, 403);
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie), ("Origin", &origin)]).status, 200);
}

#[test]
fn another_site_s_page_changes_nothing_here() {
    let site = Site::new(None);
    let id = alarm(&site.wall, "yard", AlarmKind::Low, None);
    let path = format!("/api/alarms/{id}/ack");
    assert_eq!(site.post(&path, &[("Origin", "http://evil.example")]).status, 403);
    assert_eq!(site.post(&path, &[("Sec-Fetch-Site", "cross-site")]).status, 403);
    assert!(site.wall.all()[0].alarms[0].acknowledged.is_none());
    assert_eq!(ask(site.address(), "GET", &path, &[], "").status, 405);
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_without_its_secrets() {
    let password = Secret::new("p@s:s/w%rd-17");
    let text = format!("watch.toml:7:1: rtsp://me:{}@cam: no", password.reveal());
    let site = Site::limited(None, Limits::default(), Err(text));
    let answer = site.post("/api/reload", &[]);
    assert_eq!(answer.status, 422);
    let said = answer.text();
    assert!(said.contains("watch.toml:7:1") && said.contains("***") && !said.contains("w%rd-17"), "{said}");
}

#[test]
fn a_request_line_of_a_mebibyte_is_refused() {
    let site = Site::new(None);
    let long = format!("/{}", "a".repeat(1 << 20));
    let answer = site.get(&long);
    assert!(matches!(answer.status, 414 | 431 | 0), "{answer:?}");
    let header = "b".repeat(1 << 20);
    let answer = ask(site.address(), "GET", "/", &[("X-Long", &header)], "");
    assert!(matches!(answer.status, 431 | 0), "{answer:?}");
    let many: Vec<_> = (0..1000).map(|number| (format!("X-{number}"), "c")).collect();
    let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let answer = ask(site.address(), "GET", "/", &many, "");
    assert!(matches!(answer.status, 431 | 0), "{answer:?}");
    let body = "d".repeat(1 << 20);
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = ask(site.address(), "POST", "/login", &kind, &body);
    assert!(matches!(answer.status, 413 | 0), "{answer:?}");
    assert_eq!(site.get("/healthz").status, 200, "it goes on");
}

#[test]
fn five_hundred_idle_connections_keep_nobody_out() {
    let site = Site::new(None);
    let mut idle = Vec::new();
    for _ in 0..500 {
        idle.push(TcpStream::connect(site.address()).expect("a connection"));
    }
    let begin = Instant::now();
    assert_eq!(site.get("/healthz").status, 200);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    // Those that were quiet the longest were closed, so that 256 are left.
    let is_closed = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).expect("set");
        matches!(stream.read(&mut [0]), Ok(0))
    };
    let gone = until("the oldest are closed", || {
        Some(idle.iter_mut().filter_map(|stream| is_closed(stream).then_some(())).count()).filter(|gone| *gone >= 244)
    });
    println!("{gone} of 500 idle connections were closed");
}

#[test]
fn slow_senders_are_cut_off() {
    let limits = Limits { headers: Duration::from_millis(400), ..Limits::default() };
    let site = Site::limited(None, limits, Ok(Reloaded::default()));
    let mut slow = TcpStream::connect(site.address()).expect("a connection");
    slow.set_read_timeout(Some(LONG)).expect("set");
    let begin = Instant::now();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").expect("sent");
    // A byte now and then does not help.
    while slow.write_all(b"a").is_ok() && begin.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(begin.elapsed() < LONG, "it is never cut off");
    // One that is quiet between two requests goes too.
    let mut kept = TcpStream::connect(site.address()).expect("a connection");
    kept.set_read_timeout(Some(LONG)).expect("set");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let answer = answer(&mut BufReader::new(kept));
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
}

#[test]
fn it_ends_at_once_although_somebody_looks() {
    let mut site = Site::new(None);
    let mut events = Events::open(&site, "/api/events");
    let _idle = TcpStream::connect(site.address()).expect("a connection");
    events.next("time");
    let begin = Instant::now();
    site.server.take().into_iter().for_each(Server::stop);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    let mut rest = Vec::new();
    let _ = events.0.read_to_end(&mut rest);
}

#[test]
fn viewers_are_bounded() {
    let site = Site::new(None);
    let open: Vec<_> = (0..VIEWERS).map(|_| Events::open(&site, "/api/events")).collect();
    assert_eq!(site.get("/api/events").status, 503);
    drop(open);
    until("there is room again", || {
        let mut stream = TcpStream::connect(site.address()).ok()?;
        stream.set_read_timeout(Some(LONG)).ok()?;
        stream.write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
        (head(&mut BufReader::new(stream)).0 == 200).then_some(())
    });
}
