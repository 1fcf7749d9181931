// SPDX-License-Identifier: MPL-2.0

//! Values that records store as enums, and logs and metadata as words.

use crate::align::time::{Evidence, Pairing};
use crate::model::contract::Kind;

/// An enum whose values have fixed names in logs, metadata and messages.
pub trait Named: Copy + PartialEq + 'static {
    /// Every value with its name.
    const NAMES: &'static [(Self, &'static str)];

    /// The value's name.
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(value, _)| *value == self).map_or("", |(_, name)| name)
    }

    /// The value of that name, if there is one.
    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(value, _)| *value)
    }
}

/// `nr`, `fr` and `rr`.
impl Named for Kind {
    const NAMES: &'static [(Self, &'static str)] =
        &[(Self::NoReference, "nr"), (Self::FullReference, "fr"), (Self::ReducedReference, "rr")];
}

/// `picture` and `time`.
impl Named for Evidence {
    const NAMES: &'static [(Self, &'static str)] = &[(Self::Picture, "picture"), (Self::Time, "time")];
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The record holds the frame's own score.
    Scored,
    /// The frame was not selected for scoring. The record may contain the score of an earlier frame.
    Skipped,
    /// The frame could not be scored.
    Failed,
    /// No reference frame could be trusted as its partner.
    Unmatched,
}

impl Named for State {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Scored, "scored"),
        (Self::Skipped, "skipped"),
        (Self::Failed, "failed"),
        (Self::Unmatched, "unmatched"),
    ];
}

/// How a distorted frame was paired with the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PairingState {
    /// With a reference frame that had no partner before, or with one that applies to all frames.
    Matched,
    /// With the partner of the previous distorted frame.
    Duplicate,
    /// With none.
    Unmatched,
}

impl Named for PairingState {
    const NAMES: &'static [(Self, &'static str)] =
        &[(Self::Matched, "matched"), (Self::Duplicate, "duplicate"), (Self::Unmatched, "unmatched")];
}

impl From<Pairing> for PairingState {
    fn from(pairing: Pairing) -> Self {
        match pairing {
            Pairing::Matched(_) => Self::Matched,
            Pairing::Duplicate(_) => Self::Duplicate,
            Pairing::Unmatched => Self::Unmatched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Verdict;

    fn there_and_back<T: Named + std::fmt::Debug>() {
        for &(value, name) in T::NAMES {
            assert_eq!((value.name(), T::from_name(name)), (name, Some(value)));
        }
        assert_eq!(T::from_name("no such name"), None);
    }

    #[test]
    fn every_value_has_a_name_of_its_own() {
        there_and_back::<Kind>();
        there_and_back::<State>();
        there_and_back::<PairingState>();
        there_and_back::<Evidence>();
        there_and_back::<Verdict>();
    }
}
