// SPDX-License-Identifier: MPL-2.0

//! Pictures as JPEG.

use super::App;
use super::problem::{Problem, apart};
use crate::watch::wall::NoPicture;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// When the picture's frame came, by RFC 3339.
const TAKEN: HeaderName = HeaderName::from_static("iqa-taken");

/// The newest picture of a camera. 204: none has come yet.
pub async fn snapshot(State(app): State<App>, Path(file): Path<String>) -> Result<Response, Problem> {
    let name = jpeg_of(&file)?.to_owned();
    let taken = apart(move || Ok(app.serve.wall.snapshot(&name))).await?;
    match taken {
        Ok(jpeg) => {
            let kind = (header::CONTENT_TYPE, "image/jpeg".to_owned());
            let headers = [kind, (TAKEN, jpeg.taken.wall.to_string())];
            Ok((headers, Bytes::copy_from_slice(&jpeg.bytes)).into_response())
        }
        Err(NoPicture::None) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error @ NoPicture::Unknown) => Err(Problem::not_found(error)),
        Err(error @ NoPicture::Failed(_)) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error)),
    }
}

/// A picture of the history.
pub async fn picture(State(app): State<App>, Path(file): Path<String>) -> Result<Response, Problem> {
    let gone = || Problem::not_found("there is no such picture (any more)");
    let id: i64 = jpeg_of(&file)?.parse().map_err(|_| gone())?;
    let bytes = apart(move || Ok(app.serve.history.picture(id)?)).await?.ok_or_else(gone)?;
    // A number's picture never becomes another one.
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
    Ok((headers, bytes).into_response())
}

fn jpeg_of(file: &str) -> Result<&str, Problem> {
    file.strip_suffix(".jpg").ok_or_else(|| Problem::not_found("pictures are called NAME.jpg"))
}
