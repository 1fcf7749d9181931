// SPDX-License-Identifier: MPL-2.0

//! Alarm settings with their defaults.

use super::error::Wrong;
use super::file::{AlarmsText, LowText, RuleText};
use super::text::Time;
use super::{Low, Rule};
use crate::watch::alarm::AlarmKind;
use serde_spanned::Spanned;
use std::time::Duration;

/// Enabled alarms, in the order of [`AlarmKind::ALL`].
pub fn rules(text: AlarmsText, interval: Duration) -> Result<Vec<Rule>, Wrong> {
    let seconds = Duration::from_secs;
    let plain = [
        (AlarmKind::Offline, Some(text.offline.unwrap_or_default()), seconds(5)),
        (AlarmKind::Black, text.black, seconds(2)),
        (AlarmKind::Covered, text.covered, seconds(10)),
        (AlarmKind::Frozen, text.frozen, seconds(60)),
    ];
    let mut rules: Vec<_> = plain.into_iter().filter_map(|(kind, text, hold)| plain_rule(kind, text?, hold)).collect();
    rules.extend(text.low.map(|low| low_rule(low, interval)).transpose()?.flatten());
    rules.sort_by_key(|rule| rule.kind);
    Ok(rules)
}

fn plain_rule(kind: AlarmKind, text: RuleText, hold: Duration) -> Option<Rule> {
    text.enabled.unwrap_or(true).then(|| Rule {
        kind,
        hold: text.r#for.map_or(hold, |time| time.0),
        clear_after: text.clear_after.map_or(Duration::ZERO, |time| time.0),
        schedule: text.schedule,
        low: None,
    })
}

fn low_rule(text: LowText, interval: Duration) -> Result<Option<Rule>, Wrong> {
    let score = |value: &Spanned<f64>| {
        let number = *value.get_ref();
        let wrong = || (Some(value.span()), format!("{number} is not a valid score: scores range from 0 to 100"));
        if (0.0..=100.0).contains(&number) { Ok(number) } else { Err(wrong()) }
    };
    let below = score(&text.below)?;
    let hysteresis = text.hysteresis.as_ref().map_or(Ok(2.0), score)?;
    let window = text.window.map_or_else(|| Duration::from_secs(10).max(interval * 3), |time| time.0);
    let rule = RuleText {
        enabled: text.enabled,
        r#for: text.r#for,
        clear_after: Some(text.clear_after.unwrap_or(Time(Duration::from_secs(30)))),
        schedule: text.schedule,
    };
    let rule = plain_rule(AlarmKind::Low, rule, Duration::from_secs(10));
    Ok(rule.map(|rule| Rule { low: Some(Low { below, hysteresis, window }), ..rule }))
}
