// SPDX-License-Identifier: MPL-2.0

//! Lines that are true again and again: each is said once, and then at most every minute with a count.

use crate::media::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Shortest time between two lines of the same kind.
const INTERVAL: Duration = Duration::from_secs(60);

/// Time after which a line that has not come again is said as if it were new.
const FORGOTTEN: Duration = Duration::from_secs(150);

/// Maximum number of kinds that are remembered.
const MOST: usize = 256;

/// What was said.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<BTreeMap<String, Said>>);

#[derive(Debug)]
struct Said {
    first: Instant,
    latest: Instant,
    said: Instant,
    times: u64,
}

impl Repeats {
    /// A line, if it is to be said now. `kind`: lines with the same kind are the same one.
    pub fn line(&self, kind: &str, text: &str) -> Option<String> {
        self.line_at(Instant::now(), kind, text)
    }

    fn line_at(&self, now: Instant, kind: &str, text: &str) -> Option<String> {
        let mut all = lock(&self.0);
        all.retain(|_, said| now.saturating_duration_since(said.latest) < FORGOTTEN);
        let Some(known) = all.get_mut(kind) else {
            if all.len() >= MOST
                && let Some(oldest) = all.iter().min_by_key(|(_, said)| said.latest).map(|(kind, _)| kind.clone())
            {
                all.remove(&oldest);
            }
            all.insert(kind.to_owned(), Said { first: now, latest: now, said: now, times: 1 });
            return Some(text.to_owned());
        };
        known.latest = now;
        known.times += 1;
        if now.saturating_duration_since(known.said) < INTERVAL {
            return None;
        }
        known.said = now;
        let seconds = now.saturating_duration_since(known.first).as_secs();
        Some(format!("{text} ({} times in {seconds} s)", known.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_is_said_once_a_minute_with_a_count() {
        let (repeats, begun) = (Repeats::default(), Instant::now());
        let at = |seconds, kind: &str| repeats.line_at(begun + Duration::from_secs(seconds), kind, "no");
        assert_eq!(at(0, "a").as_deref(), Some("no"));
        assert_eq!((at(5, "a"), at(59, "a")), (None, None));
        assert_eq!(at(6, "b").as_deref(), Some("no"));
        assert_eq!(at(60, "a").as_deref(), Some("no (4 times in 60 s)"));
        assert_eq!(at(61, "a"), None);
        assert_eq!(at(400, "a").as_deref(), Some("no"));
        for kind in 0..2 * MOST {
            at(401, &kind.to_string());
        }
        assert!(lock(&repeats.0).len() <= MOST);
    }
}
