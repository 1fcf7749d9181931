// SPDX-License-Identifier: MPL-2.0

//! Servers that tests talk to on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

/// The folder of a set of `scripts/servers.sh`, laid out as `/` is. None: it was not fetched.
pub fn servers(set: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/servers").join(set);
    folder.join("packages").is_file().then_some(folder)
}

/// A port that nobody listens on now.
///
/// # Panics
/// When loopback has none.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

/// What a [`webhook`] was sent.
#[derive(Debug)]
pub struct Post {
    /// The request's line and headers.
    pub head: String,
    /// The rest.
    pub body: String,
}

/// A webhook on loopback that answers with these statuses in turn, then with 200, and hands on what it answers so.
///
/// # Panics
/// When loopback has no port.
pub fn webhook(statuses: Vec<u16>) -> (SocketAddr, Receiver<Post>) {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = socket.local_addr().expect("an address");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        for stream in socket.incoming().map_while(Result::ok) {
            let Some(post) = read(stream, statuses.next().unwrap_or(200)) else { continue };
            if sender.send(post).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

/// What a client posts; none where it breaks off, or is answered otherwise than with 200.
fn read(stream: TcpStream, status: u16) -> Option<Post> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).ok()? > 2 {}
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    reader.get_mut().write_all(answer.as_bytes()).ok()?;
    (status == 200).then_some(Post { head, body: String::from_utf8(body).ok()? })
}
