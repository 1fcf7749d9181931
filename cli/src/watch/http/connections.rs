// SPDX-License-Identifier: MPL-2.0

//! Connections of the server: how many there may be, how long each may be quiet, and which one goes when one too many
//! comes.

use crate::media::lock;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

/// What clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time. When one more comes, the one that has been quiet the longest is closed.
    pub connections: usize,
    /// How long a client may take to send a request's line and headers, and be quiet between two requests.
    pub headers: Duration,
    /// How long a client may take nothing of an answer.
    pub write: Duration,
    /// Bytes of a request's line and headers together.
    pub bytes: usize,
    /// Header lines of a request.
    pub lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            headers: Duration::from_secs(10),
            write: Duration::from_secs(20),
            bytes: 16 << 10,
            lines: 64,
        }
    }
}

/// How long a connection may go on once the server ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Accepts connections until `ending` says true or its sender is gone.
pub async fn accept(listener: TcpListener, router: Router, limits: Limits, ending: watch::Receiver<bool>) {
    let open = Arc::new(Open::default());
    loop {
        let accepted = tokio::select! {
            () = over(ending.clone()) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(slot) = Slot::take(&open, limits.connections) else { continue };
                tokio::spawn(serve(stream, peer, router.clone(), limits, slot, ending.clone()));
            }
            // Out of descriptors, most likely: the clients that wait are served when some are free again.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Waits for the server's end.
pub async fn over(mut ending: watch::Receiver<bool>) {
    // Its sender gone is the end too.
    let _ = ending.wait_for(|&over| over).await;
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    slot: Slot,
    ending: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write));
    let client = slot.client.clone();
    let service = service_fn(|request| answer(router.clone(), client.clone(), peer, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_buf_size(limits.bytes)
        .max_headers(limits.lines)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // A client that broke off or sent nonsense concerns nobody else.
        _ = connection.as_mut() => {}
        () = slot.client.displaced.notified() => {}
        () = over(ending) => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(FAREWELL, connection).await;
        }
    }
}

async fn answer(
    router: Router,
    client: Arc<Client>,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    client.set_quiet(None);
    let response = router.oneshot(request.map(Body::new)).await?;
    // A stream of events is never quiet.
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != mime::EVENTS) {
        client.set_quiet(Some(Instant::now()));
    }
    Ok(response)
}

/// Kinds of content that more than one file names.
pub mod mime {
    /// Server-sent events.
    pub const EVENTS: &str = "text/event-stream";
}

#[derive(Debug)]
struct Client {
    /// Since when it has had its answer; none while it waits for one.
    quiet: Mutex<Option<Instant>>,
    displaced: Notify,
}

impl Client {
    fn set_quiet(&self, since: Option<Instant>) {
        *lock(&self.quiet) = since;
    }
}

#[derive(Debug, Default)]
struct Open {
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    next: u64,
    by_number: HashMap<u64, Arc<Client>>,
}

/// A connection's place among the open ones, which it gives back when it is dropped.
#[derive(Debug)]
struct Slot {
    open: Arc<Open>,
    number: u64,
    client: Arc<Client>,
}

impl Slot {
    /// A place for one more; none where all others are in the middle of an answer.
    fn take(open: &Arc<Open>, limit: usize) -> Option<Self> {
        let mut clients = lock(&open.clients);
        if clients.by_number.len() >= limit {
            let quiet = |client: &Client| *lock(&client.quiet);
            let all = clients.by_number.iter().filter_map(|(&number, client)| Some((quiet(client)?, number)));
            let (_, number) = all.min()?;
            if let Some(client) = clients.by_number.remove(&number) {
                client.displaced.notify_one();
            }
        }
        let number = clients.next;
        clients.next += 1;
        let client = Arc::new(Client { quiet: Mutex::new(Some(Instant::now())), displaced: Notify::new() });
        clients.by_number.insert(number, client.clone());
        drop(clients);
        Some(Self { open: open.clone(), number, client })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.open.clients).by_number.remove(&self.number);
    }
}
