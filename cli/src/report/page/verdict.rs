// SPDX-License-Identifier: MPL-2.0

//! The verdict: a sentence that names what failed, by how much and when, and a line for each important fact.

use super::rich::{Rich, list};
use super::standing::Standing;
use super::thresholds::{self, Expression};
use super::words;
use super::{Page, Rung};
use minijinja::Value;
use onnx_iqa::stats;
use serde::Serialize;

/// Header of the page.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// Window title.
    title: Value,
    /// Icon in the page's sprite.
    icon: &'static str,
    class: &'static str,
    sentence: Value,
    lines: Vec<Line>,
}

/// A fact.
#[derive(Debug, Serialize)]
pub struct Line {
    icon: &'static str,
    class: &'static str,
    text: Value,
}

impl Line {
    fn of(standing: Standing, text: Rich) -> Self {
        Self { icon: standing.icon(), class: standing.class(), text: text.value() }
    }

    fn warning(text: Rich) -> Self {
        Self { icon: "warn", class: "warn", text: text.value() }
    }
}

pub fn verdict(page: &Page<'_>) -> Verdict {
    let sentence = sentence(page);
    let worst = worst_standing(page);
    Verdict {
        title: sentence.plain(),
        icon: worst.icon(),
        class: worst.class(),
        sentence: sentence.value(),
        lines: lines(page),
    }
}

/// Fail if any threshold was missed, otherwise not measurable, otherwise pass.
fn worst_standing(page: &Page<'_>) -> Standing {
    use Standing::*;
    let order = [Fail, Unreadable, NotMeasurable, Unfinished, Partly, Unchecked, Measured, Pass];
    let stands = |standing: &Standing| page.rungs.iter().any(|rung| rung.standing == *standing);
    let worst = order.into_iter().find(stands).unwrap_or(Unfinished);
    // A threshold that was not evaluated is not met.
    let open = !page.report.unchecked.is_empty() && matches!(worst, Measured | Pass);
    if open { Unchecked } else { worst }
}

fn named<'a>(page: &'a Page<'_>, standing: Standing) -> Vec<&'a Rung<'a>> {
    page.rungs.iter().filter(|rung| rung.standing == standing).collect()
}

fn names(rungs: &[&Rung<'_>]) -> String {
    list(&rungs.iter().map(|rung| rung.name()).collect::<Vec<_>>())
}

fn renditions(number: usize) -> String {
    if number == 1 { "1 rendition".to_owned() } else { format!("{number} renditions") }
}

fn sentence(page: &Page<'_>) -> Rich {
    let all = page.rungs.len();
    let unfinished = named(page, Standing::Unfinished).len();
    if page.report.interrupted {
        let when = words::instant(&page.report.created);
        return Rich::default().text(format!(
            "Interrupted after {} of {}, at {when}",
            all - unfinished,
            renditions(all)
        ));
    }
    let unchecked = super::unchecked::clause(page.report);
    let passed = named(page, Standing::Pass);
    let measured = named(page, Standing::Measured);
    if all > 0 && passed.len() == all && unchecked.is_none() {
        return all_pass(page, &passed);
    }
    if all > 0 && measured.len() == all && unchecked.is_none() {
        return nothing_asked(page, &measured);
    }
    let failed = named(page, Standing::Fail);
    let mut clauses = Vec::new();
    let asked = page.rungs.iter().any(|rung| !rung.rendition.thresholds.is_empty());
    if all > 1 || unchecked.is_some() {
        let good = passed.len() + measured.len();
        let verb = match (asked, good) {
            (true, 1) => "passes",
            (true, _) => "pass",
            (false, 1) => "was measured",
            (false, _) => "were measured",
        };
        let number = if good == 0 { "None".to_owned() } else { good.to_string() };
        clauses.push(Rich::default().text(format!("{number} of {} {verb}", renditions(all))));
    }
    match failed.as_slice() {
        [] => {}
        [one] => clauses.push(misses(page, one)),
        many => clauses.push(miss(many)),
    }
    for (standing, words) in [
        (Standing::Partly, "measured only in part"),
        (Standing::Unchecked, "measured, but not for all that was asked"),
        (Standing::NotMeasurable, "could not be measured"),
        (Standing::Unreadable, "could not be read"),
    ] {
        let rungs = named(page, standing);
        let verb = match (standing, rungs.len()) {
            (_, 0) => continue,
            (Standing::Partly | Standing::Unchecked, 1) => "was ",
            (Standing::Partly | Standing::Unchecked, _) => "were ",
            _ => "",
        };
        clauses.push(Rich::default().text(format!("{} {verb}{words}", names(&rungs))));
    }
    clauses.extend(unchecked);
    let last = clauses.len().saturating_sub(1);
    clauses.iter().enumerate().fold(Rich::default(), |sentence, (index, clause)| match index {
        0 => sentence.then(clause),
        1 => sentence.text("; ").then(clause),
        _ if index == last => sentence.text(", and ").then(clause),
        _ => sentence.text(", ").then(clause),
    })
}

/// The threshold met with the smallest margin.
fn closest<'a>(rungs: &[&'a Rung<'a>]) -> Option<(&'a Rung<'a>, &'a str, f64)> {
    let checked = rungs.iter().flat_map(|rung| {
        rung.rendition.thresholds.iter().filter_map(|given| {
            let value = given.value?;
            Some((*rung, given.expression.as_str(), value, Expression::of(&given.expression)?.margin(value)))
        })
    });
    let (rung, expression, value, _) = checked.min_by(|a, b| a.3.total_cmp(&b.3))?;
    Some((rung, expression, value))
}

fn all_pass(page: &Page<'_>, passed: &[&Rung<'_>]) -> Rich {
    let who = match passed {
        [one] => Rich::default().text(format!("{} passes", one.name())),
        all => Rich::default().text(format!("All {} pass", renditions(all.len()))),
    };
    let Some((rung, expression, value)) = closest(passed) else { return who };
    let Some(parts) = Expression::of(expression) else { return who };
    let value = thresholds::value(expression, value, &page.measures);
    let limit = thresholds::value(expression, parts.limit, &page.measures);
    let verb = if parts.wants_more() { "asked" } else { "allowed" };
    let close = match passed.len() {
        1 => who.text("; the closest is "),
        _ => who.text(format!("; the closest is {} with ", rung.name())),
    };
    close.code(parts.name).text(format!(" = {value} where {limit} is {verb}"))
}

fn nothing_asked(page: &Page<'_>, measured: &[&Rung<'_>]) -> Rich {
    let sentence = Rich::default().text(format!("{} measured, no threshold given", renditions(measured.len())));
    let Some(measure) = page.measures.first() else { return sentence };
    let mean = |rung: &&&Rung<'_>| rung.pooled(&measure.name, "mean");
    let best = measured.iter().filter(|rung| mean(rung).is_some()).max_by(|a, b| {
        let order = mean(a).unwrap_or(0.0).total_cmp(&mean(b).unwrap_or(0.0));
        if measure.more_is_better { order } else { order.reverse() }
    });
    let Some((best, value)) = best.and_then(|best| Some((best, mean(&best)?))) else { return sentence };
    let value = format!("{}{}", measure.number(value), measure.unit);
    let p5 = best.pooled(&measure.name, "p5").map(|p5| format!(" (p5 {})", measure.number(p5))).unwrap_or_default();
    let label = &measure.label;
    match measured.len() {
        1 => sentence.text(format!(". {} has a mean {label} of {value}{p5}", best.name())),
        _ => sentence.text(format!(". {} is best with a mean {label} of {value}{p5}", best.name())),
    }
}

/// Formats `360p falls below vmaf.p5 ≥ 80 between 00:41 and 00:47`.
fn misses(page: &Page<'_>, rung: &Rung<'_>) -> Rich {
    let missed: Vec<_> = rung.rendition.thresholds.iter().filter(|given| given.met == Some(false)).collect();
    let sentence = Rich::default().text(format!("{} ", rung.name()));
    // Statistics of a measure relate to time, counts do not.
    let measure = |given: &&&crate::report::data::Threshold| {
        Expression::of(&given.expression).is_some_and(|parts| parts.measure().is_some() && parts.wants_more())
    };
    if let Some(given) = missed.iter().find(measure) {
        let when = when(page, rung, &given.expression);
        return sentence.text("falls below ").code(thresholds::pretty(&given.expression)).text(when);
    }
    match missed.first() {
        Some(given) => sentence.text("misses ").code(thresholds::pretty(&given.expression)),
        None => sentence.text("misses what was asked of it"),
    }
}

/// Several failing renditions: the common missed threshold, if any.
fn miss(rungs: &[&Rung<'_>]) -> Rich {
    let missed = |rung: &Rung<'_>, expression: &str| {
        rung.rendition.thresholds.iter().any(|given| given.met == Some(false) && given.expression == expression)
    };
    let of_first = rungs.first().map(|rung| rung.rendition.thresholds.as_slice()).unwrap_or_default();
    let common = of_first.iter().find(|given| rungs.iter().all(|rung| missed(rung, &given.expression)));
    let text = Rich::default().text(format!("{} miss ", names(rungs)));
    match common {
        Some(given) => text.code(thresholds::pretty(&given.expression)),
        None => text.text("what was asked of them"),
    }
}

/// When the curve is below the limit, if this can be described briefly.
fn when(page: &Page<'_>, rung: &Rung<'_>, expression: &str) -> String {
    let Some(parts) = Expression::of(expression) else { return String::new() };
    let Some((times, values)) = parts.measure().and_then(|(name, _)| rung.curve(name)) else { return String::new() };
    let length = page.span[1] - page.span[0];
    let spans = stats::below(times, values, parts.limit, (length * 0.05).max(1.0));
    let short = |time: f64| {
        let text = page.clock(time);
        text.split_once('.').map_or(text.clone(), |(whole, _)| whole.to_owned())
    };
    match spans.as_slice() {
        [] => String::new(),
        [[from, to]] if to - from > length * 0.8 => " nearly all the time".to_owned(),
        [[from, to]] if to - from < 1.0 => format!(" at {}", page.clock(*from)),
        [[from, to]] => format!(" between {} and {}", short(*from), short(*to)),
        [first, second] => format!(" at {} and at {}", short(first[0]), short(second[0])),
        [first, .., last] => format!(" {} times between {} and {}", spans.len(), short(first[0]), short(last[1])),
    }
}

fn lines(page: &Page<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for rung in &page.rungs {
        match rung.standing {
            Standing::Fail => lines.push(Line::of(rung.standing, fails(page, rung))),
            Standing::Partly | Standing::Unchecked => lines.push(Line::of(rung.standing, in_part(rung))),
            Standing::NotMeasurable => lines.push(Line::of(
                rung.standing,
                Rich::default()
                    .bold(format!("{} is not measurable.", rung.name()))
                    .text(" ")
                    .text(words::sentence(
                        rung.rendition.reasons.first().map_or("Its alignment is not trusted", String::as_str),
                    ))
                    .text(" So it has no numbers. ")
                    .link("untrusted", "See why"),
            )),
            Standing::Unreadable => lines.push(Line::of(
                rung.standing,
                Rich::default().bold(format!("{} could not be read.", rung.name())).text(" ").text(
                    rung.rendition.reasons.iter().map(|reason| words::sentence(reason)).collect::<Vec<_>>().join(" "),
                ),
            )),
            Standing::Pass | Standing::Measured | Standing::Unfinished => {}
        }
    }
    let unfinished = named(page, Standing::Unfinished);
    if !unfinished.is_empty() {
        let verb = if unfinished.len() == 1 { "was" } else { "were" };
        let text = Rich::default().bold(format!("{} {verb} not measured.", names(&unfinished)));
        lines.push(Line::of(Standing::Unfinished, text.text(" What else is here is complete.")));
    }
    let passed = named(page, Standing::Pass);
    if !passed.is_empty() {
        let verb = if passed.len() == 1 { "passes" } else { "pass" };
        let text = Rich::default().bold(format!("{} {verb}", names(&passed)));
        let number = passed.first().map_or(0, |rung| rung.rendition.thresholds.len());
        let same = passed.iter().all(|rung| rung.rendition.thresholds.len() == number);
        let what = match (number, same) {
            (1, true) => " the threshold.".to_owned(),
            (2, true) => " both thresholds.".to_owned(),
            (number, true) if number > 1 => format!(" all {number} thresholds."),
            _ => " all thresholds.".to_owned(),
        };
        lines.push(Line::of(Standing::Pass, text.text(what)));
    }
    for rung in page.trusted().filter(|rung| rung.rendition.verdict == "aligned-by-time") {
        let text = Rich::default().bold(format!("{} is aligned by time.", rung.name()));
        lines.push(Line::warning(
            text.text(
                " Most of its pairs rest on timestamps, because its pictures hardly tell one moment from another.",
            ),
        ));
    }
    lines.extend(super::unchecked::lines(page.report).into_iter().map(|text| Line::of(Standing::Unchecked, text)));
    lines.extend(super::inversions::lines(page).into_iter().map(Line::warning));
    lines
}

fn fails(page: &Page<'_>, rung: &Rung<'_>) -> Rich {
    let mut text = Rich::default().bold(format!("{} fails.", rung.name()));
    for given in rung.rendition.thresholds.iter().filter(|given| given.met == Some(false)) {
        let Some(parts) = Expression::of(&given.expression) else {
            text = text.text(" ").code(&given.expression).text(" is missed.");
            continue;
        };
        text = text.text(" ").code(parts.name);
        let Some(value) = given.value else {
            text = text.text(" is missed.");
            continue;
        };
        let write = |value: f64| thresholds::value(&given.expression, value, &page.measures);
        let (value, limit, by) = (write(value), write(parts.limit), write((value - parts.limit).abs()));
        text = match parts.measure() {
            Some(_) => {
                text.text(format!(" is {value}, that is {by} too {}.", if parts.wants_more() { "low" } else { "high" }))
            }
            None => text.text(format!(
                " is {value} where {limit} {} {}.",
                if limit == "1" { "is" } else { "are" },
                if parts.wants_more() { "asked" } else { "allowed" }
            )),
        };
    }
    match rung.rendition.worst.first() {
        Some(moment) => text
            .text(" ")
            .link("worst", format!("See its worst moment, {}", page.clock(moment.source_time.unwrap_or(moment.time)))),
        None => text,
    }
}

fn in_part(rung: &Rung<'_>) -> Rich {
    let count = |name: &str| rung.rendition.counts.get(name).copied().unwrap_or(0);
    let (paired, unmatched) = (count("matched") + count("duplicate"), count("unmatched"));
    if rung.standing == Standing::Unchecked {
        let open: Vec<_> = rung.rendition.thresholds.iter().filter(|given| given.met.is_none()).collect();
        let text = Rich::default().bold(format!("{} does not count as a pass:", rung.name())).text(" not checked: ");
        return open.iter().enumerate().fold(text, |text, (index, given)| {
            let text = if index > 0 { text.text(", ") } else { text };
            text.code(thresholds::pretty(&given.expression))
        });
    }
    let share = (paired as f64 / (paired + unmatched).max(1) as f64 * 100.0).floor();
    let text = Rich::default()
        .bold(format!("{} is partly measured:", rung.name()))
        .text(format!(" {share} % of its frames found a partner."));
    if rung.rendition.thresholds.is_empty() {
        text.text(" The numbers are of those frames alone.")
    } else {
        text.text(" A threshold is given, so this does not count as a pass.")
    }
}
