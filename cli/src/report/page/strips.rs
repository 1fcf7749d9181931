// SPDX-License-Identifier: MPL-2.0

//! Alignment strips: frame counts of each rendition, and where frames were lost.

use super::standing::Standing;
use super::words;
use super::{Page, Rung};
use onnx_iqa::record::{Cell, Strip, StripFrame};
use serde::Serialize;

/// Maximum number of cells per strip.
const CELLS: f64 = 2000.0;
/// Number of lines of a strip's table.
const LINES: usize = 30;

/// Alignment of a rendition for the template.
#[derive(Debug, Serialize)]
pub struct StripView {
    name: String,
    style: usize,
    trusted: bool,
    /// Offset, or a note that there is none.
    offset: String,
    sure: String,
    /// Whether there are cells to draw.
    drawn: bool,
    /// Text alternative of the drawing.
    label: String,
    rendition_sum: String,
    source_sum: String,
    incidents: Vec<Incident>,
    more: usize,
}

/// Adjacent cells with problems.
#[derive(Debug, Serialize)]
struct Incident {
    from: String,
    to: String,
    dropped: String,
    duplicate: String,
    unmatched: String,
}

/// Run-length encoded cells for the script.
#[derive(Debug, Serialize)]
pub struct Cells {
    rung: usize,
    start: f64,
    length: f64,
    /// Run length, and counts of matched, duplicate, unmatched, dropped and outside.
    runs: Vec<[u32; 6]>,
}

fn strip(page: &Page<'_>, rung: &Rung<'_>) -> Option<Strip> {
    let frames = rung.frames.filter(|frames| !frames.times.is_empty())?;
    // A cell holds at least two frames, otherwise cells that fall between frames would look like gaps.
    let length = page.span[1] - page.span[0];
    let interval = page.source_interval().unwrap_or(0.0).max(length / frames.times.len() as f64);
    let cells = (length / interval / 2.0).clamp(1.0, CELLS) as usize;
    let frames = frames.times.iter().zip(&frames.pairing).map(|(&time, &pairing)| StripFrame { time, pairing });
    Some(Strip::new(frames, page.source_interval(), page.span[0], page.span[1], cells))
}

/// Creates the script's data.
pub fn cells(page: &Page<'_>) -> Vec<Cells> {
    let run = |run: &[Cell]| {
        let length = u32::try_from(run.len()).unwrap_or(u32::MAX);
        let first = run.first().copied().unwrap_or_default();
        [length, first.matched, first.duplicate, first.unmatched, first.dropped, u32::from(first.outside)]
    };
    let cells = |(index, rung): (usize, &Rung<'_>)| {
        let strip = strip(page, rung)?;
        let runs = strip.cells.chunk_by(|a, b| a == b).map(run).collect();
        Some(Cells { rung: index, start: strip.start, length: strip.length, runs })
    };
    page.rungs.iter().enumerate().filter_map(cells).collect()
}

/// Creates the template's data for the compared renditions.
pub fn strips(page: &Page<'_>) -> Vec<StripView> {
    let compared = |rung: &&Rung<'_>| !matches!(rung.standing, Standing::Unreadable | Standing::Unfinished);
    page.rungs.iter().filter(compared).map(|rung| view(page, rung)).collect()
}

fn view(page: &Page<'_>, rung: &Rung<'_>) -> StripView {
    let rendition = rung.rendition;
    let trusted = rung.standing.trusted();
    let number = |name: &str| rendition.counts.get(name).copied().unwrap_or(0);
    let [matched, duplicate, unmatched, dropped] = ["matched", "duplicate", "unmatched", "dropped"].map(number);
    let sum = |whole: u64, parts: [(&str, u64); 3]| {
        let parts = parts.map(|(name, number)| format!("{} {name}", words::count(number)));
        format!("{} = {}", words::count(whole), parts.join(" + "))
    };
    let strip = strip(page, rung);
    let all = strip.as_ref().map(|strip| incidents(page, strip)).unwrap_or_default();
    let evidence = rendition.evidence.as_deref().map(|evidence| format!(", by {evidence}")).unwrap_or_default();
    StripView {
        name: rung.name().to_owned(),
        style: rung.style,
        trusted,
        offset: match rendition.offset_ms.filter(|_| trusted) {
            Some(offset) => words::offset(offset),
            // With `--alignment still` there is no offset.
            None if trusted && rendition.evidence.is_none() => "none: the source shows something else".to_owned(),
            None => "not found".to_owned(),
        },
        sure: match rendition.confidence.filter(|_| trusted) {
            Some(confidence) => format!("{confidence:.2} {}{evidence}", words::sure(confidence)),
            None if trusted => String::new(),
            None => "no trustworthy alignment".to_owned(),
        },
        drawn: strip.is_some(),
        label: format!(
            "{}: {} frames matched, {} duplicate, {} unmatched, {} source frames dropped",
            rung.name(),
            words::count(matched),
            words::count(duplicate),
            words::count(unmatched),
            words::count(dropped)
        ),
        rendition_sum: sum(
            matched + duplicate + unmatched,
            [("matched", matched), ("duplicate", duplicate), ("unmatched", unmatched)],
        ),
        source_sum: match rendition.counts.get("outside") {
            Some(&outside) => {
                sum(matched + dropped + outside, [("matched", matched), ("dropped", dropped), ("outside", outside)])
            }
            None => format!(
                "{} matched + {} dropped; frames outside were not counted",
                words::count(matched),
                words::count(dropped)
            ),
        },
        more: all.len().saturating_sub(LINES),
        incidents: all.into_iter().take(LINES).collect(),
    }
}

/// Merges adjacent cells in which frames were dropped, repeated or unmatched.
fn incidents(page: &Page<'_>, strip: &Strip) -> Vec<Incident> {
    let odd = |cell: &Cell| cell.dropped + cell.duplicate + cell.unmatched > 0;
    let mut first = 0;
    let mut found = Vec::new();
    for run in strip.cells.chunk_by(|a, b| odd(a) == odd(b)) {
        let last = first + run.len();
        if run.first().is_some_and(odd) {
            let sum = |of: fn(&Cell) -> u32| words::count(run.iter().map(|cell| u64::from(of(cell))).sum());
            found.push(Incident {
                from: page.clock(strip.start + strip.length * first as f64),
                to: page.clock(strip.start + strip.length * last as f64),
                dropped: sum(|cell| cell.dropped),
                duplicate: sum(|cell| cell.duplicate),
                unmatched: sum(|cell| cell.unmatched),
            });
        }
        first = last;
    }
    found
}
