// SPDX-License-Identifier: MPL-2.0

//! Data of a comparison report: the contents of `report.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of `report.json`.
pub const VERSION: u32 = 1;

/// Values by statistic, such as `mean` or `p5`.
pub type Pooled = BTreeMap<String, f64>;

/// A comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Version of the format.
    pub version: u32,
    /// Program name and version.
    pub generator: String,
    /// End of the comparison in RFC 3339 format.
    pub created: String,
    /// The source of the renditions.
    pub source: Media,
    /// The measures in report order, including the model's score.
    pub measures: Vec<Measure>,
    /// The renditions in command line order.
    pub renditions: Vec<Rendition>,
    /// Thresholds for heights that no rendition has; they were not checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<Unchecked>,
    /// Pairs of rungs of which the one with the higher rate is worse.
    pub inversions: Vec<Inversion>,
    /// Comparison with another ladder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versus: Option<Versus>,
    /// Versions, models and options of the run, in the order shown on the page.
    #[serde(default)]
    pub run: Vec<Fact>,
    /// Whether the run was interrupted before everything was measured.
    pub interrupted: bool,
    /// Exit status of the process.
    pub exit: u8,
}

impl Report {
    /// Renditions of all ladders, in the order in which they were measured.
    pub fn all_renditions(&self) -> impl Iterator<Item = &Rendition> {
        self.renditions.iter().chain(self.versus.iter().flat_map(|versus| &versus.renditions))
    }
}

/// A fact about the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Fact {
    /// Name, for example `Command` or `Scaling`.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Measure {
    /// Name of the field, such as `psnr-y`, `ssim`, `vmaf` or `score`.
    pub name: String,
    /// Unit, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Description in one sentence.
    pub description: String,
    /// Name of the model (for `score` and `vmaf`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// First 12 hexadecimal digits of the SHA-256 of the model file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_hash: Option<String>,
}

/// Information about a file or stream. Unknown values are absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Media {
    /// Short name, unique in the report.
    pub name: String,
    /// Location without a password.
    pub uri: String,
    /// Codec name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Width in pixels, as decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels, as decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Frame rate according to the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<f64>,
    /// GStreamer's name of the decoded format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Colorimetry of the decoded frames in GStreamer's notation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colorimetry: Option<String>,
    /// Decoded duration in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Measured bit rate of the video stream in bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_rate: Option<f64>,
    /// Bit rate declared by the playlist in bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_bandwidth: Option<f64>,
}

/// A compared rendition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Rendition {
    /// Information about the file.
    #[serde(flatten)]
    pub media: Media,
    /// `aligned`, `aligned-by-time`, `partly`, `not-aligned`; `failed` if it could not be read, `interrupted` if the
    /// run ended before.
    pub verdict: String,
    /// Running time of the source minus that of the rendition, in milliseconds: median of all pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<f64>,
    /// Mean confidence of the pairs, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Evidence for most pairs: `picture` or `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Share of the source that has a counterpart in the rendition, in percent; absent if only a part was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Frame counts of both sides: `matched`, `duplicate`, `unmatched`, `dropped`, `outside` and others. `reference`
    /// and `outside` are absent if the source was not read to its end, or goes on for longer than 10 s after the last
    /// pair.
    pub counts: BTreeMap<String, u64>,
    /// Pooled statistics per measure. Empty if the alignment is not trusted.
    pub measures: BTreeMap<String, Pooled>,
    /// Thresholds that apply to the rendition.
    pub thresholds: Vec<Threshold>,
    /// Reasons for the verdict, warnings and errors, with what to do.
    pub reasons: Vec<String>,
    /// The worst moments, worst first; if the alignment is not trusted, one moment without a value that shows the two
    /// different pictures.
    pub worst: Vec<Moment>,
}

/// A threshold and whether it was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Threshold {
    /// As specified, for example `vmaf.p5>=80`.
    pub expression: String,
    /// Measured value; absent if it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Absent if it could not be checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

/// Thresholds for renditions that do not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Unchecked {
    /// Height of the renditions.
    pub height: u32,
    /// As specified.
    pub thresholds: Vec<String>,
}

impl Rendition {
    /// Covered part of the source, such as `58.0 of 60.0 s`, unless it is covered completely.
    pub fn part_of(&self, source: &Media) -> Option<String> {
        let share = self.coverage.filter(|&percent| percent < 100.0)? / 100.0;
        let whole = source.duration?;
        // A missing part must not be rounded away.
        let shown = (whole * share * 100.0).floor() / 100.0;
        Some(if whole < 10.0 { format!("{shown:.2} of {whole:.2} s") } else { format!("{shown:.1} of {whole:.1} s") })
    }
}

/// A notable moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Moment {
    /// Running time of the rendition in seconds.
    pub time: f64,
    /// Running time of the source in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_time: Option<f64>,
    /// The measure with its worst value here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// All measures of the frame.
    pub values: BTreeMap<String, f64>,
    /// Picture of the source, as a path relative to the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_picture: Option<String>,
    /// Picture of the rendition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Picture of the rendition with its values drawn on it, for use without the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labelled: Option<String>,
    /// Amplified difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// SSIM map, per tile, after scaling: dark blue is 1, yellow 0.5 or less. Absent if the two pictures cannot be
    /// measured against each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
}

/// A rung with a higher rate that is worse than one with a lower rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Inversion {
    /// The measure.
    pub measure: String,
    /// The rung with the higher rate.
    pub higher: String,
    /// The rung with the lower rate, which is better.
    pub lower: String,
    /// Difference in the measure's unit.
    pub difference: f64,
}

/// Bit rates of two ladders at equal quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Versus {
    /// The other ladder.
    pub renditions: Vec<Rendition>,
    /// Per measure: additional rate in percent that the other ladder needs for the same quality, or why it is unknown.
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
