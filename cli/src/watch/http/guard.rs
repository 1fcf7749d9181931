// SPDX-License-Identifier: MPL-2.0

//! Middleware for every request and response.

use super::App;
use super::access::{self, Access, COOKIE};
use super::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::time::{Duration, SystemTime};

/// Timeout for the start of a response, including the request body.
const ANSWER: Duration = Duration::from_secs(20);

/// Pages cannot load or be embedded in content of other hosts, and intermediate caches store nothing.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; \
         connect-src 'self'; form-action \
         'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds the default headers, unless a handler has set them.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Cancels requests that take too long, for example because the body arrives slowly.
pub async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(StatusCode::REQUEST_TIMEOUT, "the request took too long").into_response(),
    }
}

/// How a client has authenticated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Not required.
    Nothing,
    Bearer,
    Cookie,
}

/// Admits authorized requests.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if matches!(path, "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let headers = request.headers();
    let host = text(headers, &header::HOST).unwrap_or_default();
    if matches!(app.access, Access::Loopback) && !access::names_loopback(host) {
        let text = "without token-file this server only answers requests for localhost or 127.0.0.1";
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let shown = shown(&app.access, headers);
    if shown.is_none() && path != "/login" {
        return ask_for_login(&request);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let (origin, site) = (text(headers, &header::ORIGIN), headers.get("sec-fetch-site"));
        let site = site.map(|site| site.to_str().unwrap_or("unknown"));
        // With a cookie, browsers must state the origin of the request.
        let silent = shown == Some(Shown::Cookie) && origin.is_none() && site.is_none();
        if silent || !access::is_own_page(host, origin, site) {
            let text = "cross-site request rejected; a proxy must forward the Host header";
            return Problem::new(StatusCode::FORBIDDEN, text).into_response();
        }
    }
    next.run(request).await
}

/// How the client has authenticated, if at all.
fn shown(access: &Access, headers: &HeaderMap) -> Option<Shown> {
    if matches!(access, Access::Loopback) {
        return Some(Shown::Nothing);
    }
    let bearer = text(headers, &header::AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    if bearer.is_some_and(|token| access.is_token(token)) {
        return Some(Shown::Bearer);
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = cookies.flat_map(|all| all.split(';')).filter_map(|one| one.trim().split_once('='));
    let now = SystemTime::now();
    ours.any(|(name, value)| name == COOKIE && access.is_login(value, now)).then_some(Shown::Cookie)
}

/// Redirects browsers to the login page; programs get an error.
fn ask_for_login(request: &Request) -> Response {
    let headers = request.headers();
    let browses = text(headers, &header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html"));
    if browses && request.method() == Method::GET {
        let to = percent_encoding::utf8_percent_encode(request.uri().path(), percent_encoding::NON_ALPHANUMERIC);
        return Redirect::to(&format!("/login?to={to}")).into_response();
    }
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "token required: Authorization: Bearer …");
    ([(header::WWW_AUTHENTICATE, "Bearer realm=\"iqa watch\"")], problem).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // A header that is not text matches nothing.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
