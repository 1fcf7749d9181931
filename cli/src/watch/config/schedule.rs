// SPDX-License-Identifier: MPL-2.0

//! Weekly schedules.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

/// Schedule in the configuration file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScheduleText {
    /// Days of the week; default all. A period that spans midnight belongs to the day on which it begins.
    #[serde(default)]
    days: Vec<Day>,
    /// Start, for example `08:00`; default midnight.
    from: Option<String>,
    /// End, for example `18:00`; if earlier than `from`, on the next day. Default midnight.
    to: Option<String>,
    /// Name of a time zone, for example `Europe/Berlin`; default that of this machine.
    zone: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

/// Weekly periods in which an alarm may begin.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(with = "ScheduleText")]
pub struct Schedule {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

impl Schedule {
    /// Whether the schedule contains a time.
    pub fn holds(&self, time: Timestamp) -> bool {
        let now = time.to_zoned_datetime(self.zone.clone());
        let has = |day: Option<ZonedDateTime>| day.is_some_and(|day| self.days.contains(&day.weekday()));
        let (clock, today) = (now.time(), has(Some(now.clone())));
        if self.from < self.to {
            return today && self.from <= clock && clock < self.to;
        }
        // The part after midnight belongs to the previous day.
        (today && self.from <= clock) || (clock < self.to && has(now.yesterday().ok()))
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = ScheduleText::deserialize(deserializer)?;
        let clock = |text: &Option<String>| text.as_deref().map_or(Ok(Time::midnight()), clock);
        let zone = match &text.zone {
            Some(name) => TimeZone::get(name)
                .map_err(|_| de::Error::custom(format!("unknown time zone {name:?}; use for example Europe/Berlin")))?,
            None => TimeZone::system(),
        };
        let (from, to) = (clock(&text.from), clock(&text.to));
        let (from, to) = (from.map_err(de::Error::custom)?, to.map_err(de::Error::custom)?);
        let all = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
        let days = if text.days.is_empty() { all.to_vec() } else { text.days };
        Ok(Self { days: days.into_iter().map(Day::weekday).collect(), from, to, zone })
    }
}

/// Parses a time of day.
fn clock(text: &str) -> Result<Time, String> {
    let parts = text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    let time = parts.and_then(|(hour, minute)| match (hour, minute) {
        (24, 0) => Some(Time::midnight()),
        _ => Time::new(hour, minute, 0, 0).ok(),
    });
    time.ok_or_else(|| format!("invalid time of day {text:?}; use for example 08:30"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(text: &str) -> Schedule {
        toml::from_str(text).expect("a schedule")
    }

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    #[test]
    fn days_and_hours() {
        // 2026-11-30 is a Monday.
        let work = schedule("days = ['mon', 'tue']\nfrom = '08:00'\nto = '18:00'\nzone = 'UTC'");
        for (time, expected) in [
            ("2026-11-30T08:00:00Z", true),
            ("2026-11-30T07:59:59Z", false),
            ("2026-11-30T18:00:00Z", false),
            ("2026-12-01T12:00:00Z", true),
            ("2026-12-02T12:00:00Z", false),
        ] {
            assert_eq!(work.holds(at(time)), expected, "{time}");
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = schedule("days = ['fri']\nfrom = '22:00'\nto = '06:00'\nzone = 'UTC'");
        for (time, expected) in [
            ("2026-12-04T21:59:00Z", false),
            ("2026-12-04T23:00:00Z", true),
            ("2026-12-05T05:59:00Z", true),
            ("2026-12-05T06:00:00Z", false),
            ("2026-12-05T23:00:00Z", false),
            ("2026-12-04T05:00:00Z", false),
        ] {
            assert_eq!(night.holds(at(time)), expected, "{time}");
        }
        assert!(schedule("zone = 'UTC'").holds(at("2026-12-04T21:59:00Z")), "nothing given is always");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["from = '25:00'", "to = '8'", "zone = 'Nowhere/Land'", "days = ['noday']", "until = '08:00'"] {
            assert!(toml::from_str::<Schedule>(text).is_err(), "{text}");
        }
    }
}
