// SPDX-License-Identifier: MPL-2.0

//! Services that follow the wall: history, notifications and HTTP server.

use super::config::Config;
use super::control::Control;
use super::history::{Health, History};
use super::http::{Serve, Server};
use super::metrics::Own;
use super::notify::Notify;
use super::wall::Wall;
use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

/// Running services.
pub struct Services {
    history: History,
    notify: Arc<Notify>,
    server: Option<Server>,
}

impl Services {
    /// Opens the history and starts notifications. The HTTP server is started separately.
    ///
    /// # Errors
    /// If the data folder or a receiver's address cannot be used.
    pub fn open(config: &Config, wall: &Arc<Wall>) -> Result<Self> {
        let history = History::open(&config.data_dir, wall)?;
        let pages = format!("http://{}", config.listen);
        let notify = Notify::start(config.webhook.as_ref(), config.mqtt.as_ref(), wall, &pages)?;
        Ok(Self { history, notify: Arc::new(notify), server: None })
    }

    /// Starts the HTTP server and returns its address.
    ///
    /// # Errors
    /// If the address is not available.
    pub fn serve(&mut self, config: &Config, wall: &Arc<Wall>, control: Arc<dyn Control>) -> Result<SocketAddr> {
        let (health, notify) = (self.history.health().clone(), self.notify.clone());
        let own = Box::new(move || own(&health, &notify));
        let serve = Serve { wall: wall.clone(), history: self.history.reader().clone(), control, own };
        let server = Server::start(config.listen, config.token.as_ref(), serve)?;
        let address = server.address();
        self.server = Some(server);
        Ok(address)
    }

    /// Stops the HTTP server.
    pub fn close(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }

    /// Sends pending notifications and writes pending data within about a second, and stops.
    pub fn stop(mut self) {
        self.close();
        let Self { history, notify, .. } = self;
        thread::scope(|scope| {
            scope.spawn(|| history.stop());
            notify.stop();
        });
    }
}

fn own(health: &Health, notify: &Notify) -> Own {
    Own {
        history_up: !health.down.load(Ordering::Relaxed),
        history_errors: health.errors.load(Ordering::Relaxed),
        history_lost: health.lost.load(Ordering::Relaxed),
        notifications: notify.counts(),
    }
}
