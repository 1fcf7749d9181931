// SPDX-License-Identifier: MPL-2.0

//! Page of a camera.

use super::Pages;
use super::tile::{Tile, low_limit};
use super::times::{Shown, count, span};
use crate::watch::alarm::AlarmKind;
use crate::watch::history::{PastAlarm, PastMoment, Slice};
use crate::watch::status::{State, Status};
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Value, context};
use onnx_iqa::stats::{FieldRange, Pool};
use serde::Serialize;

/// Line of the alarm table.
#[derive(Debug, Serialize)]
struct Line {
    began: Shown,
    ended: Option<Shown>,
    kind: String,
    lowest: Option<String>,
    text: String,
    picture: Option<i64>,
}

/// Picture of a bad moment.
#[derive(Debug, Serialize)]
struct Moment {
    at: Shown,
    score: String,
    picture: Option<i64>,
}

impl Pages {
    /// Renders the page of a camera; `None` if it does not exist.
    ///
    /// # Errors
    /// If rendering fails, which is a bug in this program.
    pub fn camera(&self, name: &str) -> anyhow::Result<Option<String>> {
        let Some(camera) = self.wall.status(name) else { return Ok(None) };
        let page = self.templates.get_template("camera.html")?;
        let history = self.camera_past(name);
        let common = self.common(std::slice::from_ref(&camera));
        let shared = context! { ..self.camera_context(&camera), ..common };
        let context = context! { history, ..shared };
        Ok(Some(page.render(context)?))
    }

    /// Data of the page and its parts.
    pub(super) fn camera_context(&self, camera: &Status) -> Value {
        let day = self.day(&camera.about.name);
        let tile = Tile::new(camera, &day, &self.clock);
        let heading = heading(camera, &tile);
        let title = format!("{} · {} · iqa watch", tile.name, tile.word);
        let size = camera.size.map(|[width, height]| format!("{width} × {height}"));
        let format: Vec<_> = size.into_iter().chain(camera.codec.clone()).collect();
        let settings: Vec<_> = camera
            .about
            .alarms
            .iter()
            .map(|(kind, limit)| {
                let says = if *kind == AlarmKind::Low { limit.map(|limit| format!("below {limit}")) } else { None };
                context! { kind => kind.name(), says => says.unwrap_or_else(|| "on".to_owned()) }
            })
            .collect();
        let off: Vec<_> = AlarmKind::ALL.into_iter().filter(|kind| !camera.about.alarms.contains_key(kind)).collect();
        context! {
            title, heading, tile => Value::from(Serde(tile)),
            format => format.join(", "),
            limit => low_limit(camera).map(|limit| limit.to_string()),
            facts => Value::from(Serde(facts(camera, &day))),
            model => camera.about.model.clone(), hash => camera.about.model_hash.clone(),
            address => camera.about.address.clone(),
            interval => camera.about.interval.to_string(),
            settings,
            off => off.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        }
    }

    /// Parts that depend on the history: alarms and worst moments of the last 24 hours.
    pub(super) fn camera_past(&self, name: &str) -> Value {
        let now = Timestamp::now().as_second();
        let from = now - 24 * 3600;
        let alarms = self.history.alarms(name, from, now + 1);
        let moments = self.history.moments(name, from);
        let unread = alarms.is_err() || moments.is_err();
        let alarms: Vec<_> = alarms.unwrap_or_default().into_iter().map(|alarm| self.line(alarm)).collect();
        let moments: Vec<_> = moments.unwrap_or_default().into_iter().map(|moment| self.moment(&moment)).collect();
        context! { past => Value::from(Serde(alarms)), moments => Value::from(Serde(moments)), unread }
    }

    fn line(&self, alarm: PastAlarm) -> Line {
        Line {
            began: self.clock.time(alarm.began),
            ended: alarm.ended.map(|at| self.clock.time(at)),
            lowest: alarm.lowest.map(|score| format!("{score:.1}")),
            kind: alarm.kind,
            text: alarm.text,
            picture: alarm.picture,
        }
    }

    fn moment(&self, moment: &PastMoment) -> Moment {
        Moment { at: self.clock.time(moment.at), score: format!("{:.1}", moment.score), picture: moment.picture }
    }
}

/// Summary sentence.
fn heading(camera: &Status, tile: &Tile) -> String {
    let name = &tile.name;
    let since = &tile.since.clock;
    let reason = camera.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let worst = tile.alarms.first();
    match (camera.state, worst) {
        (State::Live, None) => match &tile.score {
            Some(score) => format!("{name} is live and scores {}", score.text),
            None => format!("{name} is live"),
        },
        (State::Live, Some(alarm)) if alarm.kind == AlarmKind::Low.name() => {
            let score = tile.score.as_ref().map(|score| format!("{} ", score.text)).unwrap_or_default();
            format!("{name} is live, but its picture is poor: {score}since {}", alarm.since.clock)
        }
        (State::Live, Some(alarm)) => {
            format!("{name} is live, but its picture is {} since {}", alarm.kind, alarm.since.clock)
        }
        (State::Connecting, _) => format!("{name} is connecting{reason}"),
        (State::Stale, _) => format!("{name} is stale since {since}{reason}"),
        (State::Offline, _) => format!("{name} is offline since {since}{reason}"),
        (State::Error, _) => format!("{name} cannot be watched{reason}"),
        (State::Disabled, _) => format!("{name} is disabled in the configuration"),
    }
}

/// Names and values shown beside the picture.
fn facts(camera: &Status, day: &[Slice]) -> Vec<(&'static str, String)> {
    let mut pool = Pool::new(FieldRange::SCORE);
    day.iter().filter_map(Slice::mean).for_each(|mean| pool.push(mean));
    let mut sum = Slice::default();
    day.iter().for_each(|slice| sum += *slice);
    let hour = Timestamp::now().as_second() - 3600;
    let lost_lately: u64 = day.iter().filter(|slice| slice.at >= hour).map(|slice| slice.lost).sum();
    let scores = match (sum.mean(), sum.lowest, pool.percentile(5.0)) {
        (Some(mean), Some(lowest), Some(p5)) => {
            format!("mean {mean:.1} · p5 of minutes {p5:.1} · min {lowest:.1}")
        }
        _ => "nothing scored".to_owned(),
    };
    let counters = &camera.counters;
    vec![
        ("24 hours", scores),
        ("Live", format!("{} of {} known", span(i64::from(sum.live)), span(i64::from(sum.known)))),
        ("Packets lost", format!("{} in 24 hours, {} in the last hour", count(sum.lost), count(lost_lately))),
        ("Reconnects", format!("{} in 24 hours", count(sum.reconnects))),
        ("Scored", format!("{} of {} frames since the start", count(counters.scored), count(counters.frames))),
    ]
}
