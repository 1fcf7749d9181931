// SPDX-License-Identifier: MPL-2.0

//! Web pages: a wall of all cameras, and a page per camera.
//!
//! The pages are static HTML from templates. Everything that changes is in parts, which are macros in `parts.html`: a
//! page contains all of them when opened, and events deliver those that have changed ([`Live`]). The script inserts
//! them, updates ages, loads visible pictures and draws the curves.

mod camera;
mod live;
mod spark;
#[cfg(test)]
mod tests;
mod tile;
mod times;

pub use live::{Live, View};

use super::history::{Reader, Slice};
use super::status::{State, Status};
use super::wall::Wall;
use crate::media::lock;
use base64::Engine as _;
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tile::{AlarmLine, Tile, state_words};
use times::Clock;

/// How long a day's curve is cached.
const FRESH: Duration = Duration::from_secs(60);

const TEMPLATES: [(&str, &str); 6] = [
    ("icons.html", include_str!("../../../assets/icons.html")),
    ("frame.html", include_str!("../../../assets/watch/frame.html")),
    ("parts.html", include_str!("../../../assets/watch/parts.html")),
    ("wall.html", include_str!("../../../assets/watch/wall.html")),
    ("camera.html", include_str!("../../../assets/watch/camera.html")),
    ("login.html", include_str!("../../../assets/watch/login.html")),
];
const TOKENS: &str = include_str!("../../../assets/tokens.css");
const STYLE: &str = include_str!("../../../assets/watch/watch.css");
const LOGIN_STYLE: &str =
    concat!(include_str!("../../../assets/tokens.css"), include_str!("../../../assets/watch/watch.css"));

/// Assets by name: content type and text.
const ASSETS: [(&str, &str, &[&str]); 3] = [
    ("watch.css", "text/css; charset=utf-8", &[TOKENS, include_str!("../../../assets/uPlot.min.css"), STYLE]),
    ("watch.js", "text/javascript; charset=utf-8", &[include_str!("../../../assets/watch/watch.js")]),
    (
        "camera.js",
        "text/javascript; charset=utf-8",
        &[include_str!("../../../assets/uPlot.iife.min.js"), "\n", include_str!("../../../assets/watch/camera.js")],
    ),
];

/// Minutes of a day, and when they were read.
type Day = (Instant, Arc<Vec<Slice>>);

/// Renders the pages.
pub struct Pages {
    wall: Arc<Wall>,
    history: Arc<Reader>,
    templates: Environment<'static>,
    clock: Clock,
    days: Mutex<HashMap<String, Day>>,
    /// Changes with the content of [`ASSETS`], so that a browser never mixes versions.
    version: String,
}

impl Pages {
    /// Creates the pages for a wall.
    ///
    /// # Errors
    /// If a template is invalid, which is a bug in this program.
    pub fn new(wall: Arc<Wall>, history: Arc<Reader>) -> anyhow::Result<Self> {
        let mut templates = Environment::new();
        for (name, text) in TEMPLATES {
            templates.add_template(name, text)?;
        }
        let mut hash = Sha256::new();
        ASSETS.iter().flat_map(|(_, _, texts)| *texts).for_each(|text| hash.update(text));
        let version = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash.finalize()[..9]);
        Ok(Self { wall, history, templates, clock: Clock::system(), days: Mutex::default(), version })
    }

    /// An asset: content type and text.
    pub fn asset(name: &str) -> Option<(&'static str, String)> {
        let (_, kind, texts) = ASSETS.iter().find(|(of, ..)| *of == name)?;
        Some((kind, texts.concat()))
    }

    /// Renders the wall.
    ///
    /// # Errors
    /// If rendering fails, which is a bug in this program.
    pub fn wall(&self) -> anyhow::Result<String> {
        let cameras = self.wall.all();
        let tiles: Vec<_> = cameras.iter().map(|camera| self.tile(camera)).collect();
        let states = State::ALL.map(|state| {
            let (word, icon, tone) = state_words(state);
            let count = cameras.iter().filter(|camera| camera.state == state).count();
            context! { name => state.name(), word, icon, tone, count }
        });
        let mut tags: Vec<_> = tiles.iter().flat_map(|tile| tile.tags.clone()).collect();
        tags.sort();
        tags.dedup();
        let page = self.templates.get_template("wall.html")?;
        Ok(page.render(context! {
            title => title(&cameras), heading => heading(&cameras), tiles => Value::from(Serde(tiles)), states, tags,
            alarms => Value::from(Serde(self.alarm_lines(&cameras))),
            ..self.common(&cameras)
        })?)
    }

    /// Renders the login page; also returns the content security policy that allows its inline style.
    ///
    /// # Errors
    /// If rendering fails, which is a bug in this program.
    pub fn login(&self, to: &str, wrong: bool) -> anyhow::Result<(String, String)> {
        let style = Value::from_safe_string(LOGIN_STYLE.to_owned());
        let page = self.templates.get_template("login.html")?.render(context! { style, to, wrong })?;
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(LOGIN_STYLE));
        let policy = format!(
            "default-src 'none'; img-src data:; style-src 'sha256-{hash}'; form-action 'self'; base-uri \
             'none'; frame-ancestors 'none'"
        );
        Ok((page, policy))
    }

    /// Data common to all pages.
    fn common(&self, cameras: &[Status]) -> Value {
        let mut models: Vec<_> = cameras
            .iter()
            .filter_map(|camera| Some((camera.about.model.clone()?, camera.about.model_hash.clone())))
            .collect();
        models.sort();
        models.dedup();
        let models: Vec<_> = models.into_iter().map(|(name, hash)| context! { name, hash }).collect();
        let now = self.clock.time(Timestamp::now());
        context! {
            version => self.version.clone(), program => env!("CARGO_PKG_VERSION"), zone => self.clock.zone(),
            now => Value::from(Serde(now)), models,
        }
    }

    /// Active alarms, by camera in configuration order.
    fn alarm_lines(&self, cameras: &[Status]) -> Vec<AlarmLine> {
        cameras.iter().flat_map(|camera| AlarmLine::all(camera, &self.clock)).collect()
    }

    fn tile(&self, camera: &Status) -> Tile {
        Tile::new(camera, &self.day(&camera.about.name), &self.clock)
    }

    /// Minutes of a camera's last 24 hours, at most one minute old; empty if the history cannot be read.
    fn day(&self, camera: &str) -> Arc<Vec<Slice>> {
        let mut days = lock(&self.days);
        if let Some((read, day)) = days.get(camera)
            && read.elapsed() < FRESH
        {
            return day.clone();
        }
        // Removed cameras are dropped.
        days.retain(|_, (read, _)| read.elapsed() < FRESH * 10);
        let now = Timestamp::now().as_second();
        let day = Arc::new(self.history.slices(camera, now - 24 * 3600, now + 60, 60).unwrap_or_default());
        days.insert(camera.to_owned(), (Instant::now(), day.clone()));
        day
    }
}

/// Numbers of active and of acknowledged alarms.
fn alarms(cameras: &[Status]) -> (usize, usize) {
    let all = || cameras.iter().flat_map(|camera| &camera.alarms);
    (all().count(), all().filter(|alarm| alarm.acknowledged.is_some()).count())
}

fn plural(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Summary sentence of the wall.
fn heading(cameras: &[Status]) -> String {
    let live = cameras.iter().filter(|camera| camera.state == State::Live).count();
    let said = match alarms(cameras) {
        (0, _) => "no alarms".to_owned(),
        (all, 0) => plural(all, "alarm"),
        (all, seen) if all == seen => format!("{}, acknowledged", plural(all, "alarm")),
        (all, seen) => format!("{}, {seen} of them acknowledged", plural(all, "alarm")),
    };
    let verb = if cameras.len() == 1 { "camera is" } else { "cameras are" };
    format!("{live} of {} {verb} live; {said}", cameras.len())
}

/// Window title: unacknowledged alarms first.
fn title(cameras: &[Status]) -> String {
    let (all, seen) = alarms(cameras);
    let loud = if all > seen { format!("{} · ", plural(all - seen, "alarm")) } else { String::new() };
    format!("{loud}{} · iqa watch", plural(cameras.len(), "camera"))
}
