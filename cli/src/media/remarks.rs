// SPDX-License-Identifier: MPL-2.0

//! Findings of the elements, with remedies in terms of this command's options.

use gstonnxiqa::messages::Structured as _;
use onnx_iqa::align::FarOffset;
use onnx_iqa::record::{Cure, Finding};
use serde::{Serialize, Serializer};

/// Maximum number of remarks.
const MOST: usize = 100;

/// Remarks on a stream: the last one of each kind, ordered by first occurrence.
#[derive(Debug, Clone, Default)]
pub struct Remarks(Vec<(String, String)>);

impl Remarks {
    /// Adds a warning.
    pub fn warning(&mut self, warning: &gst::message::Warning) {
        let details = warning.details();
        match details.and_then(|details| Finding::from_structure(details).ok()) {
            Some(finding) => self.finding(&finding),
            None => self.text(warning.error().message().to_owned()),
        }
    }

    /// Adds a finding.
    pub fn finding(&mut self, finding: &Finding) {
        self.add(finding.kind.clone(), in_words(finding));
    }

    /// Adds a text as its own kind.
    pub fn text(&mut self, text: String) {
        self.add(text.clone(), text);
    }

    /// Adds a text of a kind, in place of an earlier one.
    pub fn add(&mut self, kind: String, text: String) {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| *known == kind) {
            *known = text;
        } else if self.0.len() < MOST {
            self.0.push((kind, text));
        }
    }

    /// Combines these remarks with those of `others` of different kinds.
    pub fn and(mut self, others: &Self) -> Self {
        let new = others.0.iter().filter(|(kind, _)| self.0.iter().all(|(known, _)| known != kind));
        let new: Vec<_> = new.cloned().collect();
        self.0.extend(new);
        self
    }

    /// Kinds and texts.
    #[cfg(feature = "farm")]
    pub fn kinds(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// Remarks as texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, text)| text.as_str())
    }
}

impl<'a> FromIterator<&'a Finding> for Remarks {
    fn from_iter<T: IntoIterator<Item = &'a Finding>>(findings: T) -> Self {
        let mut remarks = Self::default();
        findings.into_iter().for_each(|finding| remarks.finding(finding));
        remarks
    }
}

impl Serialize for Remarks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.texts())
    }
}

/// Cause and remedy.
pub fn in_words(finding: &Finding) -> String {
    match finding.cure.as_ref().and_then(in_options) {
        Some(cure) => format!("{}; {cure}", finding.cause),
        None => finding.cause.clone(),
    }
}

/// Remedy in terms of this command's options or of changes to files; `None` if this command applies it itself or there
/// is none.
fn in_options(cure: &Cure) -> Option<String> {
    let text = match cure {
        Cure::Advice(words) => return Some(words.clone()),
        Cure::LookFor(what) => return Some(format!("look for {what}")),
        Cure::LookAt(FarOffset { search_range, needed, .. }) => {
            let alignment = if search_range.is_some() { "" } else { "--alignment auto " };
            return Some(format!("use {alignment}--search-range {}s", needed.div_ceil(1_000_000_000)));
        }
        Cure::CheckPlays => super::watch::NO_FRAME,
        Cure::SearchWider => {
            "check that both show the same part of the same video, and try a larger --search-range or another \
             --alignment"
        }
        Cure::GoByPictures => {
            "use --alignment auto, which compares the pictures, and check that both show the same part of the same \
             video"
        }
        Cure::Turn(_) => "encode it again upright, or correct its orientation tag",
        Cure::OneShape { turned: true } => {
            "if one is rotated by 90°, encode it again upright; if one has black bars, use --registration crop; \
             otherwise correct the pixel aspect ratio of the one that is wrong"
        }
        Cure::OneShape { turned: false } => {
            "if one has black bars, use --registration crop; otherwise scale or crop one to the other's aspect ratio, \
             or correct its pixel aspect ratio"
        }
        Cure::OneMatrix => {
            "correct the tags if they are wrong; otherwise encode one again with the matrix of the other"
        }
        Cure::OneTransfer => {
            "use a source with the same transfer function (apply tone mapping), or correct the tags if they are \
             wrong"
        }
        Cure::Deinterlace => "leave --deinterlace at auto, or set it to on",
        Cure::ScoreMore => "use a smaller --every",
        Cure::HoldMore(_) => "increase --memory, and check what delays the other stream",
        Cure::Stamp => "remux it into a container with timestamps, such as Matroska or MP4",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use onnx_iqa::align::space::Orientation;

    #[test]
    fn a_kind_is_said_once_and_as_it_was_last() {
        let mut remarks = Remarks::default();
        remarks.finding(&Finding::new("partly-matched", "7 have no partner", None));
        remarks.text("the offset changes".to_owned());
        remarks.finding(&Finding::new("partly-matched", "9 have no partner", Cure::LookFor("other material".into())));
        remarks.text("the offset changes".to_owned());
        let expected = ["9 have no partner; look for other material", "the offset changes"];
        assert_eq!(remarks.texts().collect::<Vec<_>>(), expected);
        let mut last = Remarks::default();
        last.finding(&Finding::new("partly-matched", "12 have no partner", None));
        assert_eq!(last.and(&remarks).texts().collect::<Vec<_>>(), ["12 have no partner", expected[1]]);
    }

    #[test]
    fn no_cure_speaks_of_properties_or_elements() {
        let far = FarOffset { offset: 3_400_000_000, search_range: None, needed: 4_000_000_000 };
        let said = in_options(&Cure::LookAt(far)).unwrap();
        assert_eq!(said, "use --alignment auto --search-range 4s");
        let cures = [
            Cure::LookFor("lost frames".into()),
            Cure::LookAt(far),
            Cure::LookAt(FarOffset { search_range: Some(2_000_000_000), ..far }),
            Cure::CheckPlays,
            Cure::SearchWider,
            Cure::GoByPictures,
            Cure::Turn(Orientation::Turned90),
            Cure::OneShape { turned: true },
            Cure::OneShape { turned: false },
            Cure::OneMatrix,
            Cure::OneTransfer,
            Cure::Deinterlace,
            Cure::ScoreMore,
            Cure::Stamp,
            Cure::HoldMore("reference".into()),
        ];
        for cure in cures {
            let text = in_options(&cure).unwrap_or_else(|| panic!("{cure:?}"));
            for word in ["=", "pad", "bus", "videoflip", "videoconvert", "element", "caps", "qtdemux"] {
                assert!(!text.contains(word), "{word} is in: {text}");
            }
        }
    }
}
