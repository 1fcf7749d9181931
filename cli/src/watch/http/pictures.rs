// SPDX-License-Identifier: MPL-2.0

//! Pictures as JPEG.

use super::App;
use super::problem::{Problem, apart};
use crate::watch::wall::NoPicture;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// Header with the arrival time of the frame in RFC 3339 format.
const TAKEN: HeaderName = HeaderName::from_static("iqa-taken");

/// Newest picture of a camera. 204: no picture has arrived yet.
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
    let gone = || Problem::not_found("no such picture");
    let id: i64 = jpeg_of(&file)?.parse().map_err(|_| gone())?;
    let bytes = apart(move || Ok(app.serve.history.picture(id)?)).await?.ok_or_else(gone)?;
    // A number always refers to the same picture.
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
    Ok((headers, bytes).into_response())
}

fn jpeg_of(file: &str) -> Result<&str, Problem> {
    file.strip_suffix(".jpg").ok_or_else(|| Problem::not_found("picture names have the form NAME.jpg"))
}
