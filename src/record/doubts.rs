// SPDX-License-Identifier: MPL-2.0

//! Warnings about a stream's settings and scores, each kind once.

use super::frame::FrameRecord;
use super::reporter::{ReporterSettings, range_of};
use super::warning::Warning;
use crate::metrics::Missing;

/// Scores required before a statement about all of them.
const ENOUGH: u64 = 50;

/// The settings that were checked.
#[derive(Debug, Clone, PartialEq)]
struct Checked {
    field: String,
    below: Option<f64>,
    above: Option<f64>,
    hysteresis: f64,
}

impl Checked {
    fn is_of(&self, settings: &ReporterSettings) -> bool {
        self.field == settings.field
            && (self.below, self.above) == (settings.alarm_below, settings.alarm_above)
            && self.hysteresis == settings.alarm_hysteresis
    }
}

/// What was reported, and what has been seen so far.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    checked: Option<Checked>,
    unknown_field: bool,
    clear_level: bool,
    /// Frames scored since the field was chosen; `None`: it has had a value, or the lack of one was reported.
    without_value: Option<u64>,
    raw: Raw,
    /// What measures did not provide.
    missing: Vec<Missing>,
}

/// The raw values seen.
#[derive(Debug, Default)]
struct Raw {
    count: u64,
    seen: Option<[f64; 2]>,
    /// Whether one was within the range, or the lack of one was reported.
    settled: bool,
}

impl Doubts {
    /// Warnings about the settings, if they have changed.
    pub(super) fn settings(&mut self, settings: &ReporterSettings) -> Vec<Warning> {
        if self.checked.as_ref().is_some_and(|checked| checked.is_of(settings)) {
            return Vec::new();
        }
        let is_another = self.checked.as_ref().is_none_or(|checked| checked.field != settings.field);
        if is_another {
            self.without_value = Some(0);
        }
        self.checked = Some(Checked {
            field: settings.field.clone(),
            below: settings.alarm_below,
            above: settings.alarm_above,
            hysteresis: settings.alarm_hysteresis,
        });
        let unknown = unknown_field(settings).filter(|_| !std::mem::replace(&mut self.unknown_field, true));
        if unknown.is_some() {
            self.without_value = None;
        }
        let level = clear_level(settings).filter(|_| !std::mem::replace(&mut self.clear_level, true));
        unknown.into_iter().chain(level).collect()
    }

    /// Warnings after another score.
    pub(super) fn scored(&mut self, settings: &ReporterSettings, record: &FrameRecord) -> Vec<Warning> {
        self.value(settings, record).into_iter().chain(self.raw.outside(settings, record)).collect()
    }

    /// Reports what a measure does not provide, once per reason.
    pub(super) fn lacks(&mut self, missing: &Missing) -> Option<Warning> {
        let same = |told: &Missing| {
            told.measure() == missing.measure() && std::mem::discriminant(told) == std::mem::discriminant(missing)
        };
        if self.missing.iter().any(same) {
            return None;
        }
        self.missing.push(missing.clone());
        Some(Warning::Missing(missing.clone()))
    }

    fn value(&mut self, settings: &ReporterSettings, record: &FrameRecord) -> Option<Warning> {
        let scored = self.without_value? + 1;
        let missing = record.value(&settings.field).is_none();
        self.without_value = (missing && scored < ENOUGH).then_some(scored);
        let said = missing && scored == ENOUGH && is_asked_for(settings);
        said.then(|| Warning::NoValue { field: settings.field.clone(), scored })
    }
}

impl Raw {
    fn outside(&mut self, settings: &ReporterSettings, record: &FrameRecord) -> Option<Warning> {
        let ([low, high], raw) = settings.raw_range.zip(record.raw).filter(|_| !self.settled)?;
        let [least, most] = self.seen.unwrap_or([raw; 2]);
        let seen = [least.min(raw), most.max(raw)];
        (self.seen, self.count) = (Some(seen), self.count + 1);
        let within = (low..=high).contains(&raw);
        self.settled = within || self.count == ENOUGH;
        (self.settled && !within).then(|| Warning::RawOutside {
            model: record.model.clone().unwrap_or_default(),
            scored: self.count,
            seen,
            range: [low, high],
        })
    }
}

/// Whether the field is in use: it was chosen, or there is an alarm on it.
fn is_asked_for(settings: &ReporterSettings) -> bool {
    settings.field != settings.main_field || settings.alarm_below.is_some() || settings.alarm_above.is_some()
}

fn unknown_field(settings: &ReporterSettings) -> Option<Warning> {
    let known = &settings.known_fields;
    let unknown = !known.is_empty() && !known.contains(&settings.field) && is_asked_for(settings);
    unknown.then(|| Warning::UnknownField { field: settings.field.clone(), known: known.clone() })
}

fn clear_level(settings: &ReporterSettings) -> Option<Warning> {
    let (range, hysteresis) = (range_of(&settings.field), settings.alarm_hysteresis);
    let field = || settings.field.clone();
    if let Some(limit) = settings.alarm_below
        && limit + hysteresis > range.high
    {
        return Some(Warning::ClearLevel {
            field: field(),
            limit,
            clears: limit + hysteresis,
            end: range.high.max(limit),
        });
    }
    let limit = settings.alarm_above.filter(|limit| limit - hysteresis < range.low)?;
    Some(Warning::ClearLevel { field: field(), limit, clears: limit - hysteresis, end: range.low.min(limit) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::contract::Kind;
    use crate::record::State;

    fn settings(field: &str) -> ReporterSettings {
        let known_fields = ["score", "raw", "sharpness"].map(str::to_owned).to_vec();
        let field = field.to_owned();
        ReporterSettings { field, known_fields, raw_range: Some([0.0, 1.0]), ..ReporterSettings::default() }
    }

    fn record(raw: f64) -> FrameRecord {
        let mut record = FrameRecord::new("m", Kind::NoReference, State::Scored);
        (record.raw, record.score) = (Some(raw), Some(50.0));
        record
    }

    #[test]
    fn a_field_that_is_not_there_is_named_once_with_those_that_are() {
        let (mut doubts, settings) = (Doubts::default(), settings("sharpnes"));
        let said = doubts.settings(&settings);
        let [warning @ Warning::UnknownField { .. }] = said.as_slice() else { panic!("{said:?}") };
        assert!(warning.to_string().contains("score, raw, sharpness"), "{warning}");
        assert!(doubts.settings(&settings).is_empty());
        assert!((0..100).all(|_| doubts.scored(&settings, &record(0.5)).is_empty()), "it is said already");
    }

    #[test]
    fn a_field_that_never_has_a_value_is_named_once() {
        let (mut doubts, settings) = (Doubts::default(), settings("sharpness"));
        assert!(doubts.settings(&settings).is_empty());
        let said: Vec<_> = (0..200).flat_map(|_| doubts.scored(&settings, &record(0.5))).collect();
        assert_eq!(said, [Warning::NoValue { field: "sharpness".to_owned(), scored: 50 }]);
        // The main field was not requested explicitly.
        let (mut doubts, mut settings) = (Doubts::default(), self::settings("ssim"));
        (settings.main_field, settings.known_fields) = ("ssim".to_owned(), Vec::new());
        doubts.settings(&settings);
        assert!((0..200).all(|_| doubts.scored(&settings, &record(0.5)).is_empty()));
    }

    #[test]
    fn a_clear_level_beyond_the_range_is_named() {
        let mut settings = settings("score");
        settings.known_fields.clear();
        let mut level = |field: &str, below, above, hysteresis| {
            settings.field = field.to_owned();
            (settings.alarm_below, settings.alarm_above, settings.alarm_hysteresis) = (below, above, hysteresis);
            match Doubts::default().settings(&settings).as_slice() {
                [Warning::ClearLevel { clears, end, .. }] => Some((*clears, *end)),
                _ => None,
            }
        };
        assert_eq!(level("score", Some(95.0), None, 5.0), None);
        assert_eq!(level("score", Some(96.0), None, 5.0), Some((101.0, 100.0)));
        assert_eq!(level("ssim", Some(0.75), None, 5.0), Some((5.75, 1.0)));
        assert_eq!(level("ssim", Some(0.75), None, 0.25), None);
        assert_eq!(level("score", None, Some(4.0), 5.0), Some((-1.0, 0.0)));
        assert_eq!(level("score", None, None, 500.0), None, "there is no alarm");
    }

    #[test]
    fn raw_values_that_never_lie_in_the_range_are_named_once() {
        let (mut doubts, settings) = (Doubts::default(), settings("score"));
        let raw = |n: u32| if n.is_multiple_of(2) { 40.0 } else { -3.0 };
        let said: Vec<_> = (0..200).flat_map(|n| doubts.scored(&settings, &record(raw(n)))).collect();
        let expected = Warning::RawOutside { model: "m".to_owned(), scored: 50, seen: [-3.0, 40.0], range: [0.0, 1.0] };
        assert_eq!(said, [expected]);
        // The ends belong to the range.
        let mut doubts = Doubts::default();
        assert!(doubts.scored(&settings, &record(1.0)).is_empty());
        assert!((0..200).all(|_| doubts.scored(&settings, &record(40.0)).is_empty()));
    }
}
