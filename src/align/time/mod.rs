// SPDX-License-Identifier: MPL-2.0

//! Alignment in time: which reference frame a distorted frame is to be compared with.
//!
//! All times are nanoseconds of running time. Frames are numbered per side in the order of their arrival, from 0.

mod aligner;
mod beyond;
mod clock;
mod desk;
mod intervals;
mod ledger;
mod path;
mod run;
mod signature;
mod still;
mod unit;
mod witness;

pub use aligner::Aligner;
pub(in crate::align) use beyond::{Beyond, Of};
pub use signature::{CELLS, COLUMNS, ROWS, Signature};

/// When a frame is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timestamp {
    /// Running time; it may lie before the segment. None: the frame has no time stamp.
    pub running: Option<i64>,
    /// How long it is shown: its own duration, else by the frame rate. None: not known.
    pub duration: Option<u64>,
}

impl Timestamp {
    /// That of frame `number`, from 0, of a stream with `frames` frames in `seconds` seconds, such as 30000 in 1001. No
    /// time stamp if either is 0, or beyond 292 years.
    pub fn at_rate(number: u64, frames: u32, seconds: u32) -> Self {
        let start = |number: u128| {
            let nanoseconds = number * u128::from(seconds) * 1_000_000_000;
            nanoseconds
                .checked_div(u128::from(frames))
                .filter(|_| seconds > 0)
                .and_then(|time| i64::try_from(time).ok())
        };
        let (running, next) = (start(number.into()), start(u128::from(number) + 1));
        let duration = running.zip(next).and_then(|(running, next)| u64::try_from(next - running).ok());
        Self { running, duration }
    }
}

/// How partners are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Alignment {
    /// Running times match.
    Pts,
    /// Running times match after an offset has been added to the distorted frame's.
    Offset,
    /// By running times, unless the pictures show another offset, drops, repeats, jumps or drift.
    #[default]
    Auto,
    /// By a monotone path, found from the pictures alone.
    Track,
    /// The reference shows something else, or one picture only: the last of its pictures that is not later than the
    /// distorted frame, before it the first, stands for it. Pictures are not looked at.
    Still,
}

/// What an [`Aligner`] is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How partners are found.
    pub alignment: Alignment,
    /// Added to the distorted frames' running time before pairing.
    pub offset: i64,
    /// How far `auto` and `track` look, inclusive.
    pub search_range: u64,
}

impl Default for Settings {
    /// Running times, unless the pictures show otherwise, within two seconds.
    fn default() -> Self {
        Self { alignment: Alignment::default(), offset: 0, search_range: 2_000_000_000 }
    }
}

/// What a distorted frame is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// With this reference frame, which no frame before was compared with; under [`Alignment::Still`] some may have been.
    Matched(u64),
    /// With the partner of the distorted frame before.
    Duplicate(u64),
    /// With none that could be trusted.
    Unmatched,
}

impl Pairing {
    /// The partner's number.
    pub fn reference(self) -> Option<u64> {
        match self {
            Self::Matched(reference) | Self::Duplicate(reference) => Some(reference),
            Self::Unmatched => None,
        }
    }
}

/// What a pairing rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The pictures tell this partner from others.
    Picture,
    /// The pictures do not tell, cannot be read, or say something else: running times decide.
    Time,
}

/// Confidence up to which the pictures contradict a pair that times have made: they show something else, or another
/// reference near by shows what the frame does.
pub const CONTRADICTED: f64 = 0.1;

/// What was decided about a distorted frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Its number.
    pub distorted: u64,
    /// What it is compared with.
    pub pairing: Pairing,
    /// How far that can be trusted, 0 to 1.
    pub confidence: f64,
    /// What that rests on.
    pub evidence: Evidence,
}

/// Something that users have to hear of: nothing is aligned in silence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AlignmentEvent {
    /// An offset was found, or it is another one now.
    Offset {
        /// The distorted frame from which on it holds.
        distorted: u64,
        /// The one before, if any.
        from: Option<i64>,
        /// Reference minus distorted running time.
        to: i64,
        /// 0 to 1.
        confidence: f64,
    },
    /// The pictures no longer agree: frames are unmatched until they do.
    Lost {
        /// The first distorted frame for which that is so.
        distorted: u64,
    },
    /// The search window had to shrink: it would have held more than `max-bytes`.
    Shrunk {
        /// What is left of it.
        window: u64,
    },
}

/// Where all frames have gone; it adds up once both sides have ended and every decision was taken.
///
/// `distorted = matched + duplicate + unmatched`, `reference = matched + dropped + outside`. So that this holds under
/// [`Alignment::Still`] too, a reference counts as matched with the first frame that it stands for, and those after that
/// as duplicates, although each of them is [matched](Pairing::Matched).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Distorted frames.
    pub distorted: u64,
    /// Reference frames.
    pub reference: u64,
    /// Pairs of two that had no partner before.
    pub matched: u64,
    /// Distorted frames that share their predecessor's partner.
    pub duplicate: u64,
    /// Distorted frames without a partner.
    pub unmatched: u64,
    /// Reference frames between the first and the last partner without a partner.
    pub dropped: u64,
    /// Reference frames before the first partner or after the last.
    pub outside: u64,
}

impl Ledger {
    /// What was decided of it: frames that still wait, or were dropped undecided, are not counted.
    #[must_use]
    pub fn decided(self) -> Self {
        Self {
            distorted: self.matched + self.duplicate + self.unmatched,
            reference: self.matched + self.dropped + self.outside,
            ..self
        }
    }
}

/// Of streams one after another.
impl std::ops::AddAssign for Ledger {
    fn add_assign(&mut self, more: Self) {
        self.distorted += more.distorted;
        self.reference += more.reference;
        self.matched += more.matched;
        self.duplicate += more.duplicate;
        self.unmatched += more.unmatched;
        self.dropped += more.dropped;
        self.outside += more.outside;
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Timestamp};

    #[test]
    fn ledgers_are_added_up() {
        let one = Ledger { distorted: 9, reference: 8, matched: 1, duplicate: 2, unmatched: 3, dropped: 4, outside: 2 };
        let mut sum = one.decided();
        assert_eq!((sum.distorted, sum.reference), (6, 7), "1 + 2 + 3, and 1 + 4 + 2");
        sum += one;
        let Ledger { distorted, reference, matched, duplicate, unmatched, dropped, outside } = sum;
        assert_eq!([distorted, reference, matched, duplicate, unmatched, dropped, outside], [15, 15, 2, 4, 6, 8, 4]);
    }

    #[test]
    fn time_stamps_at_a_rate() {
        let at = |number| Timestamp::at_rate(number, 30_000, 1001);
        assert_eq!(at(0), Timestamp { running: Some(0), duration: Some(33_366_666) });
        // Durations fill the time between two frames without a gap.
        for number in [0, 1, 2, 29_999, 30_000] {
            assert_eq!(
                at(number).running.unwrap() + at(number).duration.unwrap() as i64,
                at(number + 1).running.unwrap()
            );
        }
        assert_eq!(at(30_000).running, Some(1_001_000_000_000));
        for nothing in [Timestamp::at_rate(1, 0, 1), Timestamp::at_rate(1, 25, 0), Timestamp::at_rate(u64::MAX, 25, 1)]
        {
            assert_eq!(nothing, Timestamp::default());
        }
    }
}
