// SPDX-License-Identifier: MPL-2.0

//! Results as shown in the table and by `--json`.

use super::inputs::{Item, Media};
use super::stream::{Ended, Scored};
use crate::exit::Exit;
use crate::media::remarks::Remarks;
use crate::report::data::{Pooled, Threshold};
use crate::report::records::ATTRIBUTE;
use crate::thresholds::{Expression, Quantity, WORST_SECOND};
use onnx_iqa::model::Model;
use onnx_iqa::record::FieldPools;
use onnx_iqa::stats::{Pool, Statistics};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the JSON format.
const VERSION: u32 = 1;

/// The whole result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Version of the format.
    pub version: u32,
    /// Program name and version.
    pub generator: String,
    /// The model.
    pub model: ModelName,
    /// Results of the inputs, in command line order.
    pub inputs: Vec<InputResult>,
    /// Whether the run was interrupted before everything was scored.
    pub interrupted: bool,
    /// Exit status of the process.
    pub exit: u8,
}

/// The model.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ModelName {
    /// Name from its contract.
    pub name: String,
    /// First 12 hexadecimal digits of the SHA-256 of its file.
    pub model_hash: String,
    /// Execution provider.
    pub provider: String,
}

impl ModelName {
    /// Describes an open model.
    pub fn of(model: &Model) -> Self {
        Self {
            name: model.contract().name.clone(),
            model_hash: model.hash().to_owned(),
            provider: model.active_provider().to_string(),
        }
    }
}

/// Result of an input. Unknown values are absent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct InputResult {
    /// Input as typed, without a password.
    pub input: String,
    /// Number of decoded frames, or pictures of a folder.
    pub frames: u64,
    /// Number of frames with a score.
    pub scored: u64,
    /// Number of frames that could not be scored.
    pub failed: u64,
    /// Statistics of the score: `mean`, `p5`, `worst-second` and so on.
    pub score: Pooled,
    /// The same statistics of each of the model's attributes, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Pooled>,
    /// The worst frame or picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<Worst>,
    /// The pictures of a folder with their scores.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<PictureScore>,
    /// Thresholds and whether they are met.
    pub thresholds: Vec<Threshold>,
    /// Warnings.
    pub remarks: Remarks,
    /// Why the input could not be read completely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How the stream ended.
    #[serde(skip)]
    pub ended: Ended,
    /// Times in nanoseconds, or numbers of a folder's pictures, and their scores.
    #[serde(skip)]
    pub course: Vec<(u64, f64)>,
    #[serde(skip)]
    pools: FieldPools,
}

/// The worst frame or picture of an input.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Worst {
    /// Time in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
    /// File name of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Its score.
    pub score: f64,
}

/// A picture of a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PictureScore {
    /// File name.
    pub picture: String,
    /// Absent if it could not be scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The model's attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, f64>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl InputResult {
    /// Creates an empty result.
    pub fn new(item: &Item) -> Self {
        let capacity = match &item.media {
            Ok(Media::Pictures(pictures)) => pictures.len(),
            _ => 0,
        };
        Self {
            input: item.shown.clone(),
            frames: 0,
            scored: 0,
            failed: 0,
            score: Pooled::new(),
            attributes: BTreeMap::new(),
            worst: None,
            pictures: Vec::with_capacity(capacity),
            thresholds: Vec::new(),
            remarks: Remarks::default(),
            failure: None,
            ended: Ended::Whole,
            course: Vec::new(),
            pools: FieldPools::new(),
        }
    }

    /// Adds the result of a video.
    pub fn add_stream(&mut self, scored: Scored) {
        self.add(&scored);
        (self.ended, self.failure) = (scored.ended, scored.failure);
        let scores = scored.frames.field("score").unwrap_or_default();
        self.course = scored.frames.timed(scores).collect();
        let worst = scored.frames.times.iter().zip(scores).filter_map(|(time, score)| Some((*time, (*score)?)));
        let worst = worst.min_by(|one, other| one.1.total_cmp(&other.1));
        self.worst = worst.map(|(time, score)| Worst {
            time: time.map(|time| time as f64 / 1e9),
            picture: None,
            score: f64::from(score),
        });
        if self.frames > 1 {
            let worst = |field: &str| scored.frames.worst_second(field).map(|mean| (WORST_SECOND.to_owned(), mean));
            self.score.extend(worst("score"));
            for (name, _) in scored.frames.attributes() {
                if let Some(worst) = worst(&format!("{ATTRIBUTE}{name}")) {
                    self.attributes.insert(name.to_owned(), Pooled::from([worst]));
                }
            }
        }
    }

    /// Adds the result of a picture of a folder.
    pub fn add_picture(&mut self, name: &str, scored: Scored) {
        if scored.ended == Ended::Interrupted {
            self.ended = Ended::Interrupted;
            return;
        }
        self.add(&scored);
        let first = |values: &[Option<f32>]| values.first().copied().flatten().map(f64::from);
        let value = scored.frames.field("score").and_then(first);
        if let Some(score) = value {
            self.course.push((self.pictures.len() as u64, score));
            if self.worst.as_ref().is_none_or(|worst| score < worst.score) {
                self.worst = Some(Worst { time: None, picture: Some(name.to_owned()), score });
            }
        }
        if let Some(failure) = &scored.failure {
            // Only the first failure is reported for the folder; each picture has its own.
            self.failure.get_or_insert_with(|| format!("{name}: {failure}"));
        }
        let attributes =
            scored.frames.attributes().filter_map(|(name, values)| Some((name.to_owned(), first(values)?)));
        self.pictures.push(PictureScore {
            picture: name.to_owned(),
            score: value,
            attributes: attributes.collect(),
            failure: scored.failure,
        });
    }

    fn add(&mut self, scored: &Scored) {
        self.frames += scored.frames.times.len() as u64;
        self.failed += scored.failed;
        for score in scored.frames.field("score").unwrap_or_default().iter().flatten() {
            self.pools.count_frame();
            self.pools.push("score", f64::from(*score));
        }
        for (name, values) in scored.frames.attributes() {
            values.iter().flatten().for_each(|value| self.pools.push_attribute(name, f64::from(*value)));
        }
        self.remarks = std::mem::take(&mut self.remarks).and(&scored.remarks);
    }

    /// Computes the statistics and evaluates the thresholds.
    pub fn finish(&mut self, thresholds: &[Expression]) {
        // A pool takes 160 kB: with thousands of inputs, they cannot all be kept.
        let pools = std::mem::take(&mut self.pools);
        let named = |statistics: Statistics| statistics.named().map(|(name, value)| (name.to_owned(), value));
        self.scored = pools.scored();
        self.score.extend(pools.field("score").and_then(Pool::statistics).into_iter().flat_map(named));
        for (name, statistics) in pools.attributes() {
            self.attributes.entry(name.to_owned()).or_default().extend(named(statistics));
        }
        let check = |expression: &Expression| {
            let value = match expression.quantity() {
                Quantity::Measure { field, statistic } => self.pooled(field).and_then(|pooled| pooled.get(statistic)),
                _ => None,
            };
            let value = value.copied().filter(|_| self.ended == Ended::Whole);
            let met = value.map(|value| expression.holds(value));
            Threshold { expression: expression.to_string(), value, met }
        };
        self.thresholds = thresholds.iter().map(check).collect();
    }

    /// Statistics of the score, or of an attribute by the name of its column.
    fn pooled(&self, field: &str) -> Option<&Pooled> {
        field.strip_prefix(ATTRIBUTE).map_or(Some(&self.score), |name| self.attributes.get(name))
    }

    /// Exit status for this input.
    pub fn exit(&self) -> Exit {
        let failed = self.failure.as_ref().map(|_| Exit::Usage);
        let unscored = (self.scored == 0 || self.thresholds.iter().any(|one| one.met.is_none()))
            .then_some(Exit::NotMeasurable)
            .filter(|_| self.frames > 0);
        let missed = self.thresholds.iter().any(|one| one.met == Some(false)).then_some(Exit::Missed);
        [failed, unscored, missed].into_iter().flatten().max().unwrap_or(Exit::Good)
    }
}

impl Report {
    /// Creates the result of all inputs.
    pub fn new(model: ModelName, inputs: Vec<InputResult>, interrupted: bool) -> Self {
        let exit = inputs.iter().map(InputResult::exit).max().unwrap_or(Exit::Good);
        let exit = if interrupted { Exit::Interrupted } else { exit };
        let generator = concat!("iqa ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { version: VERSION, generator, model, inputs, interrupted, exit: exit.code() }
    }

    /// Inputs that could not be read, with the reason.
    pub fn failures(&self) -> impl Iterator<Item = String> + '_ {
        self.inputs.iter().filter_map(|input| Some(format!("{}: {}", input.input, input.failure.as_ref()?)))
    }

    /// Exit status of the command.
    pub fn exit(&self) -> Exit {
        Exit::from_code(self.exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::frames::Frames;
    use onnx_iqa::model::contract::Kind;
    use onnx_iqa::record::{FrameRecord, State};

    fn item() -> Item {
        Item { shown: "film".into(), media: Err(String::new()) }
    }

    fn scored(scores: &[Option<f64>]) -> Scored {
        let mut frames = Frames::new(&["score", "raw"]);
        for (n, score) in (0..).zip(scores) {
            let mut record = FrameRecord::new("m", Kind::NoReference, State::Scored);
            record.score = *score;
            frames.push(Some(n * 500_000_000), &record);
        }
        Scored { frames, ..Scored::default() }
    }

    fn thresholds(texts: &[&str]) -> Vec<Expression> {
        texts.iter().map(|text| text.parse().expect("a threshold")).collect()
    }

    #[test]
    fn a_film_has_its_worst_frame_and_second() {
        let mut result = InputResult::new(&item());
        result.add_stream(scored(&[Some(80.0), Some(60.0), Some(20.0), None, Some(70.0), Some(72.0)]));
        result.finish(&thresholds(&["score.min>=20", "score.worst-second>=30"]));
        assert_eq!((result.frames, result.scored), (6, 5));
        assert_eq!(result.worst, Some(Worst { time: Some(1.0), picture: None, score: 20.0 }));
        assert_eq!((result.score.get("min"), result.score.get(WORST_SECOND)), (Some(&20.0), Some(&20.0)));
        assert_eq!(result.thresholds.iter().map(|one| one.met).collect::<Vec<_>>(), [Some(true), Some(false)]);
        assert_eq!(result.exit(), Exit::Missed);
    }

    #[test]
    fn the_exit_status_is_that_of_the_gravest_input() {
        let mut good = InputResult::new(&item());
        good.add_stream(scored(&[Some(50.0)]));
        good.finish(&[]);
        assert_eq!(good.exit(), Exit::Good);
        let mut unscored = InputResult::new(&item());
        unscored.add_stream(scored(&[None]));
        unscored.finish(&[]);
        assert_eq!(unscored.exit(), Exit::NotMeasurable);
        let mut unreadable = InputResult::new(&item());
        unreadable.add_stream(Scored { failure: Some("no frame".into()), ..Scored::default() });
        unreadable.finish(&thresholds(&["score.mean>=1"]));
        assert_eq!(unreadable.exit(), Exit::Usage);
        let name = ModelName { name: String::new(), model_hash: String::new(), provider: String::new() };
        assert_eq!(Report::new(name.clone(), vec![good, unreadable, unscored], false).exit(), Exit::Usage);
        assert_eq!(Report::new(name, Vec::new(), true).exit(), Exit::Interrupted);
    }

    #[test]
    fn a_folder_names_its_worst_picture_and_the_one_that_is_broken() {
        let mut result = InputResult::new(&item());
        result.add_picture("a.png", scored(&[Some(40.0)]));
        result.add_picture("b.png", Scored { failure: Some("it is no PNG".into()), ..Scored::default() });
        result.add_picture("c.png", scored(&[Some(30.0)]));
        result.finish(&[]);
        assert_eq!((result.scored, result.score.get("mean")), (2, Some(&35.0)));
        assert_eq!(result.worst.as_ref().and_then(|worst| worst.picture.as_deref()), Some("c.png"));
        assert_eq!(result.failure.as_deref(), Some("b.png: it is no PNG"));
        assert_eq!(result.course, [(0, 40.0), (2, 30.0)]);
        assert_eq!(result.exit(), Exit::Usage);
    }

    /// Frames half a second apart, with a score of 50 and these values of the attribute `noise`.
    fn noisy(values: &[Option<f64>]) -> Scored {
        let mut frames = Frames::new(&["score", "raw", "attributes.noise"]);
        for (n, noise) in (0..).zip(values) {
            let mut record = FrameRecord::new("m", Kind::NoReference, State::Scored);
            record.score = Some(50.0);
            record.attributes = noise.map(|noise| ("noise".to_owned(), noise)).into_iter().collect();
            frames.push(Some(n * 500_000_000), &record);
        }
        Scored { frames, ..Scored::default() }
    }

    #[test]
    fn attributes_have_the_statistics_of_the_score() {
        let mut film = InputResult::new(&item());
        film.add_stream(noisy(&[Some(80.0), Some(60.0), Some(20.0), Some(30.0), None, Some(60.0)]));
        film.finish(&thresholds(&["attributes.noise.max>=80", "attributes.noise.worst-second>=30", "score.min>=50"]));
        assert_eq!(film.attributes.keys().collect::<Vec<_>>(), ["noise"]);
        assert!(film.score.keys().eq(film.attributes["noise"].keys()), "{film:?}");
        let found = ["mean", "p5", WORST_SECOND].map(|statistic| film.attributes["noise"][statistic]);
        assert_eq!(found, [50.0, 20.0, 25.0]);
        let met = [Some(true), Some(false), Some(true)];
        assert_eq!(film.thresholds.iter().map(|one| one.met).collect::<Vec<_>>(), met);

        let mut folder = InputResult::new(&item());
        folder.add_picture("a.png", noisy(&[Some(20.0)]));
        folder.add_picture("b.png", noisy(&[None]));
        folder.finish(&[]);
        let of_pictures: Vec<_> = folder.pictures.iter().map(|picture| picture.attributes.get("noise")).collect();
        assert_eq!(of_pictures, [Some(&20.0), None]);
        assert_eq!(folder.attributes["noise"]["mean"], 20.0);
    }

    #[test]
    fn a_model_without_attributes_adds_nothing_to_the_json() {
        let mut result = InputResult::new(&item());
        result.add_picture("a.png", scored(&[Some(40.0)]));
        result.finish(&[]);
        let json = serde_json::to_string(&result).expect("JSON");
        assert!(!json.contains("attributes"), "{json}");
    }
}
