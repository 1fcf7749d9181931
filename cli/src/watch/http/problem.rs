// SPDX-License-Identifier: MPL-2.0

//! Answers that say what is wrong.

use crate::watch::secret::redact;
use crate::watch::system;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::fmt;

/// What is wrong with a request, or with us: `{"error": "…"}`, without secrets.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    text: String,
}

impl Problem {
    /// With a status and a sentence.
    pub fn new(status: StatusCode, text: impl fmt::Display) -> Self {
        Self { status, text: text.to_string() }
    }

    /// Something that is not there.
    pub fn not_found(text: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }
}

/// What went wrong on our side: the log has it, the answer does not say more than that.
impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        system::warn(format_args!("a request could not be answered: {:#}", error.into()));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "this could not be answered; the log of iqa watch says why")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": redact(&self.text) }))).into_response()
    }
}

/// Does something that takes its time on a thread that may wait.
///
/// # Errors
/// Those of `work`.
pub async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await?
}
