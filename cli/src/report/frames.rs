// SPDX-License-Identifier: MPL-2.0

//! Per-frame values for curves and tables, as columns: hours of video take a few megabytes.

use super::page::RenditionCurves;
use super::records::ATTRIBUTE;
use onnx_iqa::metrics;
use onnx_iqa::record::{Field, FrameRecord, PairingState, State};
use onnx_iqa::stats::{FieldRange, WindowPools};
use serde::{Deserialize, Serialize};

const SECOND: u64 = 1_000_000_000;

/// Pairing of a frame, as one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// Matched with its own source frame.
    Matched,
    /// Matched with the same source frame as its predecessor.
    Duplicate,
    /// Unmatched.
    Unmatched,
    /// Matched, but could not be measured.
    Failed,
}

impl Pairing {
    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Duplicate => "duplicate",
            Self::Unmatched => "unmatched",
            Self::Failed => "failed",
        }
    }
}

/// The frames of a rendition in order. All columns have the same length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Frames {
    /// Running times in nanoseconds; `None` if the frame has none.
    pub times: Vec<Option<u64>>,
    /// Pairings.
    pub pairings: Vec<Pairing>,
    /// Running time of the source frame minus that of the frame, in nanoseconds.
    pub offsets: Vec<Option<i64>>,
    /// Column names and values; `None` if the frame has no value.
    pub fields: Vec<(String, Vec<Option<f32>>)>,
}

impl Frames {
    /// Creates empty columns with these names.
    pub fn new(fields: &[&str]) -> Self {
        let fields = fields.iter().map(|&field| (field.to_owned(), Vec::new())).collect();
        Self { fields, ..Self::default() }
    }

    /// Adds a frame. Values carried over from another frame are ignored.
    pub fn push(&mut self, running_time: Option<u64>, record: &FrameRecord) {
        self.times.push(running_time);
        self.pairings.push(match (record.state, record.pairing) {
            (Some(State::Failed), _) => Pairing::Failed,
            (_, Some(PairingState::Matched)) => Pairing::Matched,
            (_, Some(PairingState::Duplicate)) => Pairing::Duplicate,
            _ => Pairing::Unmatched,
        });
        self.offsets.push(record.offset);
        for (name, values) in &mut self.fields {
            let value = match name.strip_prefix(ATTRIBUTE) {
                // An attribute may have the name of a field.
                Some(name) => record.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| *value),
                None => record.value(name),
            };
            let value = value.filter(|_| record.age.is_none_or(|age| age == 0));
            values.push(value.map(|value| value as f32));
        }
    }

    /// Values of a field, if it is a column.
    pub fn field(&self, name: &str) -> Option<&[Option<f32>]> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    /// Names of the model's attributes that are columns, and their values.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &[Option<f32>])> {
        self.fields.iter().filter_map(|(name, values)| Some((name.strip_prefix(ATTRIBUTE)?, values.as_slice())))
    }

    /// Times and values of frames, in nanoseconds; frames without a time or value are omitted.
    pub fn timed<'a>(&'a self, values: &'a [Option<f32>]) -> impl Iterator<Item = (u64, f64)> + 'a {
        self.times.iter().zip(values).filter_map(|(time, value)| Some(((*time)?, f64::from((*value)?))))
    }

    /// Median offset of the pairs in nanoseconds.
    pub fn offset(&self) -> Option<i64> {
        let mut offsets: Vec<_> = self.offsets.iter().flatten().copied().collect();
        let middle = offsets.len().checked_sub(1)? / 2;
        let (_, median, _) = offsets.select_nth_unstable(middle);
        Some(*median)
    }

    /// Lowest mean of a field over one second. An incomplete second at the end only counts if there is no other.
    pub fn worst_second(&self, field: &str) -> Option<f64> {
        let range = Field::named(field).and_then(|field| field.range).unwrap_or(FieldRange::SCORE);
        let mut windows = WindowPools::new(SECOND, range);
        let values = self.timed(self.field(field)?);
        let whole: Vec<_> = values.filter_map(|(time, value)| windows.push(Some(time), Some(value))?.mean).collect();
        let rest = windows.finish().and_then(|rest| {
            let is_long =
                rest.start.zip(rest.end).is_some_and(|(start, end)| end.saturating_sub(start) > SECOND * 4 / 5);
            rest.mean.filter(|_| is_long || whole.is_empty())
        });
        let more_is_better = metrics::Field::named(field).is_none_or(metrics::Field::more_is_better);
        whole.into_iter().chain(rest).reduce(if more_is_better { f64::min } else { f64::max })
    }

    /// Frames over the time of the source. An unmatched frame is placed according to the preceding offset, and time
    /// never goes back.
    pub fn curves(&self) -> RenditionCurves {
        let (mut latest, mut offset) = (0.0f64, self.offset().unwrap_or(0));
        let times = self.times.iter().zip(&self.offsets).map(|(time, own)| {
            offset = own.unwrap_or(offset);
            let source = time.map_or(latest, |time| (time as f64 + offset as f64) / 1e9);
            latest = latest.max(source);
            latest
        });
        let times = times.collect();
        let pairing = self.pairings.iter().map(|pairing| match pairing {
            Pairing::Matched | Pairing::Failed => PairingState::Matched,
            Pairing::Duplicate => PairingState::Duplicate,
            Pairing::Unmatched => PairingState::Unmatched,
        });
        let column = |values: &Vec<Option<f32>>| values.iter().map(|value| value.unwrap_or(f32::NAN)).collect();
        let fields = self.fields.iter().map(|(name, values)| (name.clone(), column(values)));
        RenditionCurves { name: String::new(), times, pairing: pairing.collect(), fields: fields.collect() }
    }

    /// Running times of the source of the first and the last pair, in nanoseconds.
    pub fn covered(&self) -> Option<(i64, i64)> {
        let mut pairs = self
            .times
            .iter()
            .zip(&self.offsets)
            .filter_map(|(time, offset)| i64::try_from((*time)?).ok()?.checked_add((*offset)?));
        let first = pairs.next()?;
        Some((first, pairs.next_back().unwrap_or(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_iqa::model::contract::Kind;

    fn frames(values: impl IntoIterator<Item = f64>) -> Frames {
        let mut frames = Frames::new(&["vmaf"]);
        for (n, value) in (0..).zip(values) {
            let mut record = FrameRecord::new("none", Kind::FullReference, State::Scored);
            (record.measures, record.offset) = (vec![("vmaf", value)], Some(0));
            frames.push(Some(n * SECOND / 10), &record);
        }
        frames
    }

    #[test]
    fn the_worst_second_is_a_whole_one() {
        let dip = (0..30).map(|n| if (10..20).contains(&n) { 40.0 } else { 90.0 });
        assert_eq!(frames(dip).worst_second("vmaf"), Some(40.0));
        // Two frames of 10 at the end are not a full second.
        let rest = (0..22).map(|n| if n >= 20 { 10.0 } else { 90.0 });
        assert_eq!(frames(rest).worst_second("vmaf"), Some(90.0));
        assert_eq!(frames([10.0, 30.0]).worst_second("vmaf"), Some(20.0));
        assert_eq!(frames([]).worst_second("vmaf"), None);
    }

    #[test]
    fn columns_stay_of_one_length_and_the_offset_is_that_of_most() {
        let mut frames = Frames::new(&["psnr-y", "score"]);
        for (n, offset) in [(0, 80), (1, 80), (2, 120), (3, 80)] {
            let mut record = FrameRecord::new("none", Kind::FullReference, State::Scored);
            (record.pairing, record.offset) = (Some(PairingState::Matched), Some(offset));
            record.measures = vec![("psnr-y", 30.0 + n as f64)];
            frames.push(Some(n * 40), &record);
        }
        let mut alone = FrameRecord::new("none", Kind::FullReference, State::Unmatched);
        alone.pairing = Some(PairingState::Unmatched);
        frames.push(Some(160), &alone);
        assert_eq!((frames.times.len(), frames.offset(), frames.covered()), (5, Some(80), Some((80, 200))));
        let psnr = frames.field("psnr-y").unwrap();
        assert_eq!(frames.timed(psnr).collect::<Vec<_>>(), [(0, 30.0), (40, 31.0), (80, 32.0), (120, 33.0)]);
        assert_eq!(frames.field("score"), Some(&[None; 5][..]));
        assert_eq!(frames.pairings.last(), Some(&Pairing::Unmatched));
    }

    #[test]
    fn an_attribute_may_have_the_name_of_a_field() {
        let mut frames = Frames::new(&["score", "attributes.score", "attributes.noise"]);
        let mut record = FrameRecord::new("m", Kind::NoReference, State::Scored);
        (record.score, record.attributes) = (Some(50.0), vec![("noise".into(), 4.5), ("score".into(), 80.0)]);
        frames.push(None, &record);
        record.age = Some(40);
        frames.push(None, &record);
        assert_eq!(frames.field("score"), Some(&[Some(50.0), None][..]));
        let attributes: Vec<_> = frames.attributes().collect();
        assert_eq!(attributes, [("score", &[Some(80.0), None][..]), ("noise", &[Some(4.5), None][..])]);
    }
}
