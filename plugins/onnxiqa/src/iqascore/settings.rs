// SPDX-License-Identifier: MPL-2.0

//! Element properties.

use crate::bundled;
use crate::scoring::{ModelSettings, SelectionSettings};
use gst::glib;
use gst::prelude::*;
use onnx_iqa::metrics::NoReferenceMeasures;

/// How scoring and data flow interact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaScoreMode")]
pub enum Mode {
    /// Frames wait for their score.
    #[default]
    #[enum_value(
        name = "Hold each selected frame until it is scored; upstream is blocked while the queue is full",
        nick = "every-frame"
    )]
    EveryFrame,
    /// Frames pass immediately with the newest finished score.
    #[enum_value(name = "Never hold a frame; it carries the newest finished score", nick = "live")]
    Live,
}

/// No-reference measures.
#[glib::flags(name = "GstIqaOwnMeasures")]
pub enum Measures {
    /// [`NoReferenceMeasures::cambi`].
    #[flags_value(name = "Visibility of banding (CAMBI), higher is worse: cambi", nick = "cambi")]
    CAMBI = 0b001,
    /// [`NoReferenceMeasures::motion`].
    #[flags_value(name = "Luma difference from the previous measured frame: motion", nick = "motion")]
    MOTION = 0b010,
    /// [`NoReferenceMeasures::luma`].
    #[flags_value(name = "Mean and standard deviation of luma: luma-mean, luma-deviation", nick = "luma")]
    LUMA = 0b100,
}

impl From<Measures> for NoReferenceMeasures {
    fn from(measures: Measures) -> Self {
        Self {
            cambi: measures.contains(Measures::CAMBI),
            motion: measures.contains(Measures::MOTION),
            luma: measures.contains(Measures::LUMA),
        }
    }
}

/// Element properties and their values.
#[derive(Debug, Clone)]
pub struct Settings {
    pub model: ModelSettings,
    pub mode: Mode,
    pub selection: SelectionSettings,
    pub batch_size: u32,
    pub measures: Measures,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: ModelSettings::new("metaiqa"),
            mode: Mode::default(),
            selection: SelectionSettings::default(),
            batch_size: 1,
            measures: Measures::empty(),
        }
    }
}

impl Settings {
    /// Field that windows and `stats` evaluate by default: the score, or without a model the first measured field.
    pub fn main_field(&self) -> &'static str {
        let measured = || NoReferenceMeasures::from(self.measures).fields().next().map(|field| field.name);
        Some("score").filter(|_| self.model.has_model()).or_else(measured).unwrap_or("score")
    }

    /// Property specifications handled by [`set`](Self::set) and [`get`](Self::get).
    pub fn properties() -> Vec<glib::ParamSpec> {
        let default = Self::default();
        let mut properties = default.model.properties(
            &format!(
                "Path of an ONNX file (contains / or ends in .onnx) with an embedded contract or a TOML contract \
                 beside it, or name of a bundled model, searched for in ONNX_IQA_MODEL_PATH and in onnxiqa-models/ \
                 beside the plugin; none = measures only:{}",
                bundled::list(false)
            ),
            "Number of ONNX Runtime intra-op threads, and of threads for the measure cambi; 0 = one per core",
            "Maximum number of frames queued for inference, at least batch-size",
        );
        properties.extend([
            glib::ParamSpecEnum::builder_with_default("mode", default.mode)
                .nick("Mode")
                .blurb("Whether frames wait for their score")
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt::builder("batch-size")
                .nick("Batch size")
                .blurb("Maximum number of frames per inference; an incomplete batch runs when no frame is queued")
                .minimum(1)
                .maximum(1024)
                .default_value(default.batch_size)
                .mutable_ready()
                .build(),
            /**
             * GstIqaScore:measures:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            glib::ParamSpecFlags::builder::<Measures>("measures")
                .nick("Measures")
                .blurb("Measures taken of each scored frame in addition to the model")
                .default_value(default.measures)
                .mutable_ready()
                .build(),
        ]);
        properties.extend(SelectionSettings::properties(
            "Score every Nth frame; the others have the state skipped",
            "Maximum number of scores per second of stream time; 0/1 = unlimited",
        ));
        properties
    }

    /// Sets a property; returns false for unknown names.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has validated the value.
        match name {
            "mode" => self.mode = value.get().unwrap_or(self.mode),
            "batch-size" => self.batch_size = value.get().unwrap_or(self.batch_size),
            "measures" => self.measures = value.get().unwrap_or(self.measures),
            name => return self.selection.set(name, value) || self.model.set(name, value),
        }
        true
    }

    /// Returns a property value; `None` for unknown names.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "mode" => self.mode.to_value(),
            "batch-size" => self.batch_size.to_value(),
            "measures" => self.measures.to_value(),
            name => return self.selection.get(name).or_else(|| self.model.get(name)),
        })
    }
}
