// SPDX-License-Identifier: MPL-2.0

//! Server-sent events.
//!
//! Programs get every event as JSON: `event: score`, `state`, `alarm-began` and so on; `event: missed` means that the
//! reader was too slow for some and should request `/api/cameras` again. Pages use `?view=wall` or
//! `?view=camera&name=NAME` and get the parts that have changed. Both get `event: time` every two seconds.

use super::App;
use super::connections::over;
use super::problem::Problem;
use crate::watch::event::Event;
use crate::watch::page::{Live, View};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{self, Sse};
use jiff::Timestamp;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};

/// Interval of `time` events: a page that misses several of them has lost its server.
const BEAT: Duration = Duration::from_secs(2);

/// How long changes of a page are collected.
const GATHER: Duration = Duration::from_millis(250);

/// Maximum number of events queued for a reader.
const WAITING: usize = 16;

/// Parameters of an event request.
#[derive(Debug, Deserialize)]
pub struct Asked {
    view: Option<String>,
    name: Option<String>,
}

type Reader = mpsc::Sender<sse::Event>;

/// `GET /api/events`.
pub async fn events(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<([(&'static str, &'static str); 1], Sse<impl Stream<Item = Result<sse::Event, Infallible>>>), Problem> {
    let view = match (asked.view.as_deref(), asked.name) {
        (None, _) => None,
        (Some("wall"), _) => Some(View::Wall),
        (Some("camera"), Some(name)) if app.serve.wall.status(&name).is_some() => Some(View::Camera(name)),
        (Some("camera"), _) => return Err(Problem::not_found("no such camera")),
        (Some(_), _) => return Err(Problem::new(StatusCode::BAD_REQUEST, "unknown view: use wall or camera")),
    };
    let Ok(place) = app.viewers.clone().try_acquire_owned() else {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many viewers: try again later"));
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let _place = place;
        let news = app.serve.wall.subscribe();
        // A disconnected reader or a stopping server ends the stream wherever it waits.
        tokio::select! {
            _ = tell(&app, view, news, &sender) => {}
            () = sender.closed() => {}
            () = over(app.ending.clone()) => {}
        }
    });
    // Proxies must not buffer events.
    Ok(([("x-accel-buffering", "no")], Sse::new(ReceiverStream::new(receiver).map(Ok))))
}

/// Sends events until the reader disconnects.
async fn tell(app: &App, view: Option<View>, mut news: Receiver<Event>, reader: &Reader) -> Option<()> {
    let mut live = view.map(|view| Live::new(app.pages.clone(), view));
    let mut beat = interval(BEAT);
    let mut due = live.is_some().then(Instant::now);
    loop {
        tokio::select! {
            happened = news.recv() => match (happened, &mut live) {
                (Ok(event), Some(live)) => {
                    live.take(&event);
                    due.get_or_insert_with(|| Instant::now() + GATHER);
                }
                (Ok(event), None) => reader.send(as_json(&event)?).await.ok()?,
                (Err(RecvError::Lagged(_)), Some(live)) => live.missed(),
                (Err(RecvError::Lagged(_)), None) => {
                    reader.send(sse::Event::default().event("missed").data("{}")).await.ok()?;
                }
                (Err(RecvError::Closed), _) => return None,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                due = None;
                let mut open = live.take()?;
                let (open, told) = tokio::task::spawn_blocking(move || {
                    let told = open.tell();
                    (open, told)
                }).await.ok()?;
                live = Some(open);
                if let Some(text) = told.ok()? {
                    reader.send(sse::Event::default().event("parts").data(text)).await.ok()?;
                }
            }
            _ = beat.tick() => {
                let now = Timestamp::now().as_millisecond().to_string();
                reader.send(sse::Event::default().event("time").data(now)).await.ok()?;
                if live.as_ref().is_some_and(Live::is_due) {
                    due.get_or_insert_with(Instant::now);
                }
            }
        }
    }
}

fn as_json(event: &Event) -> Option<sse::Event> {
    let value = serde_json::to_value(event).ok()?;
    let name = value.get("event").and_then(|name| name.as_str()).unwrap_or("event").to_owned();
    Some(sse::Event::default().event(name).data(value.to_string()))
}
