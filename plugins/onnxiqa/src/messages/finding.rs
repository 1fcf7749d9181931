// SPDX-License-Identifier: MPL-2.0

//! Conversion between findings and structures: warning details, and part of a summary.

use super::{MessageError, Structured, required};
use onnx_iqa::align::FarOffset;
use onnx_iqa::align::space::Orientation;
use onnx_iqa::record::{Cure, Finding};

/// Fields of the `iqa-finding` structure: the kind of cure and its parameters.
const CURE: &str = "cure";
const WORDS: &str = "words";
const KNOWN: &str = "known";
const DIRECTION: &str = "video-direction";
const OFFSET: &str = "offset";
const RANGE: &str = "search-range";
const NEEDED: &str = "needed";
const TURNED: &str = "turned";

/// `iqa-finding`: `kind` and `cause` are strings. `cure`, if present, names the remedy; its parameters are in `words`,
/// `known`, `video-direction`, `offset`, `search-range`, `needed` or `turned`.
impl Structured for Finding {
    const NAME: &'static str = "iqa-finding";

    fn to_structure(&self) -> gst::Structure {
        let mut structure =
            gst::Structure::builder(Self::NAME).field("kind", &self.kind).field("cause", &self.cause).build();
        if let Some(cure) = &self.cure {
            set_cure(&mut structure, cure);
        }
        structure
    }

    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        let [kind, cause]: [String; 2] = [required(structure, "kind")?, required(structure, "cause")?];
        Ok(Self::new(kind, cause, cure(structure)?))
    }
}

fn set_cure(structure: &mut gst::Structure, cure: &Cure) {
    let word = match cure {
        Cure::Advice(words) => {
            structure.set(WORDS, words);
            "advice"
        }
        Cure::LookFor(words) => {
            structure.set(WORDS, words);
            "look-for"
        }
        Cure::HoldMore(side) => {
            structure.set(WORDS, side);
            "hold-more"
        }
        Cure::AnotherField { known } => {
            structure.set(KNOWN, gst::Array::new(known));
            "another-field"
        }
        Cure::Turn(orientation) => {
            structure.set(DIRECTION, orientation.video_direction());
            "turn"
        }
        Cure::LookAt(far) => {
            structure.set(OFFSET, far.offset);
            structure.set_if_some(RANGE, far.search_range);
            structure.set(NEEDED, far.needed);
            "look-at"
        }
        Cure::OneShape { turned } => {
            structure.set(TURNED, turned);
            "one-shape"
        }
        other => match WORDS_ALONE.iter().find(|(known, _)| known == other) {
            Some((_, word)) => word,
            None => return,
        },
    };
    structure.set(CURE, word);
}

/// Cures without parameters.
const WORDS_ALONE: [(Cure, &str); 9] = [
    (Cure::SmallerHysteresis, "smaller-hysteresis"),
    (Cure::CheckPlays, "check-plays"),
    (Cure::SearchWider, "search-wider"),
    (Cure::GoByPictures, "go-by-pictures"),
    (Cure::OneMatrix, "one-matrix"),
    (Cure::OneTransfer, "one-transfer"),
    (Cure::Deinterlace, "deinterlace"),
    (Cure::ScoreMore, "score-more"),
    (Cure::Stamp, "stamp"),
];

fn cure(structure: &gst::StructureRef) -> Result<Option<Cure>, MessageError> {
    let Ok(word) = structure.get::<String>(CURE) else { return Ok(None) };
    let cure = match word.as_str() {
        "advice" => Cure::Advice(required(structure, WORDS)?),
        "look-for" => Cure::LookFor(required(structure, WORDS)?),
        "hold-more" => Cure::HoldMore(required(structure, WORDS)?),
        "another-field" => {
            let known: gst::Array = required(structure, KNOWN)?;
            Cure::AnotherField { known: known.iter().filter_map(|field| field.get().ok()).collect() }
        }
        "turn" => {
            let found: String = required(structure, DIRECTION)?;
            let orientation = Orientation::ALL.into_iter().find(|one| one.video_direction() == found);
            let structure = || structure.name().to_string();
            Cure::Turn(orientation.ok_or_else(|| MessageError::Word {
                structure: structure(),
                field: DIRECTION,
                found,
            })?)
        }
        "look-at" => Cure::LookAt(FarOffset {
            offset: required(structure, OFFSET)?,
            search_range: structure.get(RANGE).ok(),
            needed: required(structure, NEEDED)?,
        }),
        "one-shape" => Cure::OneShape { turned: required(structure, TURNED)? },
        word => match WORDS_ALONE.iter().find(|(_, known)| *known == word) {
            Some((cure, _)) => cure.clone(),
            // Written by a later version.
            None => return Ok(None),
        },
    };
    Ok(Some(cure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cure_comes_back() {
        gst::init().expect("GStreamer");
        let far = FarOffset { offset: -3_400_000_000, search_range: Some(2_000_000_000), needed: 4_000_000_000 };
        let cures = [
            Cure::Advice("wait".into()),
            Cure::LookFor("lost frames".into()),
            Cure::HoldMore("reference".into()),
            Cure::AnotherField { known: vec!["score".into(), "raw".into()] },
            Cure::Turn(Orientation::AntiTransposed),
            Cure::LookAt(far),
            Cure::LookAt(FarOffset { search_range: None, ..far }),
            Cure::OneShape { turned: true },
        ];
        for cure in cures.into_iter().chain(WORDS_ALONE.map(|(cure, _)| cure)) {
            let finding = Finding::new("kind", "a cause", cure);
            assert_eq!(Finding::from_structure(&finding.to_structure()), Ok(finding));
        }
        let without = Finding::new("kind", "a cause", None);
        assert_eq!(Finding::from_structure(&without.to_structure()), Ok(without));
    }
}
