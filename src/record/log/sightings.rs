// SPDX-License-Identifier: MPL-2.0

//! Which of the scores on frames were seen before.

use crate::record::score_id::ScoreId;
use crate::record::{FrameRecord, State};
use std::collections::VecDeque;

/// How many scores are remembered. A frame that is shown twice may return after others, because an encoder reorders
/// frames.
const REMEMBERED: usize = 64;

/// How a record relates to the previous ones in a log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sight {
    /// It contains neither a score nor measures.
    Nothing,
    /// Its score is new.
    New,
    /// It carries an older frame's score, put there by the element that scored that frame.
    Carried,
    /// The frame is a copy of a previous one with all its metadata, as `videorate` makes them.
    Copy {
        /// This frame's running time minus the scored frame's, in nanoseconds; `None` if unknown.
        age: Option<u64>,
    },
}

/// A score that was seen.
#[derive(Debug, Clone)]
struct Seen {
    id: ScoreId,
    /// When the scored frame is shown, in running time.
    shown: Option<u64>,
    /// Its age when last seen.
    age: Option<u64>,
}

/// The latest scores of one element.
#[derive(Debug, Clone, Default)]
pub(super) struct Sightings(VecDeque<Seen>);

impl Sightings {
    /// Adds a frame with this time stamp and running time, and the element's `record`.
    pub fn see(&mut self, pts: Option<u64>, running_time: Option<u64>, record: &FrameRecord) -> Sight {
        let Some(id) = ScoreId::of(record, pts) else { return Sight::Nothing };
        let is_own = record.state == Some(State::Scored);
        let age = record.age;
        // Two frames without any time stamp cannot be distinguished.
        let known = self.0.iter_mut().find(|seen| seen.id == id).filter(|_| !is_own || id.is_timed());
        let Some(known) = known else {
            let shown = running_time.zip(age).and_then(|(now, age)| now.checked_sub(age));
            if self.0.len() >= REMEMBERED {
                self.0.pop_front();
            }
            self.0.push_back(Seen { id, shown, age });
            return Sight::New;
        };
        // The element itself gives each later frame a different age, and puts measures on their own frame only.
        if is_own || !id.is_of_model() || (age.is_some() && age == known.age) {
            return Sight::Copy { age: running_time.zip(known.shown).and_then(|(now, then)| now.checked_sub(then)) };
        }
        known.age = age;
        Sight::Carried
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::contract::Kind;

    const FRAME: u64 = 40_000_000;
    /// Encoders shift time stamps, and running time stays.
    const SHIFT: u64 = 3_600_000_000_000_000;

    fn scored(n: u64) -> FrameRecord {
        let mut record = FrameRecord::new("m", Kind::NoReference, State::Scored);
        (record.score, record.raw, record.latency) = (Some(50.0), Some(0.5), Some(1000 + n));
        (record.scored_pts, record.age) = (Some(n * FRAME), Some(0));
        record
    }

    fn carried(n: u64, age: u64) -> FrameRecord {
        FrameRecord { state: Some(State::Skipped), age: Some(age), ..scored(n) }
    }

    fn see(sightings: &mut Sightings, running_time: u64, record: &FrameRecord) -> Sight {
        sightings.see(Some(SHIFT + running_time), Some(running_time), record)
    }

    #[test]
    fn copies_are_told_from_their_frame_and_have_its_age() {
        let mut sightings = Sightings::default();
        assert_eq!(see(&mut sightings, 0, &scored(0)), Sight::New);
        assert_eq!(see(&mut sightings, FRAME / 2, &scored(0)), Sight::Copy { age: Some(FRAME / 2) });
        assert_eq!(see(&mut sightings, FRAME, &scored(1)), Sight::New, "the same score of another frame");
        assert_eq!(see(&mut sightings, 2 * FRAME, &scored(0)), Sight::Copy { age: Some(2 * FRAME) }, "out of order");
        assert_eq!(see(&mut sightings, FRAME / 4, &scored(1)), Sight::Copy { age: None }, "before its frame");
    }

    #[test]
    fn an_element_carries_its_score_on_and_that_may_be_copied_too() {
        let mut sightings = Sightings::default();
        assert_eq!(
            see(&mut sightings, 2 * FRAME, &carried(0, 2 * FRAME)),
            Sight::New,
            "of a frame that went on before"
        );
        for _ in 0..2 {
            assert_eq!(see(&mut sightings, 3 * FRAME, &carried(0, 3 * FRAME)), Sight::Carried);
            assert_eq!(see(&mut sightings, 5 * FRAME, &carried(0, 3 * FRAME)), Sight::Copy { age: Some(5 * FRAME) });
            assert_eq!(see(&mut sightings, 6 * FRAME, &carried(0, 6 * FRAME)), Sight::Carried);
        }
        assert_eq!(see(&mut sightings, 7 * FRAME, &scored(0)), Sight::Copy { age: Some(7 * FRAME) });
    }

    #[test]
    fn pairs_that_were_only_measured_are_told_by_their_partners() {
        let mut record = FrameRecord::new("m", Kind::FullReference, State::Skipped);
        let mut sightings = Sightings::default();
        assert_eq!(see(&mut sightings, 0, &record), Sight::Nothing);
        (record.measures, record.latency, record.reference_pts) = (vec![("ssim", 1.0)], Some(9), Some(0));
        assert_eq!(see(&mut sightings, 0, &record), Sight::New);
        assert_eq!(see(&mut sightings, FRAME / 2, &record), Sight::Copy { age: None });
        record.reference_pts = Some(FRAME);
        assert_eq!(see(&mut sightings, FRAME, &record), Sight::New);
    }

    #[test]
    fn frames_without_any_time_are_all_new_and_what_carries_their_scores_is_not() {
        let mut sightings = Sightings::default();
        let mut own = scored(0);
        (own.scored_pts, own.age) = (None, None);
        let older = FrameRecord { state: Some(State::Skipped), ..own.clone() };
        assert_eq!(sightings.see(None, None, &own), Sight::New);
        assert_eq!(sightings.see(None, None, &older), Sight::Carried);
        assert_eq!(sightings.see(None, None, &own), Sight::New);
    }

    #[test]
    fn its_memory_is_bounded_and_longer_than_encoders_reorder() {
        let mut sightings = Sightings::default();
        (0..1000).for_each(|n| assert_eq!(see(&mut sightings, n * FRAME, &scored(n)), Sight::New));
        assert_eq!(sightings.0.len(), REMEMBERED);
        assert!(matches!(see(&mut sightings, 1000 * FRAME, &scored(970)), Sight::Copy { .. }));
    }
}
