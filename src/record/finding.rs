// SPDX-License-Identifier: MPL-2.0

//! Findings about a stream, with cause and cure separate, so that every program can name the cure in its own terms.

use crate::align::FarOffset;
use crate::align::space::Orientation;
use std::fmt;

/// Something that users should be told about a stream.
///
/// Its text names the cure in terms of elements and `gst-launch-1.0`; a program with other terms uses the cause, and
/// translates the [`Cure`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about, as a word. Of two findings of one kind, the later one applies.
    pub kind: String,
    /// What was found, as text.
    pub cause: String,
    /// What to do; `None` if nothing helps.
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

/// A remedy. Its text is in terms of elements: properties, pads, messages on the bus.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cure {
    /// Advice that names no setting and is the same in every program.
    Advice(String),
    /// Let windows and alarms watch another field.
    AnotherField {
        /// The available fields; empty: it depends on the frames.
        known: Vec<String>,
    },
    /// Let the alarm clear nearer to its limit.
    SmallerHysteresis,
    /// Provide a stream that has frames.
    CheckPlays,
    /// Search for partners in a larger range, or in another way.
    SearchWider,
    /// Check the streams for this; the places where the offset changes are reported separately.
    LookFor(String),
    /// Let the pictures decide, or correct the offset.
    GoByPictures,
    /// Turn or mirror the distorted picture.
    Turn(Orientation),
    /// Set this offset, or enlarge the search range to include it.
    LookAt(FarOffset),
    /// Give both pictures one shape.
    OneShape {
        /// One of them may be turned by 90°.
        turned: bool,
    },
    /// Give both streams the same matrix.
    OneMatrix,
    /// Give both streams the same transfer function.
    OneTransfer,
    /// Deinterlace the frames.
    Deinterlace,
    /// Select more frames for scoring.
    ScoreMore,
    /// Give the frames time stamps.
    Stamp,
    /// Hold more frames while that side provides none.
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
