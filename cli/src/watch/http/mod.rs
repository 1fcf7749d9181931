// SPDX-License-Identifier: MPL-2.0

//! HTTP server: web interface and API.
//!
//! | path | what |
//! |---|---|
//! | `GET /`, `GET /camera/NAME` | the wall, a camera ([`page`](super::page)) |
//! | `GET /api/cameras`, `GET /api/history/NAME` | status and history as JSON |
//! | `GET /api/events` | server-sent events |
//! | `POST /api/alarms/ID/ack`, `POST /api/reload` | acknowledge an alarm; reload the configuration |
//! | `GET /snapshot/NAME.jpg`, `GET /picture/NUMBER.jpg` | the newest picture of a camera, a picture of the history |
//! | `GET /metrics` | for Prometheus |
//! | `GET /healthz`, `GET /readyz` | for supervisors; the only ones that need no token |
//! | `GET /login`, `POST /login` | a cookie for the token |
//!
//! [`connections`] limits clients, [`access`] and [`guard`] control access. Names in paths are looked up among cameras
//! and numbers and never used as file names.

mod access;
mod api;
mod connections;
mod events;
mod guard;
mod login;
mod pages;
mod pictures;
mod problem;
#[cfg(test)]
mod tests;

use super::control::Control;
use super::history::Reader;
use super::metrics::Own;
use super::page::Pages;
use super::wall::Wall;
use crate::secret::Secret;
use access::Access;
use anyhow::Context as _;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use connections::Limits;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

/// Maximum size of a request body.
const BODY: usize = 4096;

/// Maximum number of concurrent event streams.
const VIEWERS: usize = 64;

/// Maximum number of logins checked concurrently.
const LOGINS: usize = 4;

/// How long the last responses may take when the server stops.
const FAREWELL: Duration = Duration::from_millis(1200);

/// Content of the server.
pub struct Serve {
    /// All cameras.
    pub wall: Arc<Wall>,
    /// The history.
    pub history: Arc<Reader>,
    /// The running program.
    pub control: Arc<dyn Control>,
    /// Internal counters.
    pub own: Box<dyn Fn() -> Own + Send + Sync>,
}

/// State shared by all handlers.
#[derive(Clone)]
struct App(Arc<Shared>);

struct Shared {
    serve: Serve,
    access: Access,
    pages: Arc<Pages>,
    viewers: Arc<Semaphore>,
    logins: Semaphore,
    ending: watch::Receiver<bool>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The running server with its own threads.
pub struct Server {
    address: SocketAddr,
    ending: watch::Sender<bool>,
    runtime: Runtime,
}

impl Server {
    /// Starts to serve on an address.
    ///
    /// # Errors
    /// If the address is not available, or is reachable from other machines without a sufficient token.
    pub fn start(listen: SocketAddr, token: Option<&Secret>, serve: Serve) -> anyhow::Result<Self> {
        Self::limited(listen, token, serve, Limits::default())
    }

    fn limited(listen: SocketAddr, token: Option<&Secret>, serve: Serve, limits: Limits) -> anyhow::Result<Self> {
        let access = Access::new(listen.ip(), token.map(Secret::reveal))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(8)
            .thread_name("http")
            .enable_all()
            .build()
            .context("cannot start the HTTP server")?;
        let listener = runtime.block_on(TcpListener::bind(listen)).with_context(|| {
            format!("listen = {listen}: the address is not available; is another iqa watch running?")
        })?;
        let address = listener.local_addr().context("the server has no address")?;
        let (ending, is_ending) = watch::channel(false);
        let app = App(Arc::new(Shared {
            pages: Arc::new(Pages::new(serve.wall.clone(), serve.history.clone())?),
            serve,
            access,
            viewers: Arc::new(Semaphore::new(VIEWERS)),
            logins: Semaphore::new(LOGINS),
            ending: is_ending.clone(),
        }));
        runtime.spawn(connections::accept(listener, router(app), limits, is_ending));
        Ok(Self { address, ending, runtime })
    }

    /// Address on which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server after the current responses have been sent, or after a second.
    pub fn stop(self) {
        self.ending.send_replace(true);
        self.runtime.shutdown_timeout(FAREWELL);
    }
}

fn router(app: App) -> Router {
    Router::new()
        .route("/", get(pages::wall))
        .route("/camera/{name}", get(pages::camera))
        .route("/assets/{name}", get(pages::asset))
        .route("/login", get(login::page).post(login::login))
        .route("/api/cameras", get(api::cameras))
        .route("/api/events", get(events::events))
        .route("/api/history/{name}", get(api::history))
        .route("/api/alarms/{id}/ack", post(api::acknowledge))
        .route("/api/reload", post(api::reload))
        .route("/snapshot/{file}", get(pictures::snapshot))
        .route("/picture/{file}", get(pictures::picture))
        .route("/metrics", get(api::metrics))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .fallback(pages::missing)
        .method_not_allowed_fallback(pages::not_allowed)
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(guard::in_time))
        .layer(from_fn(guard::headers))
        .with_state(app)
}
