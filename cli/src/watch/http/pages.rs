// SPDX-License-Identifier: MPL-2.0

//! Pages for people.

use super::App;
use super::problem::{Problem, apart};
use crate::watch::page::Pages;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// How long a browser may keep what pages load: their address changes with what they hold.
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// `GET /`
pub async fn wall(State(app): State<App>) -> Result<Response, Problem> {
    Ok(html(apart(move || Ok(app.pages.wall()?)).await?))
}

/// `GET /camera/NAME`
pub async fn camera(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let page = apart(move || Ok(app.pages.camera(&name)?)).await?;
    page.map(html).ok_or_else(|| Problem::not_found("there is no camera of this name"))
}

/// `GET /assets/NAME`
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let (kind, text) = Pages::asset(&name).ok_or_else(|| Problem::not_found("there is nothing of this name"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, KEEP)], text).into_response())
}

/// Whatever is not there.
pub async fn missing() -> Problem {
    Problem::not_found("there is nothing here")
}

/// Whatever is there for others.
pub async fn not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this is not for that method")
}

/// A page.
pub fn html(page: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}
