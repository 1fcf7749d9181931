// SPDX-License-Identifier: MPL-2.0

//! A contract as written: every key, before any is checked.

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::geometry::{LetterboxAt, Rounding, Small};
use super::types::{Channels, FrameSide, Kind, Layout, Role, Sizes};
use crate::resample::Filter;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawContract {
    pub(super) contract: i64,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) sizes: Option<Sizes>,
    // Contracts spell it as the first version of the interface did.
    #[serde(rename = "licence", alias = "license")]
    pub(super) license: Option<String>,
    #[serde(default)]
    pub(super) input: Vec<RawInput>,
    pub(super) geometry: Option<RawGeometry>,
    pub(super) output: RawOutput,
    #[serde(default)]
    pub(super) constant: Vec<RawConstant>,
    pub(super) reference: Option<RawReference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawReference {
    pub(super) model: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawInput {
    pub(super) tensor: String,
    pub(super) role: Option<Role>,
    pub(super) layout: Option<Layout>,
    pub(super) channels: Option<Channels>,
    pub(super) mean: Option<RawNumbers>,
    pub(super) std: Option<RawNumbers>,
    pub(super) geometry: Option<RawGeometry>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawGeometry {
    pub(super) short_side: Option<u32>,
    pub(super) long_side: Option<u32>,
    pub(super) scale: Option<f64>,
    pub(super) letterbox: Option<RawLetterbox>,
    pub(super) resize: Option<RawSides>,
    pub(super) rounding: Option<Rounding>,
    pub(super) filter: Option<Filter>,
    pub(super) antialias: Option<bool>,
    pub(super) round: Option<bool>,
    pub(super) crop: Option<RawSides>,
    pub(super) crops: Option<RawCrops>,
    pub(super) stride: Option<RawSides>,
    pub(super) sampling: Option<RawSampling>,
    pub(super) seed: Option<u64>,
    pub(super) small: Option<Small>,
    pub(super) multiple_of: Option<u32>,
    pub(super) crops_axis: Option<u8>,
}

/// `mean` and `std`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "`mean` and `std` are a number, or a list of one for each channel")]
pub(super) enum RawNumbers {
    /// The same value for each channel.
    One(f64),
    Each(Vec<f64>),
}

/// A size or a distance.
#[derive(Deserialize, Clone, Copy)]
#[serde(untagged, expecting = "sides are a whole number of pixels, or two, `[width, height]`")]
pub(super) enum RawSides {
    /// The same value for both.
    One(u32),
    Two([u32; 2]),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawLetterbox {
    pub(super) size: RawSides,
    #[serde(alias = "color")]
    pub(super) colour: Option<[f64; 3]>,
    pub(super) at: Option<LetterboxAt>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`crops` is a number or \"all\"")]
pub(super) enum RawCrops {
    Count(u32),
    Word(AllCrops),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AllCrops {
    All,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawSampling {
    Grid,
    Steps,
    #[serde(rename = "centre", alias = "center")]
    Center,
    Random,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawOutput {
    pub(super) tensor: String,
    pub(super) index: Option<u32>,
    pub(super) worst: Option<f64>,
    pub(super) best: Option<f64>,
    pub(super) curve: Option<Vec<[f64; 2]>>,
    pub(super) distribution: Option<Vec<f64>>,
    pub(super) softmax: Option<bool>,
    pub(super) spread: Option<String>,
    pub(super) pool: Option<RawPooling>,
    pub(super) map: Option<RawMap>,
    pub(super) attributes: Option<RawAttributeTables>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "`pool` is \"mean\", \"median\", \"min\", \"max\" or { weights = \"TENSOR\" }"
)]
pub(super) enum RawPooling {
    Word(RawPoolingWord),
    By { weights: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawPoolingWord {
    Mean,
    Median,
    Min,
    Max,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawMap {
    pub(super) tensor: String,
    pub(super) worst: f64,
    pub(super) best: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawAttributes {
    pub(super) tensor: String,
    pub(super) names: Vec<String>,
    pub(super) worst: f64,
    pub(super) best: f64,
    pub(super) softmax: Option<bool>,
}

/// One table, or a list of them.
pub(super) enum RawAttributeTables {
    One(RawAttributes),
    Several(Vec<RawAttributes>),
}

/// By hand, so that an error within a table says what is wrong there.
impl<'de> Deserialize<'de> for RawAttributeTables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tables;
        impl<'de> Visitor<'de> for Tables {
            type Value = RawAttributeTables;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table with `tensor`, `names`, `worst` and `best`, or a list of such tables")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                RawAttributes::deserialize(MapAccessDeserializer::new(map)).map(RawAttributeTables::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(RawAttributeTables::Several)
            }
        }
        deserializer.deserialize_any(Tables)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawConstant {
    pub(super) tensor: String,
    pub(super) value: Option<Vec<f64>>,
    pub(super) frame: Option<Vec<FrameSide>>,
}
