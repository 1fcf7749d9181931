// SPDX-License-Identifier: MPL-2.0

//! Machine-readable API.

use super::App;
use super::problem::{Problem, apart};
use crate::watch::alarm::AlarmId;
use crate::watch::control::Reloaded;
use crate::watch::history::{PastAlarm, PastMoment, Slice};
use crate::watch::metrics;
use crate::watch::status::Status;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// All cameras.
#[derive(Serialize)]
pub struct Cameras {
    /// Time of the response.
    time: Timestamp,
    /// In configuration order.
    cameras: Vec<Status>,
}

/// `GET /api/cameras`.
pub async fn cameras(State(app): State<App>) -> Json<Cameras> {
    Json(Cameras { time: Timestamp::now(), cameras: app.serve.wall.all() })
}

/// Time range.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Range {
    /// 15 minutes in seconds.
    Now,
    /// An hour in slices of ten seconds.
    Hour,
    /// 24 hours in minutes.
    #[default]
    Day,
    /// Seven days in slices of ten minutes.
    Week,
}

impl Range {
    /// Length of the range and of its slices, in seconds.
    fn seconds(self) -> (i64, i64) {
        match self {
            Self::Now => (15 * 60, 1),
            Self::Hour => (3600, 10),
            Self::Day => (24 * 3600, 60),
            Self::Week => (7 * 24 * 3600, 600),
        }
    }
}

/// Parameters of a history request.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    range: Range,
}

/// History of a camera.
#[derive(Serialize)]
pub struct Past {
    /// Start in seconds since 1970.
    from: i64,
    to: i64,
    /// Length of a slice in seconds.
    step: i64,
    slices: Vec<Slice>,
    alarms: Vec<PastAlarm>,
    worst: Vec<PastMoment>,
}

/// `GET /api/history/NAME?range=now|hour|day|week`.
pub async fn history(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Past>, Problem> {
    let (length, step) = asked.range.seconds();
    apart(move || {
        if app.serve.wall.status(&name).is_none() {
            return Err(Problem::not_found("no such camera"));
        }
        let to = Timestamp::now().as_second();
        let from = to - length;
        let history = &app.serve.history;
        let slices = history.slices(&name, from, to, step)?;
        let (alarms, worst) = (history.alarms(&name, from, to)?, history.moments(&name, from)?);
        Ok(Json(Past { from, to, step, slices, alarms, worst }))
    })
    .await
}

/// `POST /api/alarms/ID/ack`.
pub async fn acknowledge(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let gone = || Problem::not_found("no such active alarm");
    let id = AlarmId(id.parse().map_err(|_| gone())?);
    let alarm = apart(move || app.serve.wall.acknowledge(id).ok_or_else(gone)).await?;
    Ok(Json(&*alarm).into_response())
}

/// `POST /api/reload`.
pub async fn reload(State(app): State<App>) -> Result<Json<Reloaded>, Problem> {
    let reloaded = apart(move || Ok(app.serve.control.reload())).await?;
    reloaded.map(Json).map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error))
}

/// `GET /metrics`.
pub async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = metrics::text(&app.serve.wall.all(), &(app.serve.own)())?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

/// `GET /healthz`: the process responds.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the cameras have been set up.
pub async fn readyz(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.serve.wall.all().is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, "no cameras yet\n");
    }
    (StatusCode::OK, "ready\n")
}
