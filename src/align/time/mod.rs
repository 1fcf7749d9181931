// SPDX-License-Identifier: MPL-2.0

//! Alignment in time: which reference frame each distorted frame is compared with.
//!
//! [`Aligner`] takes time stamps and [`Signature`]s of both streams and returns a [`Decision`] per distorted frame.
//! [`Alignment`] selects the method: by running times (`pts`, `offset`), by times and pictures (`auto`), by pictures
//! alone (`track`), or one reference for whatever follows (`still`).
//!
//! `auto` and `track` find the most likely monotone path through all pairs of pictures with the Viterbi algorithm
//! (Viterbi, "Error bounds for convolutional codes and an asymptotically optimum decoding algorithm", IEEE Trans.
//! Information Theory 13(2), 1967), as dynamic time warping does (Sakoe and Chiba, "Dynamic programming algorithm
//! optimization for spoken word recognition", IEEE Trans. ASSP 26(1), 1978). Pictures are compared on small luma grids
//! by normalized correlation, as in the temporal registration of ITU-T J.144 and J.247.
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
    /// Running time, which may lie before the segment. `None`: the frame has no time stamp.
    pub running: Option<i64>,
    /// How long it is shown: its own duration, else that of the frame rate. `None`: unknown.
    pub duration: Option<u64>,
}

impl Timestamp {
    /// The time stamp of frame `number`, counted from 0, of a stream with `frames` frames in `seconds` seconds, such as
    /// 30000 in 1001. Empty if either is 0, or beyond 292 years.
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
    /// By running times, unless the pictures show a different offset, drops, repeats, jumps or drift.
    #[default]
    Auto,
    /// By a monotone path found from the pictures alone.
    Track,
    /// The reference shows something else, or consists of a single picture. Its last picture that is not later than the
    /// distorted frame applies, and before the first picture, the first. Pictures are not compared.
    Still,
}

/// The settings of an [`Aligner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How partners are found.
    pub alignment: Alignment,
    /// Added to the running time of distorted frames before pairing.
    pub offset: i64,
    /// The search range of `auto` and `track`, inclusive.
    pub search_range: u64,
}

impl Default for Settings {
    /// By running times, unless the pictures show otherwise, within two seconds.
    fn default() -> Self {
        Self { alignment: Alignment::default(), offset: 0, search_range: 2_000_000_000 }
    }
}

/// What a distorted frame is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// This reference frame, which no previous frame was compared with (under [`Alignment::Still`] some may have been).
    Matched(u64),
    /// The partner of the previous distorted frame.
    Duplicate(u64),
    /// No frame that can be trusted.
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
    /// The pictures distinguish this partner from others.
    Picture,
    /// The pictures do not distinguish, cannot be read, or disagree: running times decide.
    Time,
}

/// Confidence up to which the pictures contradict a pair made by times: they show something else, or a nearby reference
/// shows what the frame does.
pub const CONTRADICTED: f64 = 0.1;

/// The decision about a distorted frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Its number.
    pub distorted: u64,
    /// What it is compared with.
    pub pairing: Pairing,
    /// How far this can be trusted, 0 to 1.
    pub confidence: f64,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Something users must be told about the alignment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AlignmentEvent {
    /// An offset was found, or has changed.
    Offset {
        /// The first distorted frame that it applies to.
        distorted: u64,
        /// The previous offset, if any.
        from: Option<i64>,
        /// Reference minus distorted running time.
        to: i64,
        /// 0 to 1.
        confidence: f64,
    },
    /// The pictures no longer agree: frames are unmatched until they do.
    Lost {
        /// The first distorted frame concerned.
        distorted: u64,
    },
    /// The search window had to shrink, because it would have exceeded `max-bytes`.
    Shrunk {
        /// What is left of it.
        window: u64,
    },
}

/// What became of all frames; it adds up once both sides have ended and every decision was taken.
///
/// `distorted = matched + duplicate + unmatched`, `reference = matched + dropped + outside`. So that this also holds
/// under [`Alignment::Still`], a reference counts as matched with the first frame it applies to, and the frames after
/// that count as duplicates, although each of them is [matched](Pairing::Matched).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Distorted frames.
    pub distorted: u64,
    /// Reference frames.
    pub reference: u64,
    /// Pairs of two frames that had no partner before.
    pub matched: u64,
    /// Distorted frames that share the partner of the previous one.
    pub duplicate: u64,
    /// Distorted frames without a partner.
    pub unmatched: u64,
    /// Reference frames between the first and the last partner that have no partner.
    pub dropped: u64,
    /// Reference frames before the first partner or after the last.
    pub outside: u64,
}

impl Ledger {
    /// The part that is decided: frames that still wait, or were dropped undecided, are not counted.
    #[must_use]
    pub fn decided(self) -> Self {
        Self {
            distorted: self.matched + self.duplicate + self.unmatched,
            reference: self.matched + self.dropped + self.outside,
            ..self
        }
    }
}

/// For consecutive streams.
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
