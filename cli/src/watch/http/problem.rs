// SPDX-License-Identifier: MPL-2.0

//! Error responses.

use crate::secret::redact;
use crate::watch::system;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::fmt;

/// An error response without secrets: `{"error": "…"}`.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    text: String,
}

impl Problem {
    /// Creates a response with a status and a text.
    pub fn new(status: StatusCode, text: impl fmt::Display) -> Self {
        Self { status, text: text.to_string() }
    }

    /// Creates a response for a missing resource.
    pub fn not_found(text: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }
}

/// Creates a response for an internal error, which is logged but not disclosed.
impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        system::warn(format_args!("failed to handle a request: {:#}", error.into()));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error; see the log of iqa watch")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": redact(&self.text) }))).into_response()
    }
}

/// Runs blocking work on a thread that may block.
///
/// # Errors
/// Errors returned by `work`.
pub async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await?
}
