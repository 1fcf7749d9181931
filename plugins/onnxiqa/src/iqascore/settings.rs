// SPDX-License-Identifier: MPL-2.0

//! What users set.

use crate::bundled;
use crate::scoring::{ModelSettings, SelectionSettings};
use gst::glib;
use gst::prelude::*;
use onnx_iqa::metrics::NoReferenceMeasures;

/// What becomes of a frame while it is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaScoreMode")]
pub enum Mode {
    /// It waits for its own score.
    #[default]
    #[enum_value(
        name = "Each selected frame carries its own score, in order; upstream is held back",
        nick = "every-frame"
    )]
    EveryFrame,
    /// It passes at once with the newest score there is.
    #[enum_value(name = "A frame is never held; it carries the newest finished score", nick = "live")]
    Live,
}

/// What is measured of a frame by itself.
#[glib::flags(name = "GstIqaOwnMeasures")]
pub enum Measures {
    /// [`NoReferenceMeasures::cambi`].
    #[flags_value(name = "How visible banding is (CAMBI), more is worse: cambi", nick = "cambi")]
    CAMBI = 0b001,
    /// [`NoReferenceMeasures::motion`].
    #[flags_value(name = "How far luma differs from the picture's before: motion", nick = "motion")]
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

/// The properties of `iqascore`, with their defaults.
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
    /// What windows and `stats` look at if nobody says: the score, or without a model the first measure.
    pub fn main_field(&self) -> &'static str {
        let measured = || NoReferenceMeasures::from(self.measures).fields().next().map(|field| field.name);
        Some("score").filter(|_| self.model.has_model()).or_else(measured).unwrap_or("score")
    }

    /// The specifications of the properties that [`set`](Self::set) and [`get`](Self::get) know.
    pub fn properties() -> Vec<glib::ParamSpec> {
        let default = Self::default();
        let mut properties = default.model.properties(
            &format!(
                "An ONNX file (contains / or ends in .onnx), with its contract inside or beside it, or the name of a \
                 bundled model, looked for in ONNX_IQA_MODEL_PATH and in onnxiqa-models/ beside the plugin; none = \
                 measures only:{}",
                bundled::list(false)
            ),
            "Threads of ONNX Runtime within an operator, and of `cambi`; 0 = one per core",
            "Frames on their way through the scorer, at most (at least batch-size)",
        );
        properties.extend([
            glib::ParamSpecEnum::builder_with_default("mode", default.mode)
                .nick("Mode")
                .blurb("Whether a frame waits for its score")
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt::builder("batch-size")
                .nick("Batch size")
                .blurb("Frames per inference, at most; an incomplete batch runs when nothing more is queued")
                .minimum(1)
                .maximum(1024)
                .default_value(default.batch_size)
                .mutable_ready()
                .build(),
            glib::ParamSpecFlags::builder::<Measures>("measures")
                .nick("Measures")
                .blurb(
                    "What is measured of the frames that are scored, beside the model: luma-mean and luma-deviation, motion (0 \
                     to 1), cambi (banding, 0 to 31, more is worse)",
                )
                .default_value(default.measures)
                .mutable_ready()
                .build(),
        ]);
        properties.extend(SelectionSettings::properties(
            "Score one frame in so many; the others carry the state `skipped`",
            "At most so many scores a second of stream time; 0/1 = no limit",
        ));
        properties
    }

    /// Sets a property; false if it is none of these.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has checked the value against its specification.
        match name {
            "mode" => self.mode = value.get().unwrap_or(self.mode),
            "batch-size" => self.batch_size = value.get().unwrap_or(self.batch_size),
            "measures" => self.measures = value.get().unwrap_or(self.measures),
            name => return self.selection.set(name, value) || self.model.set(name, value),
        }
        true
    }

    /// A property's value; none if it is none of these.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "mode" => self.mode.to_value(),
            "batch-size" => self.batch_size.to_value(),
            "measures" => self.measures.to_value(),
            name => return self.selection.get(name).or_else(|| self.model.get(name)),
        })
    }
}
