// SPDX-License-Identifier: MPL-2.0

//! An HTTP server on loopback, with files, ranges of them, and faults.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// A server that handles every connection with `serve` as long as the test runs; returns its address.
pub fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let serve = std::sync::Arc::new(serve);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(connection));
        }
    });
    address
}

/// Reads until the server or its client closes.
pub fn hold(mut connection: TcpStream) {
    let mut bytes = [0; 4096];
    while connection.read(&mut bytes).is_ok_and(|read| read > 0) {}
}

/// The file that a client requests, without a query, and the first byte.
fn asked(connection: &mut TcpStream) -> Option<(String, usize)> {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        let read = connection.read(&mut bytes).ok().filter(|&read| read > 0)?;
        request.extend_from_slice(&bytes[..read]);
    }
    let text = String::from_utf8(request).ok()?;
    let range =
        text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let from = range.and_then(|range| range.split('-').next()?.parse().ok());
    let target = text.split_whitespace().nth(1)?.trim_start_matches('/');
    Some((target.split('?').next()?.to_owned(), from.unwrap_or(0)))
}

/// Answers with the file of that name, or its first `most` bytes, and is then silent. Clients whose connection was cut,
/// as happens on a busy machine, resume where they were. The entity tag changes with the file.
pub fn answer(mut connection: TcpStream, folder: &Path, most: usize) {
    let Some((name, from)) = asked(&mut connection) else { return };
    let path = folder.join(name);
    let (Ok(bytes), Ok(about)) = (std::fs::read(&path), std::fs::metadata(&path)) else {
        let _ = connection.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    let (length, from) = (bytes.len(), from.min(bytes.len()));
    let status = match from {
        0 => "200 OK".to_owned(),
        _ => format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{length}", length - 1),
    };
    let rest = length - from;
    let changed = about.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let tag = changed.unwrap_or_default().as_nanos();
    let head = format!(
        "HTTP/1.1 {status}\r\nAccept-Ranges: bytes\r\nContent-Length: {rest}\r\nETag: \"{tag:x}\"\r\nConnection: close\r\n\r\n"
    );
    let _ = connection.write_all(head.as_bytes());
    let _ = connection.write_all(&bytes[from..most.min(length).max(from)]);
    if most < bytes.len() {
        hold(connection);
    }
}
