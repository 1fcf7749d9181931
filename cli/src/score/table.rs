// SPDX-License-Identifier: MPL-2.0

//! The result as a terminal table.

use super::result::{InputResult, Report};
use onnx_iqa::stats::course;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

/// Statistics shown as columns, with their titles: with a graph a row has 80 characters.
const STATISTICS: [(&str, &str); 5] =
    [("mean", "mean"), ("p5", "p5"), ("p1", "p1"), ("min", "min"), ("worst-second", "1s-min")];
/// Width of the name column.
const NAME: usize = 18;
/// Width of the graph.
const CURVE: usize = 18;
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
    for threshold in &input.thresholds {
        let text = match (threshold.met, threshold.value) {
            (Some(true), Some(value)) => format!("met: {value:.2}"),
            (Some(false), Some(value)) => format!("MISSED: {value:.2}"),
            _ => "not checked".to_owned(),
        };
        said.push(format!("{:<24} {text}", threshold.expression));
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
}
