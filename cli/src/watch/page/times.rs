// SPDX-License-Identifier: MPL-2.0

//! Formatting of times in the server's time zone.

use crate::watch::moment::Moment;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use serde::Serialize;

/// Time zone of a page.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
    name: String,
}

/// A time on a page, from which the script computes an age if needed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// `14:32:07`, with the date unless it is today.
    pub clock: String,
}

impl Clock {
    /// The system's time zone, or UTC if it has no IANA name.
    pub fn system() -> Self {
        let zone = TimeZone::system();
        match zone.iana_name().map(str::to_owned) {
            Some(name) => Self { zone, name: name.trim_start_matches("Etc/").to_owned() },
            None => Self { zone: TimeZone::UTC, name: "UTC".to_owned() },
        }
    }

    /// Name of the time zone, such as `Europe/Berlin`.
    pub fn zone(&self) -> &str {
        &self.name
    }

    /// Formats a point in time.
    pub fn moment(&self, moment: Moment) -> Shown {
        self.time(moment.wall)
    }

    /// Formats a timestamp.
    pub fn time(&self, time: Timestamp) -> Shown {
        let there = |time| ZonedDateTime::new(time, self.zone.clone());
        let (then, now) = (there(time), there(Timestamp::now()));
        let form = if then.date() == now.date() { "%H:%M:%S" } else { "%-d %b %H:%M:%S" };
        Shown { ms: time.as_millisecond(), clock: then.strftime(form).to_string() }
    }
}

/// Formats a duration in two units: `3 h 29 min`.
pub fn span(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86400 => format!("{} h {} min", s / 3600, s / 60 % 60),
        s => format!("{} d {} h", s / 86400, s / 3600 % 24),
    }
}

/// Formats a count with thousands separators.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group)).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_counts() {
        for (seconds, text) in
            [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h 0 min"), (12540, "3 h 29 min"), (90000, "1 d 1 h")]
        {
            assert_eq!(span(seconds), text);
        }
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (2_118_400, "2,118,400")] {
            assert_eq!(count(number), text);
        }
    }
}
