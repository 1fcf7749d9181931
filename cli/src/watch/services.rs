// SPDX-License-Identifier: MPL-2.0

//! Those who are told what happens on the wall: the history, receivers of notifications, and whoever asks over HTTP.

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

/// All of them, at work.
pub struct Services {
    history: History,
    notify: Arc<Notify>,
    server: Option<Server>,
}

impl Services {
    /// Opens the history and tells receivers of what happens from now on. Nothing is served yet.
    ///
    /// # Errors
    /// When the data folder cannot be used, or a receiver's address.
    pub fn open(config: &Config, wall: &Arc<Wall>) -> Result<Self> {
        let history = History::open(&config.data_dir, wall)?;
        let pages = format!("http://{}", config.listen);
        let notify = Notify::start(config.webhook.as_ref(), config.mqtt.as_ref(), wall, &pages)?;
        Ok(Self { history, notify: Arc::new(notify), server: None })
    }

    /// Serves pages, metrics and all else; gives the address.
    ///
    /// # Errors
    /// When the address is not to be had.
    pub fn serve(&mut self, config: &Config, wall: &Arc<Wall>, control: Arc<dyn Control>) -> Result<SocketAddr> {
        let (health, notify) = (self.history.health().clone(), self.notify.clone());
        let own = Box::new(move || own(&health, &notify));
        let serve = Serve { wall: wall.clone(), history: self.history.reader().clone(), control, own };
        let server = Server::start(config.listen, config.token.as_ref(), serve)?;
        let address = server.address();
        self.server = Some(server);
        Ok(address)
    }

    /// Answers nobody any more.
    pub fn close(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
    }

    /// Tells and writes what is still to be told and written, within about a second, and ends.
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
