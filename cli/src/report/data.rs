// SPDX-License-Identifier: MPL-2.0

//! The data of a comparison's report, as `report.json` has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of `report.json`.
pub const VERSION: u32 = 1;

/// A statistic's name, such as `mean` or `p5`, and its value.
pub type Pooled = BTreeMap<String, f64>;

/// A whole comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The version of this format.
    pub version: u32,
    /// The program that wrote it, with its version.
    pub generator: String,
    /// When the comparison ended, in RFC 3339.
    pub created: String,
    /// What the renditions were compared with.
    pub source: Media,
    /// What was measured, in order: the names of measures and of the model's score.
    pub measures: Vec<Measure>,
    /// In the order in which they were given.
    pub renditions: Vec<Rendition>,
    /// Thresholds of heights that no rendition has: they were not checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<Unchecked>,
    /// Pairs of rungs of which the higher is worse.
    pub inversions: Vec<Inversion>,
    /// The comparison with another ladder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versus: Option<Versus>,
    /// What was run: versions, models, options, in the order in which the page shows them.
    #[serde(default)]
    pub run: Vec<Fact>,
    /// Whether the run was interrupted before all was measured.
    pub interrupted: bool,
    /// The process's exit status.
    pub exit: u8,
}

impl Report {
    /// The renditions of all ladders, in the order in which they were measured.
    pub fn all_renditions(&self) -> impl Iterator<Item = &Rendition> {
        self.renditions.iter().chain(self.versus.iter().flat_map(|versus| &versus.renditions))
    }
}

/// Something to know of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Fact {
    /// What it is, for example `Command` or `Scaling`.
    pub name: String,
    /// In words.
    pub value: String,
}

/// A measure that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Measure {
    /// The field's name, such as `psnr-y`, `ssim`, `vmaf` or `score`.
    pub name: String,
    /// The unit, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What it says, in a sentence.
    pub description: String,
    /// The model's name (of `score` and `vmaf`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of the model's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_hash: Option<String>,
}

/// What is known of a file or stream. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Media {
    /// A short name that is unique in the report.
    pub name: String,
    /// Where it is, without a password.
    pub uri: String,
    /// The codec's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Width in pixels, as decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels, as decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Frames a second, as stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<f64>,
    /// GStreamer's name of the decoded format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// GStreamer's colorimetry of the decoded frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colorimetry: Option<String>,
    /// Seconds of video that were decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Bits a second of the video stream, measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_rate: Option<f64>,
    /// Bits a second that the playlist declares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_bandwidth: Option<f64>,
}

/// One rendition, compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Rendition {
    /// What is known of the file.
    #[serde(flatten)]
    pub media: Media,
    /// `aligned`, `aligned-by-time`, `partly`, `not-aligned`; `failed` if it could not be read, `interrupted` if the run
    /// ended before.
    pub verdict: String,
    /// The source's running time minus the rendition's, in milliseconds, of most pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<f64>,
    /// The mean confidence of the pairs, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// What most pairs rest on: `picture` or `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// How much of the source's time has a counterpart in it, in percent; absent where only a part was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// What became of the frames of both sides: `matched`, `duplicate`, `unmatched`, `dropped`, `outside` and others.
    pub counts: BTreeMap<String, u64>,
    /// Each measure's pool. Empty where the alignment is not trusted.
    pub measures: BTreeMap<String, Pooled>,
    /// Each threshold that concerns it.
    pub thresholds: Vec<Threshold>,
    /// Why the verdict is not better, warnings, errors: in words, with what to do.
    pub reasons: Vec<String>,
    /// The worst moments, the worst first; where the alignment is not trusted, one that shows the two pictures that
    /// do not agree, without a value.
    pub worst: Vec<Moment>,
}

/// A threshold and whether it was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Threshold {
    /// As it was given, for example `vmaf.p5>=80`.
    pub expression: String,
    /// What was measured; absent where it could not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Absent where it could not be checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

/// Thresholds of renditions that are not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Unchecked {
    /// Lines of the renditions that are meant.
    pub height: u32,
    /// As they were given.
    pub thresholds: Vec<String>,
}

impl Rendition {
    /// How much of the source has a counterpart in it, such as `58.0 of 60.0 s`, unless all has.
    pub fn part_of(&self, source: &Media) -> Option<String> {
        let share = self.coverage.filter(|&percent| percent < 100.0)? / 100.0;
        let whole = source.duration?;
        // What lacks is not rounded away.
        let shown = (whole * share * 100.0).floor() / 100.0;
        Some(if whole < 10.0 { format!("{shown:.2} of {whole:.2} s") } else { format!("{shown:.1} of {whole:.1} s") })
    }
}

/// A moment that is worth a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Moment {
    /// The rendition's running time in seconds.
    pub time: f64,
    /// The source's running time in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_time: Option<f64>,
    /// The measure that is worst here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// All measures of the frame.
    pub values: BTreeMap<String, f64>,
    /// The source's picture, a path relative to the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_picture: Option<String>,
    /// The rendition's picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The same with its values drawn on it, for those who pass it on alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labelled: Option<String>,
    /// The amplified difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// The map of SSIM, tile by tile, after scaling: dark blue is 1, yellow 0.5 or less. Absent where the two cannot be
    /// measured against each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
}

/// A higher rung that is worse than a lower one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Inversion {
    /// The measure.
    pub measure: String,
    /// The rung of the higher rate.
    pub higher: String,
    /// The rung of the lower rate, which is better.
    pub lower: String,
    /// By how much, in the measure's unit.
    pub difference: f64,
}

/// Two ladders' rate at equal quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Versus {
    /// The other ladder.
    pub renditions: Vec<Rendition>,
    /// By measure: how much more rate (in percent) the other ladder needs for the same quality; absent with a reason.
    pub bd_rate: BTreeMap<String, BdRate>,
}

/// A BD-rate, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct BdRate {
    /// Percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
