// SPDX-License-Identifier: MPL-2.0

//! Connection handling: maximum number of connections, idle timeouts, and which connection is closed when there are too
//! many.

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

/// Limits for clients.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum number of connections. For a further one, the connection that has been idle longest is closed.
    pub connections: usize,
    /// Timeout for the request line and headers, and for idle connections.
    pub headers: Duration,
    /// How long a client may not read a response.
    pub write: Duration,
    /// Maximum size of request line and headers.
    pub bytes: usize,
    /// Maximum number of headers.
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

/// How long a connection may continue when the server stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Accepts connections until `ending` is true or its sender is dropped.
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
            // Probably out of file descriptors: waiting clients are served when some are available again.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Waits for the server to stop.
pub async fn over(mut ending: watch::Receiver<bool>) {
    // A dropped sender also means stop.
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
        // A client that disconnects or sends invalid data does not affect others.
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
    // An event stream is never idle.
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != mime::EVENTS) {
        client.set_quiet(Some(Instant::now()));
    }
    Ok(response)
}

/// Content types used in several places.
pub mod mime {
    /// Server-sent events.
    pub const EVENTS: &str = "text/event-stream";
}

#[derive(Debug)]
struct Client {
    /// Since when it is idle; `None` while a request is being processed.
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

/// A slot among the open connections, released on drop.
#[derive(Debug)]
struct Slot {
    open: Arc<Open>,
    number: u64,
    client: Arc<Client>,
}

impl Slot {
    /// Acquires a slot; `None` if all others are processing requests.
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
