// SPDX-License-Identifier: MPL-2.0

//! VMAF's models: which features they take, and how these become a score.
//!
//! How a score is put together follows libvmaf's `predict`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::error::{ModelErrorKind, VmafModelError};
use super::svm::Svm;
use super::vif;
use crate::hash;

/// Libvmaf's limit of a gain where a model sets none.
const GAIN_LIMIT: f64 = 100.0;
/// The largest file that is read, in MiB. Netflix's have some 20 KiB.
const LARGEST: u64 = 16;

/// A feature that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feature {
    Adm2,
    Motion2,
    Vif(usize),
}

impl Feature {
    /// By libvmaf's name.
    fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("VMAF_integer_feature_")?.strip_suffix("_score")?;
        match name {
            "adm2" => Some(Self::Adm2),
            "motion2" => Some(Self::Motion2),
            _ => {
                let scale = name.strip_prefix("vif_scale")?.parse().ok()?;
                (scale < vif::SCALES).then_some(Self::Vif(scale))
            }
        }
    }

    /// The option of it that is known: the largest gain that counts.
    fn option(self) -> Option<&'static str> {
        match self {
            Self::Adm2 => Some("adm_enhn_gain_limit"),
            Self::Vif(_) => Some("vif_enhn_gain_limit"),
            Self::Motion2 => None,
        }
    }
}

/// What is measured of a pair, by libvmaf's names.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Features {
    pub adm2: f64,
    pub motion2: f64,
    pub vif: [f64; vif::SCALES],
}

impl Features {
    fn get(&self, feature: Feature) -> f64 {
        match feature {
            Feature::Adm2 => self.adm2,
            Feature::Motion2 => self.motion2,
            Feature::Vif(scale) => self.vif[scale],
        }
    }
}

/// The largest gains that count: an enhancement beyond them is no improvement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    pub adm: f64,
    pub vif: [f64; vif::SCALES],
}

impl Default for Limits {
    fn default() -> Self {
        Self { adm: GAIN_LIMIT, vif: [GAIN_LIMIT; vif::SCALES] }
    }
}

/// A number brought to a model's range: slope · number + intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    slope: f64,
    intercept: f64,
}

/// One of Netflix's VMAF models, or another one in the JSON format of libvmaf that takes the same features.
#[derive(Debug, Clone, PartialEq)]
pub struct VmafModel {
    name: String,
    hash: String,
    inputs: Vec<(Feature, Line)>,
    output: Line,
    limits: Limits,
    svm: Svm,
    transform: Option<Transform>,
    clip: Option<[f64; 2]>,
}

impl VmafModel {
    /// The name of the model that is taken where nobody says which.
    pub const DEFAULT_NAME: &'static str = "vmaf_v0.6.1";

    /// Opens a model: a path if `name_or_path` has a `/` or ends in `.json`, otherwise a name such as `vmaf_v0.6.1neg`,
    /// which is looked for in each of `folders` as `vmaf/<name>.json` and `<name>.json`. [`Self::DEFAULT_NAME`] is built in, and
    /// found without a file.
    ///
    /// # Errors
    /// When there is no such model, it cannot be read, or needs features that are not there.
    pub fn open(name_or_path: &str, folders: &[PathBuf]) -> Result<Self, VmafModelError> {
        let error = |kind| VmafModelError { name: name_or_path.to_owned(), kind };
        let (name, path) = match is_path(name_or_path) {
            true => {
                let path = PathBuf::from(name_or_path);
                let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
                (name.unwrap_or_default(), Some(path))
            }
            false => (name_or_path.to_owned(), find(name_or_path, folders)),
        };
        match path {
            Some(path) => Self::parse(&name, &read(&path).map_err(error)?).map_err(error),
            None if name == Self::DEFAULT_NAME => Ok(Self::default()),
            None => Err(error(ModelErrorKind::Unknown(known_text(folders)))),
        }
    }

    /// Reads a model out of a document in libvmaf's JSON format.
    ///
    /// # Errors
    /// When it is none, or needs features that are not there.
    pub fn from_json(name: &str, json: &str) -> Result<Self, VmafModelError> {
        Self::parse(name, json).map_err(|kind| VmafModelError { name: name.to_owned(), kind })
    }

    /// The model's name: that of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 12 hexadecimal digits of the SHA-256 of the model's file.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The names of the models in the folder `vmaf` of each of `folders`, with the one that is built in, sorted; and where each
    /// lies, if it is a file.
    #[must_use]
    pub fn bundled(folders: &[PathBuf]) -> Vec<(String, Option<PathBuf>)> {
        let names = known(folders).into_iter();
        names.map(|name| (name.clone(), find(&name, folders))).collect()
    }

    /// The largest gains that count.
    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// The score of a pair.
    pub(super) fn score(&self, features: &Features) -> f64 {
        let point: Vec<_> = self.inputs.iter().map(|(feature, line)| line.apply(features.get(*feature))).collect();
        let raw = (self.svm.predict(&point) - self.output.intercept) / self.output.slope;
        let score = self.transform.as_ref().map_or(raw, |transform| transform.apply(raw));
        // As libvmaf: first the lower end.
        self.clip.map_or(score, |[low, high]| if score < low { low } else { score }.min(high))
    }

    fn parse(name: &str, json: &str) -> Result<Self, ModelErrorKind> {
        let value: Value = serde_json::from_str(json).map_err(ModelErrorKind::Json)?;
        if value.get("model_dict").is_none() && value.get("0").is_some() {
            return Err(ModelErrorKind::Features(vec!["a collection of models (bootstrapping)".to_owned()]));
        }
        let file: File = serde_json::from_value(value).map_err(ModelErrorKind::Json)?;
        file.model_dict.model(name, hash::short(&hash::sha256(json.as_bytes())))
    }
}

impl Default for VmafModel {
    /// Netflix's `vmaf_v0.6.1`.
    fn default() -> Self {
        static BUILT_IN: LazyLock<VmafModel> = LazyLock::new(|| {
            let json = include_str!("../../../models/vmaf/vmaf_v0.6.1.json");
            VmafModel::parse(VmafModel::DEFAULT_NAME, json).expect("a test reads it")
        });
        BUILT_IN.clone()
    }
}

impl Line {
    fn apply(self, number: f64) -> f64 {
        self.slope * number + self.intercept
    }
}

fn is_path(name_or_path: &str) -> bool {
    name_or_path.contains('/') || name_or_path.ends_with(".json")
}

/// The file of a model of that name.
fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    if name.is_empty() || name.starts_with('.') {
        return None;
    }
    let file = format!("{name}.json");
    let places = folders.iter().flat_map(|folder| [folder.join("vmaf").join(&file), folder.join(&file)]);
    places.into_iter().find(|path| path.is_file())
}

/// The names of the models that there are, sorted.
fn known(folders: &[PathBuf]) -> Vec<String> {
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder.join("vmaf")).ok()).flatten().flatten();
    let names = files.filter_map(|file| {
        let path = file.path();
        let name = path.file_stem()?.to_str()?.to_owned();
        path.extension().is_some_and(|extension| extension == "json").then_some(name)
    });
    let mut names: Vec<_> = names.chain([VmafModel::DEFAULT_NAME.to_owned()]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The end of an error's sentence: what there is.
fn known_text(folders: &[PathBuf]) -> String {
    let names = known(folders);
    let folders: Vec<_> = folders.iter().map(|folder| folder.join("vmaf").display().to_string()).collect();
    format!("there are {} (looked for in: {})", names.join(", "), folders.join(", "))
}

fn read(path: &Path) -> Result<String, ModelErrorKind> {
    use std::io::Read as _;
    let io = |error| ModelErrorKind::Io { path: path.to_owned(), error };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(io)?;
    file.take((LARGEST << 20) + 1).read_to_string(&mut text).map_err(io)?;
    if text.len() as u64 > LARGEST << 20 { Err(ModelErrorKind::TooLarge(LARGEST)) } else { Ok(text) }
}

/// A model's file.
#[derive(Deserialize)]
struct File {
    model_dict: ModelDict,
}

#[derive(Deserialize)]
struct ModelDict {
    model_type: String,
    norm_type: String,
    model: String,
    feature_names: Vec<String>,
    #[serde(default)]
    feature_opts_dicts: Vec<BTreeMap<String, Value>>,
    #[serde(default)]
    slopes: Vec<f64>,
    #[serde(default)]
    intercepts: Vec<f64>,
    #[serde(default)]
    score_transform: Option<TransformDict>,
    #[serde(default)]
    score_clip: Option<[f64; 2]>,
    #[serde(default)]
    chroma_correction_parameter: Option<f64>,
}

impl ModelDict {
    fn model(self, name: &str, hash: String) -> Result<VmafModel, ModelErrorKind> {
        let wrong = |what: String| Err(ModelErrorKind::Inconsistent(what));
        if self.model_type != "LIBSVMNUSVR" {
            return wrong(format!("model_type is `{}`: only LIBSVMNUSVR is known", self.model_type));
        }
        let (features, limits) = self.features()?;
        let count = features.len();
        if count == 0 {
            return wrong("feature_names is empty".to_owned());
        }
        let lines = match self.norm_type.as_str() {
            "none" => vec![Line { slope: 1.0, intercept: 0.0 }; count + 1],
            "linear_rescale" if self.slopes.len() == count + 1 && self.intercepts.len() == count + 1 => {
                let lines = self.slopes.iter().zip(&self.intercepts);
                lines.map(|(&slope, &intercept)| Line { slope, intercept }).collect()
            }
            "linear_rescale" => {
                return wrong(format!("slopes and intercepts must have {} numbers for {count} features", count + 1));
            }
            other => return wrong(format!("norm_type is `{other}`: only linear_rescale and none are known")),
        };
        let svm = Svm::parse(&self.model, count)?;
        let transform = self.score_transform.map(TransformDict::transform).transpose()?.flatten();
        let (output, inputs) = (lines[0], features.into_iter().zip(lines[1..].iter().copied()).collect());
        let (name, clip) = (name.to_owned(), self.score_clip);
        Ok(VmafModel { name, hash, inputs, output, limits, svm, transform, clip })
    }

    /// What the model takes. All that is missing is said at once.
    fn features(&self) -> Result<(Vec<Feature>, Limits), ModelErrorKind> {
        let mut limits = Limits::default();
        let (mut known, mut missing) = (Vec::new(), Vec::new());
        let none = BTreeMap::new();
        for (index, name) in self.feature_names.iter().enumerate() {
            let Some(feature) = Feature::named(name) else {
                missing.push(name.clone());
                continue;
            };
            known.push(feature);
            for (option, value) in self.feature_opts_dicts.get(index).unwrap_or(&none) {
                match value.as_f64().filter(|limit| feature.option() == Some(option) && *limit >= 1.0) {
                    Some(limit) => match feature {
                        Feature::Vif(scale) => limits.vif[scale] = limit,
                        _ => limits.adm = limit,
                    },
                    None => missing.push(format!("{name} with {option} = {value}")),
                }
            }
        }
        if self.chroma_correction_parameter.is_some() {
            missing.push("the correction of chroma (chroma_correction_parameter)".to_owned());
        }
        if missing.is_empty() { Ok((known, limits)) } else { Err(ModelErrorKind::Features(missing)) }
    }
}

#[derive(Deserialize)]
struct TransformDict {
    /// libvmaf leaves a transform out that is not switched on.
    #[serde(default)]
    enabled: bool,
    p0: Option<f64>,
    p1: Option<f64>,
    p2: Option<f64>,
    knots: Option<Vec<[f64; 2]>>,
    out_lte_in: Option<String>,
    out_gte_in: Option<String>,
}

impl TransformDict {
    fn transform(self) -> Result<Option<Transform>, ModelErrorKind> {
        if !self.enabled {
            return Ok(None);
        }
        let polynomial = [self.p0, self.p1, self.p2];
        let polynomial = polynomial.iter().any(Option::is_some).then(|| polynomial.map(|factor| factor.unwrap_or(0.0)));
        let knots = self.knots.unwrap_or_default();
        let rising = knots.windows(2).all(|two| two[0][0] < two[1][0] && two[0][1] <= two[1][1]);
        if knots.len() == 1 || !rising {
            return Err(ModelErrorKind::Inconsistent("the knots of score_transform do not rise".to_owned()));
        }
        let set = |flag: Option<String>| flag.as_deref() == Some("true");
        Ok(Some(Transform { polynomial, knots, at_most: set(self.out_lte_in), at_least: set(self.out_gte_in) }))
    }
}

/// What is done to a score before it is cut.
#[derive(Debug, Clone, PartialEq)]
struct Transform {
    polynomial: Option<[f64; 3]>,
    knots: Vec<[f64; 2]>,
    /// Never more than it was, never less.
    at_most: bool,
    at_least: bool,
}

impl Transform {
    fn apply(&self, score: f64) -> f64 {
        let curved = self.polynomial.map_or(score, |[p0, p1, p2]| p0 + p1 * score + p2 * score * score);
        let mapped = if self.knots.is_empty() { curved } else { between(&self.knots, curved) };
        let mapped = if self.at_most { mapped.min(score) } else { mapped };
        if self.at_least { mapped.max(score) } else { mapped }
    }
}

/// The line between the knots on either side; beyond the first and the last, their line goes on.
fn between(knots: &[[f64; 2]], x: f64) -> f64 {
    let last = knots.len().saturating_sub(2);
    let index = knots.iter().skip(1).take(last).take_while(|knot| knot[0] < x).count();
    match knots.get(index..) {
        Some([a, b, ..]) => a[1] + (x - a[0]) * (b[1] - a[1]) / (b[0] - a[0]),
        _ => x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models");

    fn open(name: &str) -> Result<VmafModel, VmafModelError> {
        VmafModel::open(name, &[FOLDER.into()])
    }

    fn text(error: &VmafModelError) -> String {
        format!("{error} {}", error.kind)
    }

    #[test]
    fn models_are_found_by_name_and_by_path() {
        for name in ["vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1"] {
            assert_eq!(open(name).unwrap().name(), name);
        }
        assert_eq!(open("vmaf_v0.6.1").unwrap(), VmafModel::default());
        assert_eq!(VmafModel::open("vmaf_v0.6.1", &[]).unwrap(), VmafModel::default());
        let path = format!("{FOLDER}/vmaf/vmaf_v0.6.1neg.json");
        assert_eq!(VmafModel::open(&path, &[]).unwrap(), open("vmaf_v0.6.1neg").unwrap());
        assert_eq!(open("vmaf_v0.6.1neg").unwrap().limits(), Limits { adm: 1.0, vif: [1.0; 4] });
        let unknown = text(&open("vmaf_v0.6").unwrap_err());
        assert!(unknown.contains("vmaf_4k_v0.6.1, vmaf_v0.6.1,") && unknown.contains(FOLDER), "{unknown}");
        assert!(text(&open("./nowhere.json").unwrap_err()).contains("cannot be read from ./nowhere.json"));
    }

    /// All that is missing is named: features, options of known ones, and what is done with them.
    #[test]
    fn features_that_are_not_there_are_named() {
        let found = text(&open("vmaf_v1.0.16_3d0h").unwrap_err());
        for missing in ["Cambi_feature_cambi_score", "speed_chroma_uv", "adm3_score", "motion3_score", "chroma"] {
            assert!(found.contains(missing), "{missing} is not in: {found}");
        }
        let json = include_str!("../../../models/vmaf/vmaf_v0.6.1neg.json");
        let other = json.replace("\"adm_enhn_gain_limit\": 1.0", "\"adm_csf_mode\": 2");
        assert_ne!(other, json);
        assert!(text(&VmafModel::from_json("x", &other).unwrap_err()).contains("adm2_score with adm_csf_mode = 2"));
        let bootstrapped = format!("{{\"0\": {json}}}");
        assert!(text(&VmafModel::from_json("x", &bootstrapped).unwrap_err()).contains("a collection of models"));
    }

    #[test]
    fn what_is_no_model_says_why() {
        let json = include_str!("../../../models/vmaf/vmaf_v0.6.1.json");
        for (from, to, expected) in [
            ("model_dict", "other", "is no model in libvmaf's JSON format"),
            ("LIBSVMNUSVR", "RANDOMFOREST", "model_type is `RANDOMFOREST`"),
            ("\"linear_rescale\"", "\"other\"", "norm_type is `other`"),
            ("2.8098077502505414,", "", "must have 7 numbers for 6 features"),
            ("total_sv 211", "total_sv 210", "total_sv is 210, but there are 211"),
        ] {
            let changed = json.replace(from, to);
            assert_ne!(changed, json, "{from}");
            let found = text(&VmafModel::from_json("x", &changed).unwrap_err());
            assert!(found.contains(expected), "{found}");
        }
    }

    /// libvmaf 3.2's `vmaf` and features of one frame: `ffmpeg -i d.yuv -i r.yuv -lavfi libvmaf=log_fmt=json:log_path=…`.
    #[test]
    fn a_score_is_what_libvmaf_makes_of_the_features() {
        let vif = [0.509825, 0.792702, 0.881583, 0.929514];
        let features = Features { adm2: 0.928004, motion2: 1.266812, vif };
        let score = VmafModel::default().score(&features);
        assert!((score - 73.449186).abs() < 1e-4, "{score}");
    }

    #[test]
    fn transforms_are_done_in_libvmafs_order() {
        let json =
            r#"{"enabled": true, "p0": 1, "p1": 2, "out_gte_in": "true", "knots": [[0, 0], [10, 20], [20, 20]]}"#;
        let dict: TransformDict = serde_json::from_str(json).unwrap();
        let transform = dict.transform().unwrap().unwrap();
        // 1 + 2 · 3 = 7, between the first two knots 14; 1 + 2 · 8 = 17, which is flat; below, the line goes on; never less.
        assert_eq!([3.0, 8.0, 30.0, -1.0].map(|x| transform.apply(x)), [14.0, 20.0, 30.0, -1.0]);
        let off: TransformDict = serde_json::from_str(r#"{"p1": 2}"#).unwrap();
        assert_eq!(off.transform().unwrap(), None);
    }
}
