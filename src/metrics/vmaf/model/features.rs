// SPDX-License-Identifier: MPL-2.0

//! The features that a model can use, and their options.
//!
//! Names, ranges and default values are those of libvmaf's feature extractors: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::super::adm::{AdmOptions, Sensitivities};
use super::super::speed::SpeedOptions;
use super::super::vif;
use super::super::window::MotionOptions;
use crate::metrics::cambi::CambiOptions;

/// libvmaf's gain limit if a model sets none.
const GAIN_LIMIT: f64 = 100.0;

/// A known feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    Adm2,
    Adm3,
    Motion2,
    Motion3,
    Vif(usize),
    SpeedChroma,
    Cambi,
}

impl Feature {
    /// The feature with libvmaf's name.
    fn named(name: &str) -> Option<Self> {
        match name {
            "Cambi_feature_cambi_score" => return Some(Self::Cambi),
            "Speed_chroma_feature_speed_chroma_uv_score" => return Some(Self::SpeedChroma),
            _ => {}
        }
        match name.strip_prefix("VMAF_integer_feature_")?.strip_suffix("_score")? {
            "adm2" => Some(Self::Adm2),
            "adm3" => Some(Self::Adm3),
            "motion2" => Some(Self::Motion2),
            "motion3" => Some(Self::Motion3),
            name => {
                let scale = name.strip_prefix("vif_scale")?.parse().ok()?;
                (scale < vif::SCALES).then_some(Self::Vif(scale))
            }
        }
    }
}

/// The features of a pair, by libvmaf's names.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Features {
    pub adm2: f64,
    pub adm3: f64,
    pub motion2: f64,
    pub motion3: f64,
    pub vif: [f64; vif::SCALES],
    pub speed_chroma: f64,
    pub cambi: f64,
}

impl Features {
    pub fn get(&self, feature: Feature) -> f64 {
        match feature {
            Feature::Adm2 => self.adm2,
            Feature::Adm3 => self.adm3,
            Feature::Motion2 => self.motion2,
            Feature::Motion3 => self.motion3,
            Feature::Vif(scale) => self.vif[scale],
            Feature::SpeedChroma => self.speed_chroma,
            Feature::Cambi => self.cambi,
        }
    }
}

/// The features that a model uses, and how they are measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Wanted {
    pub adm: Option<AdmOptions>,
    /// The greatest gains that count, by scale: enhancement beyond them is no improvement.
    pub vif: Option<[f64; vif::SCALES]>,
    pub motion: MotionOptions,
    pub speed: Option<SpeedOptions>,
    pub cambi: Option<CambiOptions>,
}

/// The features that a model uses, from these names and options. The error lists everything that is unknown.
pub fn features(names: &[String], options: &[BTreeMap<String, Value>]) -> Result<(Vec<Feature>, Wanted), Vec<String>> {
    let none = BTreeMap::new();
    let (mut known, mut wanted, mut missing) = (Vec::new(), Wanted::default(), Vec::new());
    let mut motion = None;
    for (index, name) in names.iter().enumerate() {
        let Some(feature) = Feature::named(name) else {
            missing.push(name.clone());
            continue;
        };
        known.push(feature);
        let mut given = Given { name, options: options.get(index).unwrap_or(&none).clone(), missing: &mut missing };
        // What is measured once cannot have two sets of options.
        let differs = match feature {
            Feature::Vif(scale) => {
                wanted.vif.get_or_insert([GAIN_LIMIT; vif::SCALES])[scale] = given.gain_limit("vif_enhn_gain_limit");
                false
            }
            Feature::Adm2 => differs(&mut wanted.adm, given.adm(false)),
            Feature::Adm3 => differs(&mut wanted.adm, given.adm(true)),
            Feature::Motion2 | Feature::Motion3 => differs(&mut motion, given.motion()),
            Feature::SpeedChroma => differs(&mut wanted.speed, given.speed()),
            Feature::Cambi => differs(&mut wanted.cambi, given.cambi()),
        };
        given.rest();
        if differs {
            missing.push(format!("{name} with other options than the features that are measured with it"));
        }
    }
    wanted.motion = motion.unwrap_or_default();
    if missing.is_empty() { Ok((known, wanted)) } else { Err(missing) }
}

fn differs<T: Copy + PartialEq>(known: &mut Option<T>, asked: T) -> bool {
    *known.get_or_insert(asked) != asked
}

/// A feature's options; known ones are removed one by one.
struct Given<'a> {
    name: &'a str,
    options: BTreeMap<String, Value>,
    missing: &'a mut Vec<String>,
}

impl Given<'_> {
    fn add_missing(&mut self, option: &str, value: &Value) {
        self.missing.push(format!("{} with {option} = {value}", self.name));
    }

    /// Reports the remaining options as unknown.
    fn rest(mut self) {
        for (option, value) in std::mem::take(&mut self.options) {
            self.add_missing(&option, &value);
        }
    }

    /// The value of an option as converted by `read`, or the default if it is not given.
    fn read<T>(&mut self, option: &str, default: T, read: impl FnOnce(&Value) -> Option<T>) -> T {
        let Some(value) = self.options.remove(option) else { return default };
        read(&value).unwrap_or_else(|| {
            self.add_missing(option, &value);
            default
        })
    }

    fn number(&mut self, option: &str, default: f64, range: RangeInclusive<f64>) -> f64 {
        self.read(option, default, |value| value.as_f64().filter(|number| range.contains(number)))
    }

    fn flag(&mut self, option: &str) -> bool {
        self.read(option, false, Value::as_bool)
    }

    fn gain_limit(&mut self, option: &str) -> f64 {
        self.number(option, GAIN_LIMIT, 1.0..=f64::MAX)
    }

    fn adm(&mut self, added: bool) -> AdmOptions {
        let default = AdmOptions::default();
        let sensitivities = self.sensitivities();
        AdmOptions {
            gain_limit: self.gain_limit("adm_enhn_gain_limit"),
            noise_weight: self.number("adm_noise_weight", default.noise_weight, 0.0..=1500.0),
            sensitivities: sensitivities.unwrap_or(default.sensitivities),
            added,
            left_weight: self.number("adm_dlm_weight", default.left_weight, 0.0..=1.0),
            least: self.number("adm_min_val", default.least, 0.0..=1.0),
        }
    }

    /// The sensitivities of a contrast sensitivity function, a viewing distance and a display.
    fn sensitivities(&mut self) -> Option<Sensitivities> {
        let distance = self.number("adm_norm_view_dist", 3.0, 0.75..=24.0);
        let rows = self.number("adm_ref_display_height", 1080.0, 1.0..=4320.0);
        let mode = self.number("adm_csf_mode", 0.0, 0.0..=3.0);
        let found = match mode {
            0.0 if distance == 3.0 && rows == 1080.0 => Some(Sensitivities::watson()),
            2.0 => Sensitivities::blend(rows as u32, distance),
            _ => None,
        };
        if found.is_none() {
            let asked =
                format!("adm_csf_mode = {mode}, adm_norm_view_dist = {distance}, adm_ref_display_height = {rows}");
            self.missing.push(format!("{} with {asked}", self.name));
        }
        found
    }

    fn motion(&mut self) -> MotionOptions {
        let default = MotionOptions::default();
        MotionOptions {
            most: self.number("motion_max_val", default.most, 0.0..=default.most),
            five_frames: self.flag("motion_five_frame_window"),
            averaged: self.flag("motion_moving_average"),
        }
    }

    fn speed(&mut self) -> SpeedOptions {
        // Only these values are supported; libvmaf has others.
        self.number("speed_kernelscale", 1.0, 1.0..=1.0);
        if self.number("speed_weight_var_mode", 0.0, 5.0..=5.0) == 0.0 {
            self.add_missing("speed_weight_var_mode", &Value::from(0));
        }
        let scale = self.number("speed_prescale", 1.0, 0.1..=4.0);
        let bilinear = self.read("speed_prescale_method", false, |value| (value == "bilinear").then_some(true));
        if scale != 1.0 && !bilinear {
            self.add_missing("speed_prescale_method", &Value::from("nearest"));
        }
        SpeedOptions {
            scale,
            noise: self.number("speed_sigma_nn", 0.29, 0.1..=2.0),
            noise_floor: self.number("speed_nn_floor", 0.0, 0.0..=1.0),
            most: self.number("speed_max_val", 1000.0, 0.0..=1000.0),
        }
    }

    fn cambi(&mut self) -> CambiOptions {
        let default = CambiOptions::default();
        let speedup = self.number("cambi_high_res_speedup", 0.0, 0.0..=2160.0);
        CambiOptions {
            halve_from: CambiOptions::speedup(speedup as u32),
            visible_luminance: self.number("cambi_vis_lum_threshold", default.visible_luminance, 0.0..=300.0),
            max: self.number("cambi_max_val", default.max, 0.0..=1000.0),
            ..default
        }
    }
}
