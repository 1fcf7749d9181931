// SPDX-License-Identifier: MPL-2.0

//! A plan: the units into which a ladder is divided. It is stored beside the queue; units refer to it.
//!
//! [`mod@file`] is what the user writes, [`mod@make`] makes the plan: it hashes the inputs, cuts them ([`cut`]) and
//! finds the offset of each rendition ([`offset`]).

mod cut;
pub mod file;
pub mod identity;
mod invalid;
mod make;
mod offset;

pub use invalid::Invalid;
pub use make::make;

use crate::args::Common;
use crate::compare::Hashes;
use crate::media::hash::hex;
use crate::media::inputs::{Input, Source};
use crate::media::tracks::Encoded;
use crate::progress::Progress;
use anyhow::{Context as _, Result, ensure};
use file::Options;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Version of plans, units and results. Others are refused.
pub const VERSION: u32 = 1;

/// Number of hexadecimal digits of a plan's ID and of a unit's.
const DIGITS: [usize; 2] = [16, 24];

/// What making a plan needs.
pub struct Making<'a> {
    /// Options of the command line.
    pub common: &'a Common,
    /// Progress output.
    pub progress: &'a mut Progress,
    /// Set by a signal.
    pub interrupted: &'a AtomicBool,
    /// Memory for frames, in bytes.
    pub memory: u64,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// [`VERSION`].
    pub version: u32,
    /// Hash of everything that affects the results.
    pub id: String,
    /// Class of the workers.
    pub class: String,
    /// Time without progress after which a unit is given to another worker, in nanoseconds.
    pub ack_wait: u64,
    /// What is done.
    pub work: Work,
}

/// What the units do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Compare renditions with their source.
    Compare(Box<Ladder>),
    /// Wait.
    Drill {
        /// Number of units.
        units: u64,
        /// How long each takes, in nanoseconds.
        time: u64,
    },
}

/// Renditions and their source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ladder {
    /// Options of `iqa compare`.
    pub options: Options,
    /// Hashes of the models.
    pub models: Hashes,
    /// The source.
    pub source: Media,
    /// The renditions.
    pub renditions: Vec<Rendition>,
}

/// An input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Media {
    /// Short name.
    pub name: String,
    /// URI, which may have a password or a signature, or files of pictures.
    pub location: Location,
    /// Hash of the contents.
    pub hash: String,
    /// Number of pictures, 0 if unknown.
    pub pictures: u64,
    /// Number of bytes of the video track, and its earliest timestamp and latest end in nanoseconds.
    pub bytes: u64,
    /// See `bytes`.
    pub span: Option<(u64, u64)>,
}

/// Where an input is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    /// A file or stream.
    Uri(String),
    /// Pictures in display order.
    Pictures(Vec<PathBuf>),
}

/// A rendition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rendition {
    /// The input.
    pub media: Media,
    /// Stream time of the source minus that of the rendition, in nanoseconds. 0 if it is not cut.
    pub offset: i64,
    /// Stream times of the rendition at which it is cut; none: it is one unit.
    pub cuts: Vec<u64>,
    /// Why it is not cut, if it is long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncut: Option<String>,
    /// Why it cannot be read: it has no unit then, and the report says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A unit of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// One segment of a rendition, both counted from 0.
    Segment {
        /// Index of the rendition.
        rendition: usize,
        /// Index of the segment.
        segment: usize,
    },
    /// A rendition that is one unit.
    Whole {
        /// Index of the rendition.
        rendition: usize,
    },
    /// A unit that waits.
    Drill {
        /// Its number, counted from 0.
        number: u64,
    },
}

impl Media {
    /// The input as it is decoded.
    pub fn input(&self) -> Input {
        let (source, shown, files) = match &self.location {
            Location::Uri(uri) => {
                let path = url::Url::parse(uri).ok().filter(|url| url.scheme() == "file");
                let path = path.and_then(|url| url.to_file_path().ok());
                let shown = path.as_ref().map_or_else(|| crate::secret::redact(uri), |path| path.display().to_string());
                (Source::Uri(uri.clone()), shown, path.map(|path| vec![path]))
            }
            Location::Pictures(files) => {
                let folder = files.first().and_then(|file| file.parent()).map(|folder| folder.display().to_string());
                (Source::Pictures(files.clone()), folder.unwrap_or_default(), Some(files.clone()))
            }
        };
        Input { name: self.name.clone(), shown, source, declared_bandwidth: None, problem: None, files }
    }

    /// The encoded data.
    pub fn encoded(&self) -> Encoded {
        Encoded { bytes: self.bytes, span: self.span, ended: true }
    }
}

impl Rendition {
    /// Number of segments: 1 if it is not cut.
    pub fn segments(&self) -> usize {
        self.cuts.len() + 1
    }

    /// Start and end of a segment in stream time of the rendition, in nanoseconds; `None` at both ends.
    pub fn segment(&self, segment: usize) -> (Option<u64>, Option<u64>) {
        let start = segment.checked_sub(1).and_then(|before| self.cuts.get(before)).copied();
        (start, self.cuts.get(segment).copied())
    }
}

impl Plan {
    /// Completes a plan with its ID.
    ///
    /// # Errors
    /// Never, in practice: it is plain data.
    pub fn new(class: String, ack_wait: u64, work: Work) -> Result<Self> {
        let mut plan = Self { version: VERSION, id: String::new(), class, ack_wait, work };
        let key = match &plan.work {
            // URIs may change, for example their signatures: the contents count.
            Work::Compare(ladder) => {
                let media = |media: &Media| (media.name.clone(), media.hash.clone());
                let renditions = ladder.renditions.iter().map(|one| (media(&one.media), one.offset, &one.cuts));
                let renditions: Vec<_> = renditions.collect();
                serde_json::to_vec(&(&ladder.options, &ladder.models, media(&ladder.source), renditions, &plan.class))?
            }
            Work::Drill { units, time } => serde_json::to_vec(&(units, time, &plan.class))?,
        };
        plan.id = digest(&[VERSION.to_string().as_bytes(), &key], DIGITS[0]);
        Ok(plan)
    }

    /// Reads a stored plan.
    ///
    /// # Errors
    /// If it is not one, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_slice(bytes).context("not a plan")?;
        ensure!(
            version == VERSION,
            "the plan is of version {version}, this program of {VERSION}: use the version that submitted it, or submit \
             it again"
        );
        serde_json::from_slice(bytes).context("not a plan")
    }

    /// Number of units, without those of renditions that turn out to need a unit as a whole.
    pub fn planned(&self) -> u64 {
        match &self.work {
            Work::Compare(ladder) => ladder.renditions.iter().map(|one| one.units(0).count() as u64).sum(),
            Work::Drill { units, .. } => *units,
        }
    }

    /// All units in order.
    pub fn units(&self) -> Box<dyn Iterator<Item = Unit> + '_> {
        match &self.work {
            Work::Compare(ladder) => {
                let units = ladder.renditions.iter().enumerate();
                Box::new(units.flat_map(|(rendition, one)| one.units(rendition)))
            }
            Work::Drill { units, .. } => Box::new((0..*units).map(|number| Unit::Drill { number })),
        }
    }

    /// Names of the renditions that could not be read, and why.
    pub fn problems(&self) -> impl Iterator<Item = (&str, &str)> {
        let renditions = match &self.work {
            Work::Compare(ladder) => ladder.renditions.as_slice(),
            Work::Drill { .. } => &[],
        };
        renditions.iter().filter_map(|one| Some((one.media.name.as_str(), one.problem.as_deref()?)))
    }

    /// Whether a rendition is cut.
    pub fn is_cut(&self, rendition: usize) -> bool {
        match &self.work {
            Work::Compare(ladder) => ladder.renditions.get(rendition).is_some_and(|one| !one.cuts.is_empty()),
            Work::Drill { .. } => false,
        }
    }

    /// Whether the plan has this unit.
    pub fn has(&self, unit: Unit) -> bool {
        match (&self.work, unit) {
            (Work::Compare(ladder), Unit::Segment { rendition, segment }) => {
                ladder.renditions.get(rendition).is_some_and(|one| one.problem.is_none() && segment < one.segments())
            }
            (Work::Compare(ladder), Unit::Whole { rendition }) => {
                ladder.renditions.get(rendition).is_some_and(|one| one.problem.is_none())
            }
            (Work::Drill { units, .. }, Unit::Drill { number }) => number < *units,
            _ => false,
        }
    }

    /// The unit's ID: a hash of everything that affects its result.
    ///
    /// # Errors
    /// If the plan lacks the unit.
    pub fn unit_id(&self, unit: Unit) -> Result<String> {
        ensure!(self.has(unit), "plan {} has no unit {unit:?}", self.id);
        let key = match (&self.work, unit) {
            (Work::Compare(ladder), Unit::Segment { rendition, .. } | Unit::Whole { rendition }) => {
                let one = ladder.renditions.get(rendition).context("no such rendition")?;
                let range = match unit {
                    Unit::Segment { segment, .. } => Some((one.offset, one.segment(segment))),
                    _ => None,
                };
                let hashes = (&ladder.source.hash, &one.media.hash, &ladder.models);
                // Two renditions may have the same contents.
                serde_json::to_vec(&(rendition, hashes, range, &ladder.options))?
            }
            (_, unit) => serde_json::to_vec(&(&self.id, unit))?,
        };
        Ok(digest(&[VERSION.to_string().as_bytes(), &key], DIGITS[1]))
    }

    /// What a unit is, for messages.
    pub fn describe(&self, unit: Unit) -> String {
        self.describe_all(&[unit])
    }

    /// What units are that are in the plan's order.
    pub fn describe_all(&self, units: &[Unit]) -> String {
        let name = |rendition: usize| match &self.work {
            Work::Compare(ladder) => ladder.renditions.get(rendition).map_or("?", |one| one.media.name.as_str()),
            Work::Drill { .. } => "?",
        };
        let key = |unit: &Unit| match *unit {
            Unit::Segment { rendition, .. } => Some((rendition, true)),
            Unit::Whole { rendition } => Some((rendition, false)),
            Unit::Drill { .. } => None,
        };
        let alike = units.chunk_by(|one, other| key(one) == key(other)).map(|alike| {
            let numbers = alike.iter().filter_map(|unit| match *unit {
                Unit::Segment { segment, .. } => Some(segment as u64 + 1),
                Unit::Whole { .. } => None,
                Unit::Drill { number } => Some(number + 1),
            });
            let numbers: Vec<_> = numbers.collect();
            let plural = if numbers.len() > 1 { "s" } else { "" };
            match alike.first().and_then(key) {
                Some((rendition, true)) => format!("{}, segment{plural} {}", name(rendition), ranges(&numbers)),
                Some((rendition, false)) => format!("{}, whole", name(rendition)),
                None => format!("drill{plural} {}", ranges(&numbers)),
            }
        });
        alike.collect::<Vec<_>>().join("; ")
    }
}

/// Ascending numbers, such as `1, 3 to 5`.
fn ranges(numbers: &[u64]) -> String {
    let runs = numbers.chunk_by(|one, other| one.checked_add(1) == Some(*other)).map(|run| match run {
        [one, .., other] if run.len() > 2 => format!("{one} to {other}"),
        [one, other] if numbers.len() == 2 => format!("{one} and {other}"),
        run => run.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    });
    runs.collect::<Vec<_>>().join(", ")
}

impl Rendition {
    /// The units of the rendition at this index.
    fn units(&self, rendition: usize) -> impl Iterator<Item = Unit> + use<> {
        let is_cut = !self.cuts.is_empty();
        let count = if self.problem.is_none() { self.segments() } else { 0 };
        (0..count).map(move |segment| match is_cut {
            true => Unit::Segment { rendition, segment },
            false => Unit::Whole { rendition },
        })
    }
}

/// The first digits of a SHA-256 of texts, each with its length.
fn digest(texts: &[&[u8]], digits: usize) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    let mut hex = hex(&hasher.finalize());
    hex.truncate(digits);
    hex
}

/// Whether a text can be the ID of a plan.
pub fn is_plan_id(text: &str) -> bool {
    text.len() == DIGITS[0] && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::collections::BTreeSet;

    pub fn media(name: &str) -> Media {
        let location = Location::Uri(format!("https://me:secret@host/{name}.mp4?X-Amz-Signature=abcdef"));
        Media { name: name.into(), location, hash: format!("hash of {name}"), pictures: 250, bytes: 1000, span: None }
    }

    fn rendition(name: &str) -> Rendition {
        Rendition { media: media(name), offset: 0, cuts: Vec::new(), uncut: None, problem: None }
    }

    pub fn ladder() -> Ladder {
        let cut = Rendition { cuts: vec![1_000, 2_000], ..rendition("720p") };
        let whole = Rendition { uncut: Some("drifts".into()), ..rendition("360p") };
        Ladder {
            options: Options::default(),
            models: Hashes::default(),
            source: media("source"),
            renditions: vec![cut, whole],
        }
    }

    pub fn plan(ladder: Ladder) -> Plan {
        Plan::new("cpu".into(), 30_000_000_000, Work::Compare(Box::new(ladder))).unwrap()
    }

    #[test]
    fn units_have_ids_of_their_own_and_cover_the_rendition() {
        let plan = plan(ladder());
        let units: Vec<_> = plan.units().collect();
        assert_eq!((units.len() as u64, plan.planned()), (4, 4));
        let ids: BTreeSet<_> = units.iter().map(|unit| plan.unit_id(*unit).unwrap()).collect();
        assert_eq!(ids.len(), 4);
        let Work::Compare(ladder) = &plan.work else { panic!() };
        let ranges: Vec<_> = (0..3).map(|segment| ladder.renditions[0].segment(segment)).collect();
        assert_eq!(ranges, [(None, Some(1_000)), (Some(1_000), Some(2_000)), (Some(2_000), None)]);
        assert!(plan.unit_id(Unit::Segment { rendition: 0, segment: 3 }).is_err());
        assert!(plan.unit_id(Unit::Drill { number: 0 }).is_err());
        // Needed if a segment turns out not to fit.
        assert!(!ids.contains(&plan.unit_id(Unit::Whole { rendition: 0 }).unwrap()));
    }

    #[test]
    fn a_rendition_that_cannot_be_read_has_no_unit() {
        let mut broken = ladder();
        broken.renditions[0].problem = Some("no such file".into());
        broken.renditions[0].cuts.clear();
        let plan = plan(broken);
        assert_eq!((plan.units().collect::<Vec<_>>(), plan.planned()), (vec![Unit::Whole { rendition: 1 }], 1));
        assert!(plan.unit_id(Unit::Whole { rendition: 0 }).is_err());
    }

    #[test]
    fn units_are_described_together() {
        let plan = plan(ladder());
        let cut = |segment| Unit::Segment { rendition: 0, segment };
        let of = |units: &[Unit]| plan.describe_all(units);
        assert_eq!(of(&[cut(1)]), "720p, segment 2");
        assert_eq!(of(&[cut(0), cut(1)]), "720p, segments 1 and 2");
        assert_eq!(of(&[cut(0), cut(1), cut(2), Unit::Whole { rendition: 1 }]), "720p, segments 1 to 3; 360p, whole");
        let drill = Plan::new("cpu".into(), 1, Work::Drill { units: 9, time: 0 }).unwrap();
        let units = [0, 2, 3, 4, 8].map(|number| Unit::Drill { number });
        assert_eq!(drill.describe_all(&units), "drills 1, 3 to 5, 9");
    }

    #[test]
    fn contents_and_options_change_the_ids_and_locations_do_not() {
        let first = plan(ladder());
        let id = |plan: &Plan| plan.unit_id(Unit::Segment { rendition: 0, segment: 1 }).unwrap();
        let mut moved = ladder();
        moved.source.location = Location::Uri("file:///elsewhere.mp4".into());
        let moved = plan(moved);
        assert_eq!((&moved.id, id(&moved)), (&first.id, id(&first)));
        let changes: [fn(&mut Ladder); 5] = [
            |ladder| ladder.source.hash.push('x'),
            |ladder| ladder.renditions[0].media.hash.push('x'),
            |ladder| ladder.models.vmaf = Some("other".into()),
            |ladder| ladder.options.measures = Some("ssim".into()),
            |ladder| ladder.renditions[0].cuts[0] += 1,
        ];
        for change in changes {
            let mut changed = ladder();
            change(&mut changed);
            let changed = plan(changed);
            assert!(changed.id != first.id && id(&changed) != id(&first));
        }
    }

    #[test]
    fn a_plan_comes_back_and_one_of_another_version_is_refused() {
        let plan = plan(ladder());
        let bytes = serde_json::to_vec(&plan).unwrap();
        assert_eq!(Plan::from_bytes(&bytes).unwrap(), plan);
        let other = String::from_utf8(bytes).unwrap().replace("\"version\":1", "\"version\":2");
        assert!(Plan::from_bytes(other.as_bytes()).unwrap_err().to_string().contains("version 2"));
        assert!(is_plan_id(&plan.id) && !is_plan_id("0123") && !is_plan_id("../../../etc/pas"));
    }

    #[test]
    fn what_is_shown_of_an_input_has_no_secret() {
        let shown = media("a").input().shown;
        assert!(!shown.contains("secret") && !shown.contains("abcdef"), "{shown}");
    }
}
