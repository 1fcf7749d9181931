// SPDX-License-Identifier: MPL-2.0

//! The result as a terminal table.

use super::result::{InputResult, Report};
use crate::report::data::Pooled;
use onnx_iqa::stats::course;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

/// Statistics shown as columns, with their titles: with a graph a row has 80 characters.
const STATISTICS: [(&str, &str); 5] =
    [("mean", "mean"), ("p5", "p5"), ("p1", "p1"), ("min", "min"), ("worst-second", "1s-min")];
/// Width of the name column.
const NAME: usize = 18;
/// Width of the graph.
const CURVE: usize = 18;
/// Least width of the expressions of thresholds.
const EXPRESSION: usize = 24;
/// Room for attributes behind the name.
const ATTRIBUTES: usize = 80 - NAME - 1;
/// Graph characters, from the lowest to the highest eighth of the range.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Formats one row per input; graphs are only shown on a terminal.
pub fn table(report: &Report) -> String {
    render(report, std::io::stdout().is_terminal())
}

fn render(report: &Report, curves: bool) -> String {
    let mut out = String::new();
    let model = &report.model;
    line(&mut out, &format!("{} ({}, on {}): 0 is worst, 100 is best", model.name, model.model_hash, model.provider));
    line(&mut out, "");
    let scale = scale(&report.inputs);
    // If every frame is scored, one count is sufficient.
    let is_sparse = report.inputs.iter().any(|input| input.failure.is_none() && input.scored != input.frames);
    let mut header = format!("{:<NAME$} {:>6}", "input", "frames");
    if is_sparse {
        let _ = write!(header, " {:>6}", "scored");
    }
    for (_, title) in STATISTICS {
        let _ = write!(header, " {title:>6}");
    }
    if curves && report.inputs.iter().any(|input| input.course.len() > 1) {
        let _ = write!(header, "  from {:.0} to {:.0}", scale.0, scale.1);
    }
    line(&mut out, &header);
    for input in &report.inputs {
        let mut row = format!("{:<NAME$} {:>6}", shortened(&input.input), input.frames);
        if is_sparse {
            let _ = write!(row, " {:>6}", input.scored);
        }
        for (statistic, _) in STATISTICS {
            let value = input.score.get(statistic).map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
            let _ = write!(row, " {value:>6}");
        }
        if curves && input.course.len() > 1 {
            row.push_str("  ");
            // Fewer points than characters would leave gaps.
            let room = if is_sparse { CURVE - 7 } else { CURVE };
            let columns = room.min(input.course.len());
            row.extend(course(&input.course, columns).iter().map(|mean| mean.map_or(' ', |mean| bar(mean, scale))));
        }
        line(&mut out, &row);
    }
    attributes(&mut out, &report.inputs);
    for input in &report.inputs {
        details(&mut out, input);
    }
    if report.interrupted {
        line(&mut out, "\nThe run was interrupted; finished results are shown above.");
    }
    out
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", text.trim_end());
}

/// One row per input with the means of its attributes.
fn attributes(out: &mut String, inputs: &[InputResult]) {
    let inputs = inputs.iter().filter(|input| !input.attributes.is_empty());
    let rows: Vec<_> = inputs.map(|input| (&input.input, means(&input.attributes))).collect();
    if rows.is_empty() {
        return;
    }
    let is_cut = rows.iter().any(|(_, (_, more))| *more > 0);
    line(out, if is_cut { "\nattributes: the highest means; --json has all" } else { "\nattributes: means" });
    for (input, (means, more)) in rows {
        let mut row = format!("{:<NAME$}", shortened(input));
        for (name, mean) in means {
            let _ = write!(row, "  {name} {mean:.1}");
        }
        if more > 0 {
            let _ = write!(row, "  and {more} more");
        }
        line(out, &row);
    }
}

/// The means of the attributes, in the order of their names, and 0; if a row has no room for all of them, the highest
/// ones, and how many are left out.
fn means(attributes: &BTreeMap<String, Pooled>) -> (Vec<(&str, f64)>, usize) {
    let mean = |(name, pooled): (_, &Pooled)| Some((String::as_str(name), *pooled.get("mean")?));
    let mut means: Vec<_> = attributes.iter().filter_map(mean).collect();
    let width = |name: &str| name.len() + "   100.0".len();
    if means.iter().map(|(name, _)| width(name)).sum::<usize>() <= ATTRIBUTES {
        return (means, 0);
    }
    means.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut room = ATTRIBUTES - "  and 99 more".len();
    let fitting = means.iter().take_while(|(name, _)| {
        let rest = room.checked_sub(width(name));
        room = rest.unwrap_or_default();
        rest.is_some()
    });
    let shown = fitting.count().max(1);
    let more = means.len().saturating_sub(shown);
    means.truncate(shown);
    (means, more)
}

/// Shortens a name, keeping its end.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME {
        return name.to_owned();
    }
    std::iter::once('…').chain(name.chars().skip(length - NAME + 1)).collect()
}

/// Limits of the graphs, at multiples of ten and far enough apart not to magnify noise.
fn scale(inputs: &[InputResult]) -> (f64, f64) {
    let scores = || inputs.iter().flat_map(|input| &input.course).map(|(_, score)| *score);
    let low = scores().fold(f64::INFINITY, f64::min);
    let high = scores().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return (0.0, 100.0);
    }
    let (mut low, mut high) = ((low / 10.0).floor() * 10.0, (high / 10.0).ceil() * 10.0);
    while high - low < 30.0 {
        (low, high) = ((low - 10.0).max(0.0), (high + 10.0).min(100.0));
    }
    (low, high)
}

fn bar(value: f64, (low, high): (f64, f64)) -> char {
    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
    let index = (share * BARS.len() as f64) as usize;
    BARS.get(index.min(BARS.len() - 1)).copied().unwrap_or(' ')
}

/// Details of an input that are not part of its row.
fn details(out: &mut String, input: &InputResult) {
    let mut said = Vec::new();
    if let Some(worst) = input.worst.as_ref().filter(|_| input.frames > 1) {
        match (&worst.picture, worst.time) {
            (Some(picture), _) => said.push(format!("worst picture: {picture}, {:.1}", worst.score)),
            (None, Some(time)) => said.push(format!("worst frame: at {time:.2} s, {:.1}", worst.score)),
            _ => {}
        }
    }
    let widths = input.thresholds.iter().map(|threshold| threshold.expression.chars().count());
    let width = widths.fold(EXPRESSION, usize::max);
    for threshold in &input.thresholds {
        let text = match (threshold.met, threshold.value) {
            (Some(true), Some(value)) => format!("met: {value:.2}"),
            (Some(false), Some(value)) => format!("MISSED: {value:.2}"),
            _ => "not checked".to_owned(),
        };
        said.push(format!("{:<width$} {text}", threshold.expression));
    }
    if input.failed > 0 {
        said.push(format!("{} frames could not be scored", input.failed));
    }
    said.extend(input.remarks.texts().map(str::to_owned));
    if let Some(failure) = &input.failure {
        let only = if input.scored > 0 { " (only partly scored)" } else { "" };
        said.push(format!("ERROR{only}: {failure}"));
    }
    if !said.is_empty() {
        line(out, "");
        line(out, &format!("{}:", input.input));
        said.iter().for_each(|text| line(out, &format!("  {text}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_names() {
        assert_eq!([0.0, 12.4, 50.0, 100.0].map(|value| bar(value, (0.0, 100.0))), ['▁', '▁', '▅', '█']);
        assert_eq!(shortened("a.mp4"), "a.mp4");
        let long = shortened("/films/of/the/last/ten/years/winter.mp4");
        assert_eq!((long.chars().count(), long.ends_with("winter.mp4")), (NAME, true));
        assert_eq!(scale(&[]), (0.0, 100.0));
    }

    fn attributes(means: &[(&str, f64)]) -> BTreeMap<String, Pooled> {
        means.iter().map(|(name, mean)| ((*name).to_owned(), Pooled::from([("mean".to_owned(), *mean)]))).collect()
    }

    #[test]
    fn of_many_attributes_only_the_highest_are_shown() {
        let few = attributes(&[("sharpness", 42.0), ("cleanness", 80.0)]);
        assert_eq!(means(&few), (vec![("cleanness", 80.0), ("sharpness", 42.0)], 0));
        let names: Vec<_> = (10..30).map(|n| format!("quality{n}")).collect();
        let many: Vec<_> = names.iter().zip(0..).map(|(name, n)| (name.as_str(), f64::from(n * 7 % 20))).collect();
        let many = attributes(&many);
        assert_eq!(means(&many), (vec![("quality27", 19.0), ("quality24", 18.0)], 18));
        let long = "n".repeat(100);
        assert_eq!(means(&attributes(&[(&long, 1.0), ("blur", 0.0)])), (vec![(long.as_str(), 1.0)], 1));
    }
}
