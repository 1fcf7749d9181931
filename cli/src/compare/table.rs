// SPDX-License-Identifier: MPL-2.0

//! The result as a table for a terminal with 80 columns.

use super::judge::is_trusted;
use crate::exit::Exit;
use crate::report::data::{Media, Rendition, Report};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Terminal width.
const WIDTH: usize = 80;
/// Fields shown as columns, in order of priority: one per measure.
const COLUMNS: [&str; 7] = ["vmaf", "psnr-y", "ssim", "ms-ssim", "score", "cambi", "float-ssim"];

/// Formats the report; `folder`: location of the report files.
pub fn table(report: &Report, folder: Option<&Path>) -> String {
    let mut out = String::new();
    line(&mut out, &format!("{}: {}", report.source.name, about(&report.source)));
    line(&mut out, "");
    rows(&mut out, report);
    for rendition in report.all_renditions() {
        details(&mut out, rendition);
    }
    if !report.inversions.is_empty() {
        line(&mut out, "");
        line(&mut out, "Rungs that are worse than a rung of lower rate:");
        for ((higher, lower), measures) in inversions(report) {
            wrapped(&mut out, "  ", &format!("{higher} is worse than {lower} in {}", measures.join(", ")));
        }
    }
    if let Some(versus) = &report.versus {
        line(&mut out, "");
        line(&mut out, "The other ladder, for the same quality:");
        for (measure, rate) in &versus.bd_rate {
            let said = match (rate.percent, &rate.reason) {
                (Some(percent), _) => format!("{percent:+.2} % rate (BD-rate)"),
                (None, reason) => format!("no BD-rate: {}", reason.as_deref().unwrap_or("not known")),
            };
            wrapped(&mut out, &format!("  {measure:<10} "), &said);
        }
    }
    line(&mut out, "");
    wrapped(&mut out, "", &verdict(report));
    if let Some(folder) = folder {
        line(&mut out, &format!("The report is in {}", folder.display()));
    }
    out
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", crate::terminal::line(text.trim_end()));
}

/// Summarizes a stream.
fn about(media: &Media) -> String {
    let size = media.width.zip(media.height).map(|(width, height)| format!("{width}x{height}"));
    let rate = media.frame_rate.map(|rate| format!("{} fps", (rate * 100.0).round() / 100.0));
    let length = media.duration.map(|duration| format!("{duration:.1} s"));
    let known = [size, rate, length, media.codec.clone(), media.bit_rate.map(bit_rate)];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn bit_rate(rate: f64) -> String {
    if rate >= 1e6 { format!("{:.2} Mbit/s", rate / 1e6) } else { format!("{:.0} kbit/s", rate / 1e3) }
}

fn rows(out: &mut String, report: &Report) {
    let measured = |name: &str| report.measures.iter().any(|one| one.name == name);
    // R'G'B' has no luma.
    let in_luma = report.all_renditions().any(|one| one.measures.contains_key("psnr-y"));
    let in_all = report.all_renditions().any(|one| one.measures.contains_key("psnr"));
    let name = |name: &&'static str| if *name == "psnr-y" && !in_luma && in_all { "psnr" } else { name };
    let fields: Vec<_> = COLUMNS.iter().filter(|name| measured(name)).map(name).collect();
    // Omitted if all renditions show the whole source.
    let is_cut = report.all_renditions().any(|rendition| rendition.part_of(&report.source).is_some());
    let header = ["rendition", "rate", "verdict", "offset", "pairs"].map(str::to_owned).into_iter();
    let header = header.chain(is_cut.then(|| "of source".to_owned()));
    let header: Vec<String> = header.chain(fields.iter().map(|name| (*name).to_owned())).collect();
    let mut table = vec![header];
    for rendition in report.all_renditions() {
        let mean = |field: &&str| {
            let mean = rendition.measures.get(*field).and_then(|pool| pool.get("mean"));
            mean.map_or_else(|| "-".to_owned(), |&mean| number(field, mean))
        };
        let mut row = vec![
            shortened(&rendition.media.name, 20),
            rendition.media.bit_rate.map_or_else(|| "-".to_owned(), bit_rate),
            rendition.verdict.clone(),
            rendition.offset_ms.map_or_else(|| "-".to_owned(), |offset| format!("{offset:+.0} ms")),
            pairs(rendition),
        ];
        if is_cut {
            let all = if rendition.coverage.is_some() { "all" } else { "-" };
            row.push(rendition.part_of(&report.source).unwrap_or_else(|| all.to_owned()));
        }
        row.extend(fields.iter().map(mean));
        table.push(row);
    }
    let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let mut widths: Vec<usize> = (0..).map_while(width).collect();
    // Columns that do not fit are omitted, the last ones first.
    while widths.len() > 6 && widths.iter().sum::<usize>() + 2 * (widths.len() - 1) > WIDTH {
        widths.pop();
    }
    for row in &table {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, &width))| match column {
            0 | 2 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        line(out, &cells.collect::<Vec<_>>().join("  "));
    }
}

fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
}

fn number(field: &str, value: f64) -> String {
    if field.contains("ssim") { format!("{value:.4}") } else { format!("{value:.2}") }
}

/// Share of matched frames.
fn pairs(rendition: &Rendition) -> String {
    let count = |name: &str| rendition.counts.get(name).copied().unwrap_or(0);
    match (count("matched") + count("duplicate"), count("distorted")) {
        (_, 0) => "-".to_owned(),
        (paired, all) if paired == all => "all".to_owned(),
        (paired, all) => format!("{:.1} %", paired as f64 * 100.0 / all as f64),
    }
}

/// Reasons and thresholds of a rendition.
fn details(out: &mut String, rendition: &Rendition) {
    if rendition.reasons.is_empty() && rendition.thresholds.is_empty() {
        return;
    }
    line(out, "");
    line(out, &format!("{}:", rendition.media.name));
    for threshold in &rendition.thresholds {
        let said = match (threshold.met, threshold.value) {
            (Some(true), Some(value)) => format!("met: {value:.4}"),
            (Some(false), Some(value)) => format!("MISSED: {value:.4}"),
            _ => "not checked".to_owned(),
        };
        line(out, &format!("  {:<28} {said}", threshold.expression));
    }
    for reason in &rendition.reasons {
        wrapped(out, "  - ", reason);
    }
}

/// Wraps a text after `start`, indenting further lines to the same column.
fn wrapped(out: &mut String, start: &str, text: &str) {
    let (mut current, indent) = (start.to_owned(), " ".repeat(start.chars().count()));
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && current.chars().count() + 1 + word.chars().count() > WIDTH {
            line(out, &current);
            (current, is_empty) = (indent.clone(), true);
        }
        if !is_empty {
            current.push(' ');
        }
        current.push_str(word);
        is_empty = false;
    }
    line(out, &current);
}

/// Pairs of rungs, with the measures by which the higher is worse and the differences.
fn inversions(report: &Report) -> BTreeMap<(&str, &str), Vec<String>> {
    let mut pairs = BTreeMap::<_, Vec<String>>::new();
    for one in &report.inversions {
        let measures = pairs.entry((one.higher.as_str(), one.lower.as_str())).or_default();
        measures.push(format!("{} (by {})", one.measure, number(&one.measure, one.difference)));
    }
    pairs
}

/// The final verdict.
fn verdict(report: &Report) -> String {
    let names = |which: &dyn Fn(&Rendition) -> bool| {
        let names: Vec<_> =
            report.all_renditions().filter(|one| which(one)).map(|one| one.media.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let untrusted = |one: &Rendition| one.verdict == "not-aligned";
    let missed = |one: &Rendition| one.thresholds.iter().any(|threshold| threshold.met == Some(false));
    let unchecked =
        |one: &Rendition| is_trusted(&one.verdict) && one.thresholds.iter().any(|threshold| threshold.met.is_none());
    let parts = [
        report.interrupted.then(|| "The run was interrupted; finished results are shown above.".to_owned()),
        names(&|one| one.verdict == "failed").map(|names| format!("Failed: {names}. See the reasons above.")),
        names(&untrusted).map(|names| {
            format!("Not aligned with the source, so there are no results: {names}. See the reasons above.")
        }),
        names(&|one| one.verdict == "partly").map(|names| format!("Only partly aligned: {names}.")),
        names(&missed).map(|names| format!("Thresholds missed by: {names}.")),
        names(&unchecked).map(|names| format!("Thresholds that could not be checked: {names}.")),
        (!report.unchecked.is_empty()).then(|| {
            let heights: Vec<_> = report.unchecked.iter().map(|one| one.height.to_string()).collect();
            format!("No rendition has {} lines, so thresholds were not checked.", heights.join(" or "))
        }),
    ];
    let mut said: Vec<_> = parts.into_iter().flatten().collect();
    if said.is_empty() && report.exit != Exit::Good.code() {
        said.push("Not everything that was requested could be measured or checked.".to_owned());
    }
    if !said.is_empty() {
        return said.join(" ");
    }
    let thresholds: usize = report.renditions.iter().map(|one| one.thresholds.len()).sum();
    let remarks = report.renditions.iter().any(|one| !one.reasons.is_empty());
    let remarks = if remarks { " See the remarks above." } else { "" };
    match thresholds {
        0 => format!("All renditions are aligned with the source and measured.{remarks}"),
        _ => format!("All renditions are aligned and measured, and every threshold is met.{remarks}"),
    }
}
