// SPDX-License-Identifier: MPL-2.0

//! How much of the source a rendition covers.

use super::pass::{Parts, SourceKnown, parts};
use super::settings::Settings;
use crate::report::frames::Frames;

/// Shorter gaps in seconds are ignored: container timestamps differ by this much.
const LACKS: f64 = 0.25;

/// Parts of a source, in seconds, that a rendition does not show.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Coverage {
    /// Duration of the source.
    whole: f64,
    /// Missing at the beginning.
    before: f64,
    /// Missing between the first and the last pair.
    within: f64,
    /// Missing at the end.
    after: f64,
}

impl Coverage {
    /// Computes the coverage of frames that were compared with the whole source, whose frame interval is `interval`
    /// seconds; `None` if the duration is unknown or no frame is matched.
    pub fn of(frames: &Frames, source: &SourceKnown, interval: Option<f64>) -> Option<Self> {
        let seconds = |nanoseconds: i64| nanoseconds as f64 / 1e9;
        let (first, last) = frames.covered()?;
        let begin = source.begin.unwrap_or(0) as f64 / 1e9;
        let end = source.duration? as f64 / 1e9;
        let long = |lacks: f64| if lacks > LACKS { lacks } else { 0.0 };
        Some(Self {
            whole: end - begin,
            before: long(seconds(first) - begin),
            within: gaps(frames).map(seconds).map(long).sum(),
            after: long(end - seconds(last) - interval.unwrap_or(0.0)),
        })
        .filter(|coverage| coverage.whole > 0.0)
    }

    /// Covered share of the source in percent.
    pub fn percent(&self) -> f64 {
        let shown = self.whole - self.before - self.within - self.after;
        (shown / self.whole).clamp(0.0, 1.0) * 100.0
    }

    /// Describes what is missing.
    pub fn reasons(&self) -> Vec<String> {
        let said = [
            (self.before, format!("the first {:.2} s of the source are missing", self.before)),
            (
                self.within,
                format!("{:.2} s of the source between its first frame and its last are missing", self.within),
            ),
            (self.after, format!("it ends {:.2} s before the source: it may have been cut off", self.after)),
        ];
        let mut reasons: Vec<_> = said.into_iter().filter(|(lacks, _)| *lacks > 0.0).map(|(_, text)| text).collect();
        if !reasons.is_empty() {
            reasons.push(format!(
                "all results cover {:.1} % of the source; use --threshold 'coverage>=99' to require full coverage",
                self.percent()
            ));
        }
        reasons
    }
}

/// Differences between consecutive pairs of how much source time and rendition time have passed, in nanoseconds. Source
/// time shown by unmatched frames counts as missing.
fn gaps(frames: &Frames) -> impl Iterator<Item = i64> + '_ {
    let mut previous = None;
    let mut is_broken = false;
    let timed = frames.times.iter().zip(&frames.offsets);
    let timed = timed.filter_map(|(time, offset)| Some((i64::try_from((*time)?).ok()?, *offset)));
    timed.filter_map(move |(time, offset)| {
        let Some(partner) = offset.and_then(|offset| time.checked_add(offset)) else {
            is_broken = true;
            return None;
        };
        let was_broken = std::mem::take(&mut is_broken);
        let (from, shown): (i64, i64) = previous.replace((partner, time))?;
        let shows = if was_broken { 0 } else { time.saturating_sub(shown) };
        Some(partner.saturating_sub(from).saturating_sub(shows))
    })
}

/// Why frames of a part may be missing, and what to do.
pub const INEXACT: &str = "it ends earlier, or its timestamps are inexact after a seek, as in MPEG-TS and MPEG-PS; \
                       compare all of it, or remux it: ffmpeg -i FILE -c copy FILE.mkv";

/// Missing frames of a requested part.
pub struct Lack {
    /// Missing share of the part, 0 to 1.
    pub share: f64,
    /// Description, with what to do.
    pub reason: String,
}

/// Missing part of a rendition whose frames cover the running times `span`, if it is larger than container timestamps
/// differ by. For whole streams [`Coverage`] is used.
pub fn lack(span: Option<(u64, u64)>, source: &SourceKnown, settings: &Settings) -> Option<Lack> {
    let in_seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    let Parts { rendition: part, lead, .. } = parts(settings);
    let lead = gst::ClockTime::from_nseconds(lead.max(0).unsigned_abs());
    if part.is_all() {
        return None;
    }
    let there = gst::ClockTime::from_nseconds(source.duration?).saturating_sub(lead);
    let wanted = part.stop.map_or(there, |stop| stop.saturating_sub(part.start).min(there)).nseconds();
    let came = span.map_or(0, |(begin, end)| end.saturating_sub(begin));
    let lacks = wanted.saturating_sub(came);
    let share = lacks as f64 / wanted.max(1) as f64;
    (share > 0.05 && in_seconds(lacks) > LACKS.min(in_seconds(wanted) / 2.0)).then(|| Lack {
        share,
        reason: format!(
            "only {:.2} of {:.2} s of this part were decoded: {INEXACT}",
            in_seconds(came),
            in_seconds(wanted)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_iqa::model::contract::Kind;
    use onnx_iqa::record::{FrameRecord, PairingState, State};

    const FRAME: i64 = 40_000_000;

    /// Frames at 25 fps: the number of each one's matching frame, if any.
    fn frames(partners: impl IntoIterator<Item = Option<i64>>) -> Frames {
        let mut frames = Frames::new(&[]);
        for (number, partner) in (0..).zip(partners) {
            let mut record = FrameRecord::new("none", Kind::FullReference, State::Scored);
            record.offset = partner.map(|partner| (partner - number) * FRAME);
            record.pairing = Some(if partner.is_some() { PairingState::Matched } else { PairingState::Unmatched });
            frames.push(Some((number * FRAME) as u64), &record);
        }
        frames
    }

    fn coverage(partners: impl IntoIterator<Item = Option<i64>>) -> Coverage {
        let source = SourceKnown { begin: Some(0), duration: Some(100 * FRAME as u64), ..SourceKnown::default() };
        Coverage::of(&frames(partners), &source, Some(0.04)).unwrap()
    }

    #[test]
    fn what_lacks_is_counted_wherever_it_is() {
        assert_eq!(coverage((0..100).map(Some)).percent(), 100.0);
        assert!(coverage((0..100).map(Some)).reasons().is_empty());
        let end = coverage((0..50).map(Some));
        assert!((end.percent() - 50.0).abs() < 1e-9 && end.reasons()[0].contains("ends 2.00 s before"), "{end:?}");
        assert!((coverage((25..100).map(Some)).percent() - 75.0).abs() < 1e-9);
        let middle = coverage((0..40).chain(60..100).map(Some));
        assert!((middle.percent() - 80.0).abs() < 1e-9 && middle.reasons()[0].contains("0.80 s"), "{middle:?}");
        // One second is replaced by other material.
        let other = coverage((0..100).map(|number| Some(number).filter(|number| !(30..55).contains(number))));
        assert!((other.percent() - 74.0).abs() < 1e-9, "{other:?}");
    }

    #[test]
    fn lost_frames_and_inserted_ones_are_no_gap() {
        assert_eq!(coverage((0..100).map(|number| Some(number).filter(|number| number % 10 != 3))).percent(), 100.0);
        assert_eq!(coverage((0..40).map(Some).chain([None; 50]).chain((40..100).map(Some))).percent(), 100.0);
        // Every other frame, according to its timestamps.
        let mut half = Frames::new(&[]);
        for number in 0..50 {
            let mut record = FrameRecord::new("none", Kind::FullReference, State::Scored);
            record.offset = Some(0);
            half.push(Some(2 * number * FRAME as u64), &record);
        }
        let source = SourceKnown { begin: Some(0), duration: Some(100 * FRAME as u64), ..SourceKnown::default() };
        assert_eq!(Coverage::of(&half, &source, Some(0.04)).unwrap().percent(), 100.0);
        assert_eq!(Coverage::of(&Frames::new(&[]), &source, None), None);
    }
}
