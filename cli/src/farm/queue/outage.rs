// SPDX-License-Identifier: MPL-2.0

//! What the connection reports while it is used: that it is lost and why, that it is back, and what the server denies.

use crate::farm::repeats::Repeats;
use crate::farm::say;
use crate::media::lock;
use crate::secret::redact;
use async_nats::{Event, ServerAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long it may take to find out why the server does not answer.
const PROBE: Duration = Duration::from_secs(2);

/// Interval between lines while the server is away.
const INTERVAL: Duration = Duration::from_secs(60);

/// State of the connection; a process has one.
static STATE: Mutex<State> = Mutex::new(State { is_closing: false, since: None, said: None, denied: None });

/// Other errors that the server reports.
static ERRORS: Mutex<Option<Repeats>> = Mutex::new(None);

#[derive(Debug)]
struct State {
    /// Whether the program closes the connection.
    is_closing: bool,
    /// Since when it is lost.
    since: Option<Instant>,
    /// The latest cause that was said, and when.
    said: Option<(Instant, String)>,
    /// Which permission the server denies.
    denied: Option<String>,
}

impl State {
    /// The line about a failed attempt to connect, if it is to be said now.
    fn failed(&mut self, now: Instant, server: &str, cause: &str) -> Option<String> {
        let since = self.since?;
        let known = self.said.as_ref().filter(|(_, said)| said == cause).map(|(at, _)| *at);
        if known.is_some_and(|at| now.saturating_duration_since(at) < INTERVAL) {
            return None;
        }
        self.said = Some((now, cause.to_owned()));
        let seconds = now.saturating_duration_since(since).as_secs();
        let time = known.map(|_| format!(" for {seconds} s")).unwrap_or_default();
        Some(format!("the NATS server {server} is away{time}: {cause}; trying to connect again"))
    }

    /// The line about a connection that is back.
    fn back(&mut self, now: Instant, server: &str) -> Option<String> {
        self.said = None;
        let seconds = now.saturating_duration_since(self.since.take()?).as_secs();
        Some(format!("connected again to the NATS server {server} after {seconds} s"))
    }
}

/// Notes that the program closes the connection.
pub fn closing() {
    lock(&STATE).is_closing = true;
}

/// Whether the connection is lost, which was said then.
pub fn is_away() -> bool {
    lock(&STATE).since.is_some()
}

/// Which permission the server denies, with what to do: what needs it can never succeed.
pub fn denied() -> Option<String> {
    lock(&STATE).denied.clone()
}

/// Says or notes what has happened. `shown`: the servers without secrets.
pub async fn event(event: Event, shown: &str, servers: &[ServerAddr]) {
    let line = match event {
        Event::Disconnected => {
            let mut state = lock(&STATE);
            if state.is_closing || state.since.is_some() {
                return;
            }
            state.since = Some(Instant::now());
            Some(format!("the connection to the NATS server {shown} is lost"))
        }
        Event::Connected => lock(&STATE).back(Instant::now(), shown),
        Event::ClientError(error) => {
            let text = error.to_string();
            let mut cause = text.trim_start_matches("nats: ").to_owned();
            // The library keeps the cause to itself.
            if cause.to_lowercase().contains("io error")
                && let Some(found) = probe(servers).await
            {
                cause = found;
            }
            lock(&STATE).failed(Instant::now(), shown, &redact(&cause))
        }
        Event::LameDuckMode => Some("the server is about to stop".to_owned()),
        Event::ServerError(error) => {
            let text = redact(&error.to_string());
            match permission(&text) {
                Some(denied) => {
                    lock(&STATE).denied.get_or_insert(denied);
                    None
                }
                None => lock(&ERRORS).get_or_insert_default().line(&text, &format!("the server: {text}")),
            }
        }
        _ => None,
    };
    if let Some(line) = line {
        say(&line);
    }
}

/// Why no server can be reached, if that is so.
async fn probe(servers: &[ServerAddr]) -> Option<String> {
    let mut cause = None;
    for server in servers {
        let connect = tokio::net::TcpStream::connect((server.host(), server.port()));
        match tokio::time::timeout(PROBE, connect).await {
            Ok(Ok(_)) => return None,
            Ok(Err(error)) => cause = Some(error.to_string()),
            Err(_) => cause = Some("no answer".to_owned()),
        }
    }
    cause
}

/// What to do about a permission, if an error of the server is about one.
fn permission(text: &str) -> Option<String> {
    let at = text.to_lowercase().find("permissions violation")?;
    let violation = text.get(at..)?.trim();
    Some(format!(
        "the NATS server denies this user a permission ({violation}): grant those that are listed under \"Security\" in \
         docs/scale.md"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_said_once_and_then_every_minute() {
        let begun = Instant::now();
        let mut state = State { is_closing: false, since: None, said: None, denied: None };
        assert_eq!(state.failed(begun, "a", "refused"), None);
        assert_eq!(state.back(begun, "a"), None);
        state.since = Some(begun);
        let mut at = |seconds, cause: &str| state.failed(begun + Duration::from_secs(seconds), "a", cause);
        let first = "the NATS server a is away: refused; trying to connect again";
        assert_eq!(at(0, "refused").as_deref(), Some(first));
        assert_eq!((at(1, "refused"), at(59, "refused")), (None, None));
        assert!(at(60, "refused").unwrap().contains("is away for 60 s: refused"));
        assert!(at(61, "authorization violation").unwrap().contains("authorization violation"));
        let back = state.back(begun + Duration::from_secs(70), "a").unwrap();
        assert_eq!(back, "connected again to the NATS server a after 70 s");
    }

    #[test]
    fn a_permission_that_is_denied_is_named() {
        let text = permission("nats: Permissions Violation for Publish to \"$JS.API.INFO\"").unwrap();
        assert!(text.contains("(Permissions Violation for Publish to \"$JS.API.INFO\")"), "{text}");
        assert!(text.contains("docs/scale.md") && permission("nats: slow consumer").is_none());
    }
}
