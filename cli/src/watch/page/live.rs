// SPDX-License-Identifier: MPL-2.0

//! Changes of a page since the last update.

use super::Pages;
use super::{heading, title};
use crate::watch::event::Event;
use crate::watch::status::Status;
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Captured, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Page being viewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// The wall.
    Wall,
    /// Page of a camera.
    Camera(String),
}

/// Interval for parts that depend on the history.
const PAST: Duration = Duration::from_secs(30);

/// State of an open page.
pub struct Live {
    pages: Arc<Pages>,
    view: View,
    sent: HashMap<String, String>,
    /// Cameras with changes.
    changed: BTreeSet<Arc<str>>,
    everything: bool,
    rearranged: bool,
    past: Option<Instant>,
}

impl Live {
    /// Creates the state of a page that was just opened: the first update contains everything.
    pub fn new(pages: Arc<Pages>, view: View) -> Self {
        let (changed, sent) = (BTreeSet::new(), HashMap::new());
        Self { pages, view, sent, changed, everything: true, rearranged: false, past: None }
    }

    /// Handles an event.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::State { camera, .. } | Event::Score { camera, .. } => {
                self.changed.insert(camera.clone());
            }
            Event::AlarmBegan(alarm) | Event::AlarmAcknowledged(alarm) | Event::AlarmEnded(alarm) => {
                self.changed.insert(alarm.camera.as_str().into());
                self.past = None;
            }
            Event::Reloaded => self.rearranged = true,
        }
    }

    /// Handles missed events.
    pub fn missed(&mut self) {
        self.everything = true;
    }

    /// Whether there may be changes.
    pub fn is_due(&self) -> bool {
        let past = matches!(self.view, View::Camera(_)) && self.past.is_none_or(|at| at.elapsed() > PAST);
        self.everything || self.rearranged || !self.changed.is_empty() || past
    }

    /// Returns the changes as JSON; `None` if there are none.
    ///
    /// # Errors
    /// If rendering fails, which is a bug in this program.
    pub fn tell(&mut self) -> anyhow::Result<Option<String>> {
        if std::mem::take(&mut self.rearranged) {
            // Cameras were added, removed or reordered: the page is reloaded.
            return Ok(Some(serde_json::json!({ "reload": true }).to_string()));
        }
        let changed = std::mem::take(&mut self.changed);
        let everything = std::mem::take(&mut self.everything);
        let parts = match &self.view {
            View::Wall => self.wall(|camera| everything || changed.contains(camera))?,
            View::Camera(name) => {
                if !everything && !changed.contains(name.as_str()) && !self.is_due() {
                    return Ok(None);
                }
                let name = name.clone();
                self.camera(&name)?
            }
        };
        let news: BTreeMap<_, _> = parts.into_iter().filter(|(key, text)| self.sent.get(key) != Some(text)).collect();
        self.sent.extend(news.iter().map(|(key, text)| (key.clone(), text.clone())));
        if news.is_empty() {
            return Ok(None);
        }
        let now = Timestamp::now().as_millisecond();
        Ok(Some(serde_json::json!({ "now": now, "parts": news }).to_string()))
    }

    fn wall(&self, changed: impl Fn(&str) -> bool) -> anyhow::Result<BTreeMap<String, String>> {
        let cameras = self.pages.wall.all();
        let mut parts = Parts::new(&self.pages)?;
        parts.text("title", title(&cameras));
        parts.text("heading", heading(&cameras));
        parts.call("alarms", "alarms", &[Value::from(Serde(self.pages.alarm_lines(&cameras)))])?;
        for camera in cameras.iter().filter(|camera| changed(&camera.about.name)) {
            let tile = self.pages.tile(camera);
            parts.tile(&tile.name, &tile.class, tile.state);
            for part in ["picture", "score", "badges"] {
                parts.call(&format!("{part}-{}", tile.name), part, &[Value::from(Serde(&tile))])?;
            }
        }
        Ok(parts.made)
    }

    fn camera(&mut self, name: &str) -> anyhow::Result<BTreeMap<String, String>> {
        let camera: Option<Status> = self.pages.wall.status(name);
        let Some(camera) = camera else { return Ok(BTreeMap::new()) };
        let context = self.pages.camera_context(&camera);
        let mut parts = Parts::new(&self.pages)?;
        for text in ["title", "heading"] {
            parts.text(text, context.get_attr(text)?.to_string());
        }
        let tile = self.pages.tile(&camera);
        parts.tile(name, &tile.class, tile.state);
        for part in ["notes", "big_picture", "caption", "big_score", "facts"] {
            parts.call(part, part, std::slice::from_ref(&context))?;
        }
        if self.past.is_none_or(|at| at.elapsed() > PAST) {
            self.past = Some(Instant::now());
            let past = self.pages.camera_past(name);
            for part in ["past", "moments"] {
                parts.call(part, part, std::slice::from_ref(&past))?;
            }
        }
        Ok(parts.made)
    }
}

/// Parts of a page: HTML by element name; `title` is text, `tile:NAME` contains state and classes.
struct Parts<'a> {
    templates: Captured<'a>,
    made: BTreeMap<String, String>,
}

impl<'a> Parts<'a> {
    fn new(pages: &'a Pages) -> anyhow::Result<Self> {
        let templates = pages.templates.get_template("parts.html")?.render_captured(())?;
        Ok(Self { templates, made: BTreeMap::new() })
    }

    fn text(&mut self, name: &str, text: String) {
        self.made.insert(name.to_owned(), text);
    }

    fn tile(&mut self, name: &str, class: &str, state: &str) {
        self.text(&format!("tile:{name}"), format!("{state} {class}"));
    }

    fn call(&mut self, name: &str, part: &str, arguments: &[Value]) -> anyhow::Result<()> {
        let html = self.templates.with_state_mut(|state| state.call_macro(part, arguments))?;
        self.text(name, html);
        Ok(())
    }
}
