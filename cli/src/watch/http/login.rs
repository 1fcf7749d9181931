// SPDX-License-Identifier: MPL-2.0

//! Login with the token, which sets a cookie.

use super::App;
use super::access::{COOKIE, LOGIN_HOLDS};
use super::pages::html;
use super::problem::Problem;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::time::{Duration, SystemTime};

/// Delay after a wrong token.
const WRONG: Duration = Duration::from_millis(500);

/// Path requested before the login.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    to: String,
}

/// Form data.
#[derive(Deserialize)]
pub struct Given {
    token: String,
    #[serde(default)]
    to: String,
}

/// Login form.
pub async fn page(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    Ok(form(&app, StatusCode::OK, own_path(&asked.to), false)?)
}

/// Checks the token and sets the cookie.
pub async fn login(State(app): State<App>, headers: HeaderMap, Form(given): Form<Given>) -> Result<Response, Problem> {
    let Ok(_turn) = app.logins.try_acquire() else {
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many logins: try again later"));
    };
    let to = own_path(&given.to);
    if !app.access.is_token(&given.token) {
        tokio::time::sleep(WRONG).await;
        return Ok(form(&app, StatusCode::UNAUTHORIZED, to, true)?);
    }
    let Some(login) = app.access.login(SystemTime::now()) else { return Ok(Redirect::to(to).into_response()) };
    let encrypted = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if encrypted { "; Secure" } else { "" };
    let age = LOGIN_HOLDS.as_secs();
    let cookie = format!("{COOKIE}={login}; Path=/; Max-Age={age}; SameSite=Strict; HttpOnly{secure}");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

/// The login page has inline style, because no other file is served without authentication.
fn form(app: &App, status: StatusCode, to: &str, wrong: bool) -> anyhow::Result<Response> {
    let (page, policy) = app.pages.login(to, wrong)?;
    Ok((status, [(header::CONTENT_SECURITY_POLICY, policy)], html(page)).into_response())
}

/// Limits a path to this server.
fn own_path(asked: &str) -> &str {
    let own = asked.starts_with('/')
        && !asked.starts_with("//")
        && asked.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte));
    if own { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for own in ["/", "/camera/yard", "/camera/a.b-c_d"] {
            assert_eq!(own_path(own), own);
        }
        for other in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a?b", "/%2f", "evil", "/\r\n"]
        {
            assert_eq!(own_path(other), "/", "{other:?}");
        }
    }
}
