// SPDX-License-Identifier: MPL-2.0

//! Pages of the web interface.

use super::App;
use super::problem::{Problem, apart};
use crate::watch::page::Pages;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// Caching of assets: their URL changes with their content.
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// `GET /`.
pub async fn wall(State(app): State<App>) -> Result<Response, Problem> {
    Ok(html(apart(move || Ok(app.pages.wall()?)).await?))
}

/// `GET /camera/NAME`.
pub async fn camera(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let page = apart(move || Ok(app.pages.camera(&name)?)).await?;
    page.map(html).ok_or_else(|| Problem::not_found("no such camera"))
}

/// `GET /assets/NAME`.
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let (kind, text) = Pages::asset(&name).ok_or_else(|| Problem::not_found("no such file"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, KEEP)], text).into_response())
}

/// Unknown paths.
pub async fn missing() -> Problem {
    Problem::not_found("not found")
}

/// Known paths with another method.
pub async fn not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
}

/// An HTML response.
pub fn html(page: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}
