// SPDX-License-Identifier: MPL-2.0

//! The state of one element's scores.

use super::history::History;
use crate::metrics::registry::MEASURES;
use crate::record::score_id::ScoreId;
use crate::record::{Field, FrameRecord, State};
use crate::scorer::Map;
use std::sync::Arc;

/// A number that can represent a frame's quality, and how it is drawn.
#[derive(Debug, PartialEq)]
pub struct Headline {
    /// The field's name.
    pub field: &'static str,
    /// Whether 0 to 100 means bad to excellent.
    pub in_words: bool,
    /// The limits of an axis are multiples of this.
    pub step: f64,
    /// Digits after the point.
    pub digits: usize,
}

/// The first one that a record contains represents it.
const HEADLINES: [Headline; 6] = [
    Headline { field: "score", in_words: true, step: 10.0, digits: 1 },
    Headline { field: "vmaf", in_words: true, step: 10.0, digits: 1 },
    Headline { field: "psnr-y", in_words: false, step: 5.0, digits: 1 },
    Headline { field: "psnr", in_words: false, step: 5.0, digits: 1 },
    Headline { field: "ms-ssim", in_words: false, step: 0.05, digits: 3 },
    Headline { field: "ssim", in_words: false, step: 0.05, digits: 3 },
];

/// The state of one element's scores.
#[derive(Debug, Default)]
pub struct Track {
    /// The element's name.
    pub name: String,
    /// The model's name, if there is one.
    pub model: Option<String>,
    /// The index in [`HEADLINES`] of what represents its frames, the number, and the running time of the frame it
    /// belongs to.
    newest: Option<(usize, f64, Option<u64>)>,
    /// Identifies its score: a copy of a frame, as `videorate` makes them, brings no new one.
    id: Option<ScoreId>,
    /// The age of the number if there is no running time.
    carried_age: Option<u64>,
    /// Why the frame has no number of its own, if something is wrong.
    pub fault: Option<&'static str>,
    /// Names, numbers and units of other values.
    pub values: Vec<(String, String)>,
    /// Where the picture is bad.
    pub map: Option<Arc<Map>>,
    /// Whether an alarm is raised.
    pub alarm: bool,
    /// The history of the number.
    pub history: History,
    /// Counts the changes of the history.
    pub revision: u64,
}

impl Track {
    /// For an element without records yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds the element's record of the frame shown at this running time.
    pub fn observe(&mut self, time: Option<u64>, record: &FrameRecord) {
        self.model = record.model.clone().filter(|model| model != "none");
        self.fault = match record.state {
            Some(State::Failed) => Some("FAILED"),
            Some(State::Unmatched) => Some("UNMATCHED"),
            _ => None,
        };
        self.alarm = record.alarm.unwrap_or(false);
        let found = HEADLINES.iter().enumerate().find_map(|(rank, line)| Some((rank, record.value(line.field)?)));
        // In a comparison whose model scores only some frames, the others have measures only.
        let takes_over = |rank: usize| self.newest.is_none_or(|(known, ..)| rank <= known);
        if let Some((rank, value)) = found.filter(|&(rank, _)| takes_over(rank)) {
            if self.newest.is_some_and(|(known, ..)| known != rank) {
                self.history.clear();
            }
            // Measures are always the frame's own.
            self.carried_age = if rank == 0 { record.age } else { Some(0) };
            let mut at = time.map(|time| time.saturating_sub(self.carried_age.unwrap_or(0)));
            let id = ScoreId::of(record, None).filter(ScoreId::is_timed);
            if id.is_some() && id == self.id {
                at = at.min(self.newest.and_then(|(.., at)| at)).or(at);
            }
            self.id = id;
            self.newest = Some((rank, value, at));
            if let Some(at) = at.filter(|&at| self.history.last() != Some((at, value))) {
                self.history.push(at, value);
                self.revision += 1;
            }
            if record.map.is_some() || record.age == Some(0) {
                self.map.clone_from(&record.map);
            }
        }
        let values = values(record);
        if !values.is_empty() {
            self.values = values;
        }
    }

    /// Time has jumped back to `time`: later values no longer apply.
    pub fn jump_back(&mut self, time: u64) {
        self.history.clear();
        self.revision += 1;
        if self.newest.is_some_and(|(.., at)| at.is_some_and(|at| at > time)) {
            (self.newest, self.carried_age, self.map, self.alarm) = (None, None, None, false);
            (self.fault, self.values) = (None, Vec::new());
        }
    }

    /// The number that represents the element's frames, if there is one yet.
    pub fn headline(&self) -> Option<(&'static Headline, f64)> {
        self.newest.and_then(|(rank, value, _)| Some((HEADLINES.get(rank)?, value)))
    }

    /// The age of that number on a frame shown at `time`, in nanoseconds.
    pub fn age(&self, time: Option<u64>) -> Option<u64> {
        let (.., at) = self.newest?;
        time.zip(at).map_or(self.carried_age, |(time, at)| Some(time.saturating_sub(at)))
    }
}

/// The other values of a frame, formatted for display.
fn values(record: &FrameRecord) -> Vec<(String, String)> {
    let measured = MEASURES.iter().flat_map(|measure| measure.fields.iter().map(|field| field.name));
    let has_luma = record.value("psnr-y").is_some();
    let wanted = measured.filter(|&name| match name {
        "psnr-cb" | "psnr-cr" => false,
        "psnr" => !has_luma,
        _ => true,
    });
    let measured = wanted.filter_map(|name| {
        let (field, value) = (Field::named(name)?, record.value(name)?);
        Some((name.to_owned(), number(value, field.range.is_some_and(|range| range.high <= 1.0), field.unit)))
    });
    let attributes = record.attributes.iter().map(|(name, value)| (name.clone(), number(*value, false, None)));
    measured.chain(attributes).collect()
}

fn number(value: f64, is_share: bool, unit: Option<&str>) -> String {
    let digits = if is_share { 3 } else { 1 };
    match unit {
        Some(unit) => format!("{value:.digits$} {unit}"),
        None => format!("{value:.digits$}"),
    }
}
