// SPDX-License-Identifier: MPL-2.0

//! VMAF's models: the features they use, and how these become a score.
//!
//! The computation of the score follows libvmaf's `predict`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

mod features;
mod file;
mod transform;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use super::error::{ModelErrorKind, VmafModelError};
use super::svm::Svm;
use crate::hash;
use features::Feature;
pub use features::{Features, Wanted};
use file::File;
use transform::Transform;

/// The largest file that is read, in MiB. Netflix's have about 20 KiB.
const LARGEST: u64 = 16;

/// Maps a number to a model's range: slope · number + intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    slope: f64,
    intercept: f64,
}

/// How chroma's feature is replaced if chroma shows no difference, as with flat planes: it is derived from luma's.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Correction {
    parameter: f64,
    /// The inputs that are ADM 3 and SpEED-chroma.
    adm: usize,
    chroma: usize,
}

/// One of Netflix's VMAF models, or another in libvmaf's JSON format that uses the same features.
#[derive(Debug, Clone, PartialEq)]
pub struct VmafModel {
    name: String,
    hash: String,
    inputs: Vec<(Feature, Line)>,
    output: Line,
    wanted: Wanted,
    svm: Svm,
    correction: Option<Correction>,
    transform: Option<Transform>,
    clip: Option<[f64; 2]>,
}

impl VmafModel {
    /// The name of the default model.
    pub const DEFAULT_NAME: &'static str = "vmaf_v0.6.1";

    /// Opens a model: a path if `name_or_path` contains a `/` or ends in `.json`, otherwise a name such as
    /// `vmaf_v0.6.1neg`, which is searched for in each of `folders` as `vmaf/<name>.json` and `<name>.json`.
    /// [`Self::DEFAULT_NAME`] is built in and needs no file.
    ///
    /// # Errors
    /// If there is no such model, it cannot be read, or it needs features that do not exist here.
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

    /// Reads a model from a document in libvmaf's JSON format.
    ///
    /// # Errors
    /// If the document is not a model, or needs features that do not exist here.
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

    /// The names of the models in the folder `vmaf` of each of `folders` and of the built-in one, sorted; and the path
    /// of each, if it is a file.
    #[must_use]
    pub fn bundled(folders: &[PathBuf]) -> Vec<(String, Option<PathBuf>)> {
        let names = known(folders).into_iter();
        names.map(|name| (name.clone(), find(&name, folders))).collect()
    }

    /// The greatest number of following pairs that a pair's score waits for: its motion is known with the next pair or,
    /// with models for high frame rates (`hfr`), the next two.
    #[must_use]
    pub fn following_pairs(&self) -> u32 {
        self.wanted.motion.lag() as u32
    }

    /// The features that the model uses.
    pub(super) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The score of a pair.
    pub(super) fn score(&self, features: &Features) -> f64 {
        let mut point: Vec<_> = self.inputs.iter().map(|(feature, line)| line.apply(features.get(*feature))).collect();
        self.correct(&mut point);
        let raw = self.output.undo(self.svm.predict(&point));
        let score = self.transform.as_ref().map_or(raw, |transform| transform.apply(raw));
        // As in libvmaf, the lower limit comes first.
        self.clip.map_or(score, |[low, high]| if score < low { low } else { score }.min(high))
    }

    /// If chroma shows no difference, derives its feature from luma's.
    fn correct(&self, point: &mut [f64]) {
        let Some(Correction { parameter, adm, chroma }) = self.correction else { return };
        // Converted back from the model's range, as in libvmaf; a feature of 0 need not come back as exactly 0.
        let value = |input: usize| self.inputs[input].1.undo(point[input]);
        if value(chroma) == 0.0 {
            point[chroma] = self.inputs[chroma].1.apply(-parameter * value(adm) + parameter);
        }
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
            let json = include_str!("../../../../models/vmaf/vmaf_v0.6.1.json");
            VmafModel::parse(VmafModel::DEFAULT_NAME, json).expect("a test reads it")
        });
        BUILT_IN.clone()
    }
}

impl Line {
    fn apply(self, number: f64) -> f64 {
        self.slope * number + self.intercept
    }

    fn undo(self, number: f64) -> f64 {
        (number - self.intercept) / self.slope
    }
}

fn is_path(name_or_path: &str) -> bool {
    name_or_path.contains('/') || name_or_path.ends_with(".json")
}

/// The file of the model of that name.
fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    if name.is_empty() || name.starts_with('.') {
        return None;
    }
    let file = format!("{name}.json");
    let places = folders.iter().flat_map(|folder| [folder.join("vmaf").join(&file), folder.join(&file)]);
    places.into_iter().find(|path| path.is_file())
}

/// The names of the available models, sorted.
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

/// The end of an error message: the available models.
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
        let bundled = VmafModel::bundled(&[FOLDER.into()]);
        assert_eq!(bundled.len(), 11);
        for (name, _) in bundled {
            let model = open(&name).unwrap();
            assert_eq!((model.name(), model.following_pairs()), (&*name, if name.contains("hfr") { 2 } else { 1 }));
        }
        assert_eq!(open("vmaf_v0.6.1").unwrap(), VmafModel::default());
        assert_eq!(VmafModel::open("vmaf_v0.6.1", &[]).unwrap(), VmafModel::default());
        let path = format!("{FOLDER}/vmaf/vmaf_v0.6.1neg.json");
        assert_eq!(VmafModel::open(&path, &[]).unwrap(), open("vmaf_v0.6.1neg").unwrap());
        let neg = open("vmaf_v0.6.1neg").unwrap().wanted();
        assert_eq!((neg.adm.map(|options| options.gain_limit), neg.vif), (Some(1.0), Some([1.0; 4])));
        let unknown = text(&open("vmaf_v0.6").unwrap_err());
        assert!(unknown.contains("vmaf_4k_v0.6.1, vmaf_v0.6.1,") && unknown.contains(FOLDER), "{unknown}");
        assert!(text(&open("./nowhere.json").unwrap_err()).contains("cannot be read from ./nowhere.json"));
    }

    /// All missing things are named: features, options of known features, and their values.
    #[test]
    fn missing_features_are_named() {
        let v1 = include_str!("../../../../models/vmaf/vmaf_v1.0.16_5d0h.json");
        let mut changed = v1.to_owned();
        for (from, to) in [
            ("cambi_vis_lum_threshold", "cambi_other"),
            ("\"speed_weight_var_mode\": 5", "\"speed_weight_var_mode\": 4"),
            ("\"bilinear\"", "\"bicubic\""),
            ("\"adm_norm_view_dist\": 5.0", "\"adm_norm_view_dist\": 4.0"),
            ("feature_motion3_score", "feature_motion4_score"),
        ] {
            assert!(changed.contains(from), "{from}");
            changed = changed.replace(from, to);
        }
        let found = text(&VmafModel::from_json("x", &changed).unwrap_err());
        for missing in [
            "cambi_score with cambi_other = 0.06",
            "speed_weight_var_mode = 4",
            "speed_prescale_method = \"bicubic\"",
            "adm_csf_mode = 2, adm_norm_view_dist = 4, adm_ref_display_height = 1080",
            "motion4_score",
        ] {
            assert!(found.contains(missing), "{missing} is not in: {found}");
        }
        let without = v1.replace("Speed_chroma_feature_speed_chroma_uv_score", "VMAF_integer_feature_motion2_score");
        let found = text(&VmafModel::from_json("x", &without).unwrap_err());
        assert!(found.contains("motion2_score with speed_"), "{found}");
        let json = include_str!("../../../../models/vmaf/vmaf_v0.6.1neg.json");
        let other = json.replace("\"adm_enhn_gain_limit\": 1.0", "\"adm_csf_mode\": 1");
        assert_ne!(other, json);
        assert!(text(&VmafModel::from_json("x", &other).unwrap_err()).contains("adm2_score with adm_csf_mode = 1"));
        let bootstrapped = format!("{{\"0\": {json}}}");
        assert!(text(&VmafModel::from_json("x", &bootstrapped).unwrap_err()).contains("a collection of models"));
    }

    #[test]
    fn invalid_models_are_refused_with_a_reason() {
        let json = include_str!("../../../../models/vmaf/vmaf_v0.6.1.json");
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

    /// Score and features of one frame from libvmaf 3.2: `ffmpeg -i d.yuv -i r.yuv -lavfi
    /// libvmaf=log_fmt=json:log_path=…`.
    #[test]
    fn a_score_is_what_libvmaf_makes_of_the_features() {
        let vif = [0.509825, 0.792702, 0.881583, 0.929514];
        let features = Features { adm2: 0.928004, motion2: 1.266812, vif, ..Features::default() };
        let score = VmafModel::default().score(&features);
        assert!((score - 73.449186).abs() < 1e-4, "{score}");
    }

    /// The same for VMAF 1: with a difference in chroma, and without one, where chroma's feature is derived from
    /// luma's.
    #[test]
    fn a_score_of_vmaf_1_is_what_libvmaf_makes_of_the_features() {
        for (name, features, expected) in [
            ("vmaf_v1.0.16_3d0h", Features { adm3: 0.898275, motion3: 2.930677, ..Features::default() }, 63.083847),
            ("vmaf_v1.0.16_hfr_3d0h", Features { adm3: 0.898275, motion3: 4.793501, ..Features::default() }, 64.475039),
            ("vmaf_v1.0.16_5d0h", Features { adm3: 0.918624, motion3: 2.930677, ..Features::default() }, 70.768354),
        ] {
            let score = open(name).unwrap().score(&features);
            // ADM is printed with six digits, and the correction of chroma multiplies its error by 120.
            assert!((score - expected).abs() < 5e-4, "{name}: {score}, not {expected}");
            let other = open(name).unwrap().score(&Features { speed_chroma: 1e-3, ..features });
            assert!(other > score + 5.0, "{name}: {other} without correction, {score} with it");
        }
    }
}
