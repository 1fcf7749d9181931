// SPDX-License-Identifier: MPL-2.0

//! Test utilities: a wall with simulated data.

use super::alarm::{Alarm, AlarmId, AlarmKind, Jpeg};
use super::moment::Moment;
use super::status::{About, Measured, State};
use super::wall::{NoPicture, Pictures, Wall};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Timeout for expected events: far longer than they take.
pub const LONG: Duration = Duration::from_secs(60);

/// Configuration of a camera.
pub fn about(name: &str) -> Arc<About> {
    let alarms = [(AlarmKind::Offline, None), (AlarmKind::Low, Some(40.0))];
    Arc::new(About {
        name: name.to_owned(),
        address: format!("rtsp://10.0.4.21/{name}"),
        tags: BTreeMap::from([("site".to_owned(), "north".to_owned())]),
        model: Some("metaiqa".to_owned()),
        model_hash: Some("b27e40c1d95a".to_owned()),
        interval: 2.0,
        alarms: alarms.into(),
    })
}

/// A wall with cameras of these names.
pub fn wall(names: &[&str]) -> Arc<Wall> {
    let wall = Arc::new(Wall::default());
    wall.arrange(names.iter().map(|name| (about(name), true)));
    wall
}

/// Makes a camera live, with a score.
pub fn score(wall: &Wall, name: &str, score: f64) {
    let at = Moment::now();
    wall.update(name, |status| {
        status.state = State::Live;
        status.last_frame = Some(at);
        status.size = Some([1920, 1080]);
        status.counters.frames += 50;
        status.counters.scored += 1;
    });
    wall.measured(name, Measured { at, score: Some(score), luma_mean: None, luma_deviation: None, motion: None });
}

/// Begins an alarm.
pub fn alarm(wall: &Wall, camera: &str, kind: AlarmKind, picture: Option<Jpeg>) -> AlarmId {
    let alarm = Alarm {
        id: AlarmId(0),
        camera: camera.to_owned(),
        kind,
        began: Moment::now(),
        ended: None,
        acknowledged: None,
        value: Some(33.1),
        limit: Some(40.0),
        text: "mean of the last 10 s is 33.1, below 40".to_owned(),
        picture,
    };
    wall.begin(alarm).expect("a camera of this name")
}

/// A file of this size that starts like a JPEG file.
pub fn jpeg(bytes: usize) -> Jpeg {
    let mut file = vec![0xff, 0xd8, 0xff];
    file.resize(bytes, 0);
    Jpeg { bytes: file.into(), taken: Moment::now() }
}

/// A camera that always shows the same picture.
pub struct Still(pub Jpeg);

impl Pictures for Still {
    fn newest(&self) -> Result<Jpeg, NoPicture> {
        Ok(self.0.clone())
    }
}

/// Waits for a condition.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {LONG:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Response of a server.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(of, _)| of == name).map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request with a method and headers.
pub fn ask(server: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(server).expect("a connection");
    stream.set_read_timeout(Some(LONG)).expect("set");
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request += &format!("Host: {server}\r\n");
    }
    headers.iter().for_each(|(name, value)| request += &format!("{name}: {value}\r\n"));
    // A server that rejects a request early may not read all of it.
    let _ = stream.write_all(format!("{request}\r\n{body}").as_bytes());
    answer(&mut BufReader::new(stream))
}

/// Sends a plain `GET` request.
pub fn get(server: SocketAddr, path: &str) -> Answer {
    ask(server, "GET", path, &[], "")
}

/// Reads a response completely.
pub fn answer(from: &mut BufReader<TcpStream>) -> Answer {
    let (status, headers) = head(from);
    let mut body = Vec::new();
    let _ = from.read_to_end(&mut body);
    Answer { status, headers, body }
}

/// Reads status and headers of a response.
pub fn head(from: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut lines = std::iter::from_fn(|| {
        let mut line = String::new();
        from.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned()).filter(|line| !line.is_empty())
    });
    let status = lines.next().unwrap_or_default();
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    });
    (status, headers.collect())
}
