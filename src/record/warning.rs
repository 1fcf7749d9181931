// SPDX-License-Identifier: MPL-2.0

//! Reasons to doubt the numbers of a stream, for users: what is wrong, and what to do.

use super::finding::{Cure, Finding};
use crate::align::FarOffset;
use crate::align::space::Orientation;
use crate::metrics::Missing;
use std::fmt;

/// A reason to doubt the numbers of a stream. Its text is that of its [finding](Self::finding).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Windows and alarms should watch a field that the stream's records cannot have.
    UnknownField {
        /// The requested field.
        field: String,
        /// The available fields.
        known: Vec<String>,
    },
    /// The records have had no value of that field so far.
    NoValue {
        /// The field that windows and alarms watch.
        field: String,
        /// Frames scored so far.
        scored: u64,
    },
    /// An alarm would clear at a value that the field does not reach.
    ClearLevel {
        /// The field that the alarm watches.
        field: String,
        /// The limit, in the field's unit like the next two.
        limit: f64,
        /// The level at which it would clear by the hysteresis.
        clears: f64,
        /// The end of the field's range, where it clears instead.
        end: f64,
    },
    /// All raw values so far are outside `worst` and `best` of the model's contract.
    RawOutside {
        /// The model's name, by its contract.
        model: String,
        /// Scores so far.
        scored: u64,
        /// The smallest and the largest of these raw values.
        seen: [f64; 2],
        /// The raw values shown as 0 and as 100, the smaller one first.
        range: [f64; 2],
    },
    /// The stream ended without a frame.
    NoFrames {
        /// Only of a comparison: the side without frames.
        side: Option<&'static str>,
    },
    /// A comparison: frames arrived on both sides, but no two of them correspond.
    NothingMatched {
        /// Frames of the distorted side.
        distorted: u64,
        /// Frames of the reference.
        reference: u64,
    },
    /// A comparison: more than 2 % of the distorted frames have no partner, or as many reference frames between the
    /// pairs are unused.
    PartlyMatched {
        /// Frames of the distorted side.
        distorted: u64,
        /// Those without a partner.
        unmatched: u64,
        /// Unused reference frames.
        dropped: u64,
    },
    /// A comparison: the pictures contradict most of the pairs made by time stamps.
    Contradicted {
        /// Pairs so far.
        pairs: u64,
        /// Pairs that the pictures contradict.
        contradicted: u64,
    },
    /// A comparison: the pictures agree if the distorted one is turned or mirrored.
    Oriented {
        /// Its orientation relative to the reference.
        orientation: Orientation,
    },
    /// A comparison: the pictures agree at an offset outside the search range.
    FarOffset(FarOffset),
    /// A comparison: the distorted pictures have detail that the reference lacks.
    Swapped,
    /// Frames arrived, and none of them was selected for scoring. Failed frames have had their own warnings.
    NothingScored {
        /// Frames that arrived.
        frames: u64,
    },
    /// A requested measure has no value for some frames.
    Missing(Missing),
}

impl Warning {
    /// The finding: its kind, cause and cure.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let (cause, cure) = (self.cause(), self.cure());
        let kind = match self {
            Self::UnknownField { .. } => "unknown-field",
            Self::NoValue { .. } => "no-value",
            Self::ClearLevel { .. } => "clear-level",
            Self::RawOutside { .. } => "raw-outside",
            Self::NoFrames { .. } => "no-frames",
            Self::NothingMatched { .. } => "nothing-matched",
            Self::PartlyMatched { .. } => "partly-matched",
            Self::Contradicted { .. } => "contradicted",
            Self::Oriented { .. } => "oriented",
            Self::FarOffset(_) => "far-offset",
            Self::Swapped => "swapped",
            Self::NothingScored { .. } => "nothing-scored",
            // One kind per measure.
            Self::Missing(missing) => return Finding::new(format!("missing-{}", missing.measure()), cause, cure),
        };
        Finding::new(kind, cause, cure)
    }

    fn cause(&self) -> String {
        match self {
            Self::UnknownField { field, .. } => format!(
                "alarm-field={field}: there is no such field here, so windows stay empty and no alarm is raised"
            ),
            Self::NoValue { field, scored } => format!(
                "alarm-field={field}: none of {scored} scored frames has this field, so windows stay empty and no \
                 alarm is raised"
            ),
            Self::ClearLevel { field, limit, clears, end } => format!(
                "an alarm at {limit} clears at {clears}, which {field} never reaches: it will clear only at {end}"
            ),
            Self::RawOutside { model, scored, seen: [least, most], range: [low, high] } => format!(
                "{model}: the raw values of all {scored} scores so far ({least:.4} to {most:.4}) lie outside the \
                 contract's worst and best ({low} to {high}), so each score is cut to 0 or 100"
            ),
            Self::NoFrames { side: None } => "the stream ended and no frame came: nothing was scored".to_owned(),
            Self::NoFrames { side: Some(side) } => {
                format!("the streams ended and no frame came on {side}: nothing was compared")
            }
            Self::NothingMatched { distorted, reference } => format!(
                "no frame was matched: none of {distorted} distorted frames has a partner among {reference} of the \
                 reference"
            ),
            Self::PartlyMatched { distorted, unmatched, dropped } => partly(*distorted, *unmatched, *dropped),
            Self::Contradicted { pairs, contradicted } => format!(
                "the pictures contradict {contradicted} of {pairs} pairs that time stamps have made: the partner shows \
                 something else, or a reference beside it shows what the frame does"
            ),
            Self::Oriented { orientation } => {
                format!("the distorted picture is {orientation}: as they are, the pictures do not agree")
            }
            Self::FarOffset(far) => far_offset(*far),
            Self::Swapped => "the distorted stream has detail that the reference lacks".to_owned(),
            Self::Missing(missing) => format!("frames without {}: {missing}", missing.measure()),
            Self::NothingScored { frames } => format!("none of {frames} frames was scored: all were skipped"),
        }
    }

    fn cure(&self) -> Option<Cure> {
        Some(match self {
            Self::UnknownField { known, .. } => Cure::AnotherField { known: known.clone() },
            Self::NoValue { .. } => Cure::AnotherField { known: Vec::new() },
            Self::ClearLevel { .. } => Cure::SmallerHysteresis,
            Self::RawOutside { .. } => Cure::Advice(
                "check worst and best, and with them mean, std and the order of channels, in the model's contract"
                    .to_owned(),
            ),
            Self::NoFrames { .. } => Cure::CheckPlays,
            Self::NothingMatched { .. } => Cure::SearchWider,
            Self::PartlyMatched { unmatched, dropped, .. } => {
                let what = match (unmatched, dropped) {
                    (0, _) => "frames that were lost, or a lower frame rate",
                    (_, 0) => "other material, frames that the reference does not have, or a higher frame rate",
                    _ => "lost frames, other material, or a different frame rate",
                };
                Cure::LookFor(what.to_owned())
            }
            Self::Contradicted { .. } => Cure::GoByPictures,
            Self::Oriented { orientation } => Cure::Turn(*orientation),
            Self::FarOffset(far) => Cure::LookAt(*far),
            Self::Swapped => Cure::Advice(
                "check that the two were not swapped (a reference that was itself coded harder, or a distorted stream \
                 that was restored, looks like this too)"
                    .to_owned(),
            ),
            Self::NothingScored { .. } => Cure::ScoreMore,
            Self::Missing(_) => return None,
        })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finding().fmt(f)
    }
}

fn partly(distorted: u64, unmatched: u64, dropped: u64) -> String {
    let left_out = "reference frames between the pairs were left out: all figures are of the pairs alone";
    match (unmatched, dropped) {
        (0, _) => format!("all of {distorted} distorted frames have a partner, but {dropped} {left_out}"),
        (_, 0) => {
            format!("of {distorted} distorted frames {unmatched} have no partner: all figures are of the pairs alone")
        }
        _ => format!("of {distorted} distorted frames {unmatched} have no partner, and {dropped} {left_out}"),
    }
}

fn far_offset(FarOffset { offset, search_range, .. }: FarOffset) -> String {
    let seconds = (offset as f64 / 1e6).round() / 1e3;
    match search_range {
        Some(range) => format!(
            "the search range is {} s, but the pictures agree at an offset of about {seconds} s",
            range as f64 / 1e9
        ),
        None => format!(
            "time stamps decide which frames are compared, but the pictures agree at an offset of about {seconds} s"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_given_as_users_type_them() {
        let text = |search_range| {
            let far = FarOffset { offset: 3_400_200_000, search_range, needed: 4_000_000_000 };
            Warning::FarOffset(far).to_string()
        };
        assert_eq!(
            text(Some(2_000_000_000)),
            "the search range is 2 s, but the pictures agree at an offset of about 3.4 s; set offset=3400000000, or \
             search-range=4000000000"
        );
        assert!(text(None).contains("set alignment=offset offset=3400000000, or alignment=auto"), "{}", text(None));
    }

    #[test]
    fn missing_pairs_are_told_by_what_is_missing() {
        let text = |unmatched, dropped| Warning::PartlyMatched { distorted: 90, unmatched, dropped }.to_string();
        assert!(text(0, 10).contains("all of 90 distorted frames have a partner, but 10 reference frames"));
        assert!(text(7, 0).starts_with("of 90 distorted frames 7 have no partner: all figures"));
        assert!(text(7, 10).starts_with("of 90 distorted frames 7 have no partner, and 10 reference frames"));
    }

    #[test]
    fn a_turned_picture_is_named_with_what_cures_it() {
        let text = Warning::Oriented { orientation: Orientation::Turned90 }.to_string();
        for part in ["turned by 90° clockwise", "videoflip video-direction=90l"] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }
}
