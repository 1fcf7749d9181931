// SPDX-License-Identifier: MPL-2.0

//! Requests to the web server of `iqa watch`, over loopback: any bytes, or requests that are nearly right.

use crate::bytes::Bytes;
use crate::secret::Secret;
use crate::watch::alarm::{Alarm, AlarmId, AlarmKind};
use crate::watch::control::{Control, Reloaded};
use crate::watch::history::History;
use crate::watch::http::{Serve, Server};
use crate::watch::metrics::Own;
use crate::watch::moment::Moment;
use crate::watch::status::{About, State};
use crate::watch::wall::Wall;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const TOKEN: &str = "0123456789abcdef-token";
/// An answer that takes longer is a hang. A wrong login takes half a second by design.
const LONGEST: Duration = Duration::from_secs(15);
/// After this, the request is taken for one whose body is incomplete: the server would wait for the rest for 20 s.
const SOON: Duration = Duration::from_secs(1);
/// What is read of an answer.
const ENOUGH: usize = 64 << 10;

struct NothingToReload;

impl Control for NothingToReload {
    fn reload(&self) -> Result<Reloaded, String> {
        Ok(Reloaded::default())
    }
}

/// A server without a token, and one with.
struct Site {
    open: SocketAddr,
    guarded: SocketAddr,
    _running: (Vec<Server>, History, TempDir),
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let data = crate::scratch::folder();
    let wall = Arc::new(Wall::default());
    wall.arrange(["yard", "gate"].map(|name| (about(name), true)));
    wall.update("yard", |status| status.state = State::Live);
    let alarm = Alarm {
        id: AlarmId(0),
        camera: "yard".to_owned(),
        kind: AlarmKind::Low,
        began: Moment::now(),
        ended: None,
        acknowledged: None,
        value: Some(33.1),
        limit: Some(40.0),
        text: "mean of the last 10 s is 33.1, below 40".to_owned(),
        picture: None,
    };
    wall.begin(alarm);
    let history = History::open(data.path(), &wall).expect("the folder is new");
    let serve = |token: Option<&str>| {
        let (control, own) = (Arc::new(NothingToReload), Box::new(Own::default));
        let serve = Serve { wall: wall.clone(), history: history.reader().clone(), control, own };
        let token = token.map(Secret::new);
        Server::start((Ipv4Addr::LOCALHOST, 0).into(), token.as_ref(), serve).expect("a port is free")
    };
    let servers = [serve(None), serve(Some(TOKEN))];
    let [open, guarded] = servers.each_ref().map(Server::address);
    Site { open, guarded, _running: (servers.into(), history, data) }
});

fn about(name: &str) -> Arc<About> {
    Arc::new(About {
        name: name.to_owned(),
        address: format!("rtsp://10.0.4.21/{name}"),
        tags: BTreeMap::from([("site".to_owned(), "north".to_owned())]),
        model: Some("metaiqa".to_owned()),
        model_hash: Some("b27e40c1d95a".to_owned()),
        interval: 2.0,
        alarms: [(AlarmKind::Offline, None), (AlarmKind::Low, Some(40.0))].into(),
    })
}

/// Sends a request and reads the answer. The server answers a good request after it, whatever it was.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let site = &*SITE;
    let kind = bytes.byte();
    let address = if kind & 1 == 0 { site.open } else { site.guarded };
    let request = if kind & 6 == 0 { bytes.0.to_vec() } else { request(&mut bytes, address) };
    let answer = exchange(address, &request);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&answer));
    assert!(!contains(&answer, b" 500 "), "{}", String::from_utf8_lossy(&answer));
    if kind & 0xf8 == 0xf8 {
        let answer = exchange(address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    }
}

fn contains(answer: &[u8], words: &[u8]) -> bool {
    answer.iter().take(16).copied().collect::<Vec<_>>().windows(words.len()).any(|window| window == words)
}

/// A request with parts that are right, and parts that are not.
fn request(bytes: &mut Bytes<'_>, address: SocketAddr) -> Vec<u8> {
    let method = bytes.one(&["GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "get", ""]);
    let path = bytes.one(&[
        "/",
        "/camera/yard",
        "/camera/",
        "/assets/watch.css",
        "/login",
        "/api/cameras",
        "/api/history/yard",
        "/api/history/",
        "/api/alarms/1/ack",
        "/api/alarms/",
        "/api/reload",
        "/snapshot/yard.jpg",
        "/snapshot/",
        "/picture/1.jpg",
        "/picture/",
        "/metrics",
        "/healthz",
        "/readyz",
        "/api/events",
        "*",
        "http://localhost/",
        "//",
        "",
    ]);
    let length = bytes.below(24);
    let mut request = [method.as_bytes(), b" ", path.as_bytes(), bytes.take(length)].concat();
    request
        .extend(bytes.one(&["", "", "?range=hour", "?range=x", "?to=%2F", "?to=//evil", "?view=wall&name=x"]).bytes());
    request.extend(b" HTTP/1.1\r\nConnection: close\r\n");
    let host = bytes.one(&["localhost", "localhost", "127.0.0.1", "[::1]", "evil.example", "localhost:x", ""]);
    request.extend(format!("Host: {host}\r\n").bytes());
    for _ in 0..bytes.below(6) {
        let name = bytes.one(&[
            "Authorization",
            "Cookie",
            "Origin",
            "Sec-Fetch-Site",
            "Content-Type",
            "Content-Length",
            "Accept",
            "Transfer-Encoding",
            "Expect",
            "Host",
            "Upgrade",
            "X",
        ]);
        let value = bytes.one(&[
            "Bearer 0123456789abcdef-token",
            "Bearer x",
            "iqa-watch=1.x; a=b",
            "null",
            "same-origin",
            "cross-site",
            "application/x-www-form-urlencoded",
            "text/html",
            "chunked",
            "100-continue",
            "5",
            "4097",
            "-1",
            "18446744073709551616",
            "http://localhost",
            "websocket",
            "",
        ]);
        let length = bytes.below(16);
        request.extend([name.as_bytes(), b": ", value.as_bytes(), bytes.take(length), b"\r\n"].concat());
    }
    if method == "POST" && bytes.flag() {
        let (begin, more) =
            (bytes.one(&["token=", "token=0123456789abcdef-token&to=/", "to=", "%"]), bytes.byte() % 32);
        let body = [begin.as_bytes(), bytes.take(usize::from(more))].concat();
        request
            .extend(format!("Origin: http://{address}\r\nContent-Type: application/x-www-form-urlencoded\r\n").bytes());
        request.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
        request.extend(body);
    } else {
        request.extend(b"\r\n");
    }
    request.extend(bytes.0);
    request
}

/// Sends the bytes, says that nothing follows, and reads what comes.
fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let begin = Instant::now();
    let mut stream = TcpStream::connect(address).expect("the server accepts connections");
    stream.set_read_timeout(Some(SOON)).expect("the connection is open");
    // A server that refuses a request early does not read all of it.
    let _ = stream.write_all(request);
    let complete = request.windows(4).any(|window| window == b"\r\n\r\n");
    if !complete {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            // libFuzzer's timer.
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock && begin.elapsed() < LONGEST => {
                stream.set_read_timeout(Some(LONGEST)).expect("the connection is open");
            }
            Err(error) => panic!("no answer after {:?}: {error}", begin.elapsed()),
        }
        // Events come without end.
        let events = answer.windows(17).any(|window| window == b"text/event-stream");
        if events || answer.len() > ENOUGH {
            break;
        }
        // A request that says that more follows is not waited for.
        let _ = stream.shutdown(Shutdown::Write);
    }
    answer
}
