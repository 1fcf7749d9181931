// SPDX-License-Identifier: MPL-2.0

//! What one element has said so far.

use super::history::History;
use crate::metrics::registry::MEASURES;
use crate::record::score_id::ScoreId;
use crate::record::{Field, FrameRecord, State};
use crate::scorer::Map;
use std::sync::Arc;

/// A number that can stand for a frame's quality, and how it is drawn.
#[derive(Debug, PartialEq)]
pub struct Headline {
    /// The field's name.
    pub field: &'static str,
    /// Whether 0 to 100 go from bad to excellent.
    pub in_words: bool,
    /// What an axis begins and ends with a multiple of.
    pub step: f64,
    /// Digits after the point.
    pub digits: usize,
}

/// The first that a record has stands for it.
const HEADLINES: [Headline; 6] = [
    Headline { field: "score", in_words: true, step: 10.0, digits: 1 },
    Headline { field: "vmaf", in_words: true, step: 10.0, digits: 1 },
    Headline { field: "psnr-y", in_words: false, step: 5.0, digits: 1 },
    Headline { field: "psnr", in_words: false, step: 5.0, digits: 1 },
    Headline { field: "ms-ssim", in_words: false, step: 0.05, digits: 3 },
    Headline { field: "ssim", in_words: false, step: 0.05, digits: 3 },
];

/// What one element has said so far.
#[derive(Debug, Default)]
pub struct Track {
    /// The element's name.
    pub name: String,
    /// Its model's, if it has one.
    pub model: Option<String>,
    /// Which of [`HEADLINES`] stands for its frames, the number, and when the frame of that number was shown, in
    /// running time.
    newest: Option<(usize, f64, Option<u64>)>,
    /// What tells its score from the next: a copy of the frame, as `videorate` makes them, brings none.
    id: Option<ScoreId>,
    /// How old the number is where there is no running time.
    carried_age: Option<u64>,
    /// Why the frame has no number of its own, if something is wrong.
    pub fault: Option<&'static str>,
    /// Names, numbers and units of what else is known.
    pub values: Vec<(String, String)>,
    /// Where the picture is bad.
    pub map: Option<Arc<Map>>,
    /// An alarm is raised.
    pub alarm: bool,
    /// The history of the number.
    pub history: History,
    /// Counts the changes of the history.
    pub revision: u64,
}

impl Track {
    /// Of an element that has said nothing yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The element says this of the frame that is shown at this running time.
    pub fn observe(&mut self, time: Option<u64>, record: &FrameRecord) {
        self.model = record.model.clone().filter(|model| model != "none");
        self.fault = match record.state {
            Some(State::Failed) => Some("FAILED"),
            Some(State::Unmatched) => Some("UNMATCHED"),
            _ => None,
        };
        self.alarm = record.alarm.unwrap_or(false);
        let found = HEADLINES.iter().enumerate().find_map(|(rank, line)| Some((rank, record.value(line.field)?)));
        // Of a comparison in which the model scores some frames, those between have measures only.
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

    /// Time has jumped back to `time`: what is later is no longer true.
    pub fn jump_back(&mut self, time: u64) {
        self.history.clear();
        self.revision += 1;
        if self.newest.is_some_and(|(.., at)| at.is_some_and(|at| at > time)) {
            (self.newest, self.carried_age, self.map, self.alarm) = (None, None, None, false);
            (self.fault, self.values) = (None, Vec::new());
        }
    }

    /// The number that stands for the element's frames, if there is one by now.
    pub fn headline(&self) -> Option<(&'static Headline, f64)> {
        self.newest.and_then(|(rank, value, _)| Some((HEADLINES.get(rank)?, value)))
    }

    /// How old that number is on a frame that is shown at `time`, in nanoseconds.
    pub fn age(&self, time: Option<u64>) -> Option<u64> {
        let (.., at) = self.newest?;
        time.zip(at).map_or(self.carried_age, |(time, at)| Some(time.saturating_sub(at)))
    }
}

/// What is known of a frame beside its score, for people.
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
