// SPDX-License-Identifier: MPL-2.0

//! What makes the numbers of a stream doubtful, in words for users: what it is, and what to do.

use std::fmt;

/// What makes the numbers of a stream doubtful. Its text names properties as elements and commands call them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Windows and alarms are to look at a field that the stream's records cannot have.
    UnknownField {
        /// The field that was asked for.
        field: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The records have not had a value of that field so far.
    NoValue {
        /// The field that windows and alarms look at.
        field: String,
        /// Frames scored so far.
        scored: u64,
    },
    /// An alarm would clear at a value that the field does not reach.
    ClearLevel {
        /// The field that the alarm looks at.
        field: String,
        /// The limit, in the field's unit, as the next two.
        limit: f64,
        /// Where the hysteresis puts the clear level.
        clears: f64,
        /// The end of the field's range, where it clears instead.
        end: f64,
    },
    /// All raw values so far lie outside what the model's contract calls worst and best.
    RawOutside {
        /// The model's name, by its contract.
        model: String,
        /// Scores so far.
        scored: u64,
        /// The least and the greatest raw value of these.
        seen: [f64; 2],
        /// The raw values shown as 0 and as 100, the lesser one first.
        range: [f64; 2],
    },
    /// The stream has ended without a frame.
    NoFrames {
        /// Of a comparison: the side that gave none.
        side: Option<&'static str>,
    },
    /// Of a comparison: frames came on both sides, and no two of them belong together.
    NothingMatched {
        /// Frames of the distorted side.
        distorted: u64,
        /// Frames of the reference.
        reference: u64,
    },
    /// Of a comparison: more than 2 % of the distorted frames have no partner, or as many reference frames between the
    /// pairs were left out.
    PartlyMatched {
        /// Frames of the distorted side.
        distorted: u64,
        /// Those of them without a partner.
        unmatched: u64,
        /// Reference frames that were left out.
        dropped: u64,
    },
    /// Frames came, and none of them was to be scored. Of those that failed there were warnings.
    NothingScored {
        /// Frames that came.
        frames: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { field, known } => write!(
                f,
                "alarm-field={field}: there is no such field here, so windows stay empty and no alarm is raised; set \
                 it to one of: {}",
                known.join(", ")
            ),
            Self::NoValue { field, scored } => write!(
                f,
                "alarm-field={field}: none of {scored} scored frames has this field, so windows stay empty and no \
                 alarm is raised; set alarm-field to a field that the frames carry"
            ),
            Self::ClearLevel { field, limit, clears, end } => write!(
                f,
                "an alarm at {limit} clears at {clears}, which {field} never reaches: it will clear only at {end}; \
                 make alarm-hysteresis smaller"
            ),
            Self::RawOutside { model, scored, seen: [least, most], range: [low, high] } => write!(
                f,
                "{model}: the raw values of all {scored} scores so far ({least:.4} to {most:.4}) lie outside the \
                 contract's worst and best ({low} to {high}), so each score is cut to 0 or 100; check worst and best, \
                 and with them mean, std and the order of channels, in the model's contract"
            ),
            Self::NoFrames { side: None } => {
                write!(f, "the stream ended and no frame came: nothing was scored; {CAUSES}")
            }
            Self::NoFrames { side: Some(side) } => {
                write!(f, "the streams ended and no frame came on {side}: nothing was compared; {CAUSES}")
            }
            Self::NothingMatched { distorted, reference } => write!(
                f,
                "no frame was matched: none of {distorted} distorted frames has a partner among {reference} of the \
                 reference; check that both show the same part of the same film, and try a larger search-range or \
                 another alignment"
            ),
            Self::PartlyMatched { distorted, unmatched, dropped } => write!(
                f,
                "of {distorted} distorted frames {unmatched} have no partner, and {dropped} reference frames between the \
                 pairs were left out: all figures are of the pairs alone; look for lost frames, other material, or a \
                 different frame rate (messages on the bus say where the offset changes)"
            ),
            Self::NothingScored { frames } => {
                write!(f, "none of {frames} frames was scored: all were skipped; check interval, max-rate and measures")
            }
        }
    }
}

/// What may be behind a stream without a frame.
const CAUSES: &str = "check that the file plays and that its video, not its audio, is linked (the edit list of a \
                      trimmed MP4 is one cause: qtdemux of GStreamer 1.22 then shows none; encode such a file again)";
