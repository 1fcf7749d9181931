// SPDX-License-Identifier: MPL-2.0

//! What was found of a stream, and what cures it: apart, so that every program can say the cure in its own terms.

use crate::align::FarOffset;
use crate::align::space::Orientation;
use std::fmt;

/// Something that users have to hear of a stream.
///
/// Its text names the cure as elements and `gst-launch-1.0` call it; a program with other terms says the cause, and the
/// [`Cure`] in its own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about, as a word: of two findings of one kind the later one holds.
    pub kind: String,
    /// What was found, in words.
    pub cause: String,
    /// What to do; none where there is nothing to do.
    pub cure: Option<Cure>,
}

impl Finding {
    /// A finding of that kind.
    pub fn new(kind: impl Into<String>, cause: impl Into<String>, cure: impl Into<Option<Cure>>) -> Self {
        Self { kind: kind.into(), cause: cause.into(), cure: cure.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        self.cure.iter().try_for_each(|cure| write!(f, "; {cure}"))
    }
}

/// What helps. Its text is in the terms of elements: properties, pads, messages on the bus.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cure {
    /// What names no setting: the same words for everybody.
    Advice(String),
    /// Windows and alarms have to look at another field.
    AnotherField {
        /// Those that there are; empty: it depends on the frames.
        known: Vec<String>,
    },
    /// The alarm has to clear nearer to its limit.
    SmallerHysteresis,
    /// The stream has to have frames.
    CheckPlays,
    /// Partners have to be looked for farther off, or in another way.
    SearchWider,
    /// To be looked for in the streams; where the offset changes is told beside it.
    LookFor(String),
    /// The pictures have to decide, or the offset has to be the right one.
    GoByPictures,
    /// The distorted picture has to be turned or mirrored.
    Turn(Orientation),
    /// The offset has to be given, or to be looked for where it is.
    LookAt(FarOffset),
    /// Both pictures have to have one shape.
    OneShape {
        /// One of them may be turned by 90°.
        turned: bool,
    },
    /// Both streams have to have one matrix.
    OneMatrix,
    /// Both streams have to have one transfer function.
    OneTransfer,
    /// Frames have to be deinterlaced.
    Deinterlace,
    /// Frames have to be chosen for scoring.
    ScoreMore,
    /// Frames have to have times.
    Stamp,
    /// More frames have to be held while that side gives none.
    HoldMore(String),
}

impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Advice(words) => f.write_str(words),
            Self::AnotherField { known } if known.is_empty() => {
                f.write_str("set alarm-field to a field that the frames carry")
            }
            Self::AnotherField { known } => write!(f, "set alarm-field to one of: {}", known.join(", ")),
            Self::SmallerHysteresis => f.write_str("make alarm-hysteresis smaller"),
            Self::CheckPlays => f.write_str(
                "check that the file plays and that its video, not its audio, is linked (the edit list of a trimmed \
                 MP4 is one cause: qtdemux of GStreamer 1.22 then shows none; encode such a file again)",
            ),
            Self::SearchWider => f.write_str(
                "check that both show the same part of the same film, and try a larger search-range or another \
                 alignment",
            ),
            Self::LookFor(what) => write!(f, "look for {what} (messages on the bus say where the offset changes)"),
            Self::GoByPictures => f.write_str(
                "set alignment=auto, which goes by the pictures, or correct offset, and check that both show the same \
                 part of the same film",
            ),
            Self::Turn(orientation) => {
                let direction = orientation.video_direction();
                write!(f, "put `videoflip video-direction={direction}` before the distorted pad")
            }
            Self::LookAt(FarOffset { offset, search_range, needed }) => {
                let offset = (*offset as f64 / 1e6).round() as i64 * 1_000_000;
                match search_range {
                    Some(_) => write!(f, "set offset={offset}, or search-range={needed}"),
                    None => write!(
                        f,
                        "set alignment=offset offset={offset}, or alignment=auto, which finds it with \
                         search-range={needed}"
                    ),
                }
            }
            Self::OneShape { turned } => {
                let turned = if *turned { "if one is turned by 90°, put videoflip before its pad; " } else { "" };
                write!(
                    f,
                    "{turned}if one has black bars, set registration=crop, otherwise scale or crop one of them to the \
                     other's shape, or correct its pixel-aspect-ratio"
                )
            }
            Self::OneMatrix => f.write_str("put a videoconvert before one of the pads if the caps are right"),
            Self::OneTransfer => f.write_str(
                "bring both to one transfer function before this element (tone mapping), or correct the colorimetry \
                 in the caps if it is wrong",
            ),
            Self::Deinterlace => f.write_str("put a deinterlace element before"),
            Self::ScoreMore => f.write_str("check interval, max-rate and measures"),
            Self::HoldMore(side) => write!(
                f,
                "raise max-bytes if what feeds {side} holds that many frames back, as an encoder with look-ahead does"
            ),
            Self::Stamp => f.write_str(
                "let the source stamp them (do-timestamp=true), or set a rate before this element (videorate, or a \
                 parser with framerate)",
            ),
        }
    }
}
