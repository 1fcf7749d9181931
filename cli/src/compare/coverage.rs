// SPDX-License-Identifier: MPL-2.0

//! How much of the source has a counterpart in a rendition.

use super::pass::{SourceKnown, parts};
use super::settings::Settings;
use crate::report::frames::Frames;

/// What is shorter is not said to lack, in seconds: clocks of containers differ by as much.
const LACKS: f64 = 0.25;

/// The parts of a source, in seconds, of which a rendition shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Coverage {
    /// How long the source is.
    whole: f64,
    /// What lacks at its beginning.
    before: f64,
    /// What lacks between the first pair and the last.
    within: f64,
    /// What lacks at its end.
    after: f64,
}

impl Coverage {
    /// Of frames that were compared with all of a source, whose pictures are `interval` seconds apart; none where it is
    /// not known how long that is, or nothing has a partner.
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

    /// How much of the source is shown, in percent.
    pub fn percent(&self) -> f64 {
        let shown = self.whole - self.before - self.within - self.after;
        (shown / self.whole).clamp(0.0, 1.0) * 100.0
    }

    /// What lacks, in words.
    pub fn reasons(&self) -> Vec<String> {
        let said = [
            (self.before, format!("it lacks the source's first {:.2} s", self.before)),
            (
                self.within,
                format!("it leaves out {:.2} s of the source between its first frame and its last", self.within),
            ),
            (self.after, format!("it ends {:.2} s before the source: it may have been cut off", self.after)),
        ];
        let mut reasons: Vec<_> = said.into_iter().filter(|(lacks, _)| *lacks > 0.0).map(|(_, text)| text).collect();
        if !reasons.is_empty() {
            reasons.push(format!(
                "all figures are of {:.1} % of the source; --threshold 'coverage>=99' makes that a miss",
                self.percent()
            ));
        }
        reasons
    }
}

/// By how much the source's time runs ahead of the rendition's from one pair to the next, in nanoseconds. What frames
/// without a partner stand for is not shown.
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

/// Why frames of a part may not come, and what to do.
pub const INEXACT: &str = "it ends before, or its times are not exact after a seek (those of MPEG-TS and MPEG-PS are not); \
                       compare all of it, or copy it to another container: ffmpeg -i FILE -c copy FILE.mkv";

/// What did not come of the part that was asked for.
pub struct Lack {
    /// The share of the part that is missing, 0 to 1.
    pub share: f64,
    /// The same in words, with what to do.
    pub reason: String,
}

/// The same, of a rendition whose frames have the running times `span`, if it is more than clocks of containers differ by.
/// Of whole streams the [`Coverage`] says it.
pub fn lack(span: Option<(u64, u64)>, source: &SourceKnown, settings: &Settings) -> Option<Lack> {
    let in_seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    let (_, part, lead) = parts(settings);
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
        reason: format!("only {:.2} of {:.2} s of this part came: {INEXACT}", in_seconds(came), in_seconds(wanted)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_iqa::model::contract::Kind;
    use onnx_iqa::record::{FrameRecord, PairingState, State};

    const FRAME: i64 = 40_000_000;

    /// Frames at 25 a second: the number of each one's partner, if it has one.
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
        // Other material in the place of a second.
        let other = coverage((0..100).map(|number| Some(number).filter(|number| !(30..55).contains(number))));
        assert!((other.percent() - 74.0).abs() < 1e-9, "{other:?}");
    }

    #[test]
    fn lost_frames_and_inserted_ones_are_no_gap() {
        assert_eq!(coverage((0..100).map(|number| Some(number).filter(|number| number % 10 != 3))).percent(), 100.0);
        assert_eq!(coverage((0..40).map(Some).chain([None; 50]).chain((40..100).map(Some))).percent(), 100.0);
        // Every second one: its times say so.
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
