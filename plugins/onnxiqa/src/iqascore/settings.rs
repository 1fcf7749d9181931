//! What users set.

use crate::model::{OnError, Provider};
use gst::glib;
use gst::prelude::*;

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

/// The properties of `iqascore`, with their defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    pub model: String,
    pub provider: Provider,
    pub device_id: u32,
    pub threads: u32,
    pub mode: Mode,
    pub interval: u32,
    pub max_rate: gst::Fraction,
    pub queue_size: u32,
    pub batch_size: u32,
    pub on_error: OnError,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: "metaiqa".into(),
            provider: Provider::default(),
            device_id: 0,
            threads: 0,
            mode: Mode::default(),
            interval: 1,
            max_rate: gst::Fraction::new(0, 1),
            queue_size: 4,
            batch_size: 1,
            on_error: OnError::default(),
        }
    }
}

impl Settings {
    /// The specifications of the properties that [`set`](Self::set) and [`get`](Self::get) know.
    pub fn properties() -> Vec<glib::ParamSpec> {
        let default = Self::default();
        vec![
glib::ParamSpecString::builder("model")
                    .nick("Model")
                    .blurb(
                        "An ONNX file (contains / or ends in .onnx), with its contract inside or beside it, or the name of a bundled \
                         model, looked for in ONNX_IQA_MODEL_PATH and in onnxiqa-models/ beside the plugin",
                    )
                    .default_value(Some(default.model.as_str()))
                    .mutable_ready()
                    .build(),
                glib::ParamSpecEnum::builder_with_default("provider", default.provider)
                    .nick("Provider")
                    .blurb("Where the model runs. One that cannot be used is an error when the element starts, never a silent fallback")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt::builder("device-id")
                    .nick("Device")
                    .blurb("Which GPU")
                    .default_value(default.device_id)
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt::builder("threads")
                    .nick("Threads")
                    .blurb("Threads of ONNX Runtime within an operator; 0 = one per core")
                    .maximum(1024)
                    .default_value(default.threads)
                    .mutable_ready()
                    .build(),
                glib::ParamSpecEnum::builder_with_default("mode", default.mode)
                    .nick("Mode")
                    .blurb("Whether a frame waits for its score")
                    .mutable_ready()
                    .build(),
                glib::ParamSpecUInt::builder("interval")
                    .nick("Interval")
                    .blurb("Score one frame in so many; the others carry the state `skipped`")
                    .minimum(1)
                    .default_value(default.interval)
                    .mutable_playing()
                    .build(),
                gst::ParamSpecFraction::builder("max-rate")
                    .nick("Maximum rate")
                    .blurb("At most so many scores a second of stream time; 0/1 = no limit")
                    .minimum(gst::Fraction::new(0, 1))
                    .maximum(gst::Fraction::new(i32::MAX, 1))
                    .default_value(default.max_rate)
                    .mutable_playing()
                    .build(),
                glib::ParamSpecUInt::builder("queue-size")
                    .nick("Queue size")
                    .blurb("Frames on their way through the scorer, at most (at least batch-size)")
                    .minimum(1)
                    .maximum(1024)
                    .default_value(default.queue_size)
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
                glib::ParamSpecEnum::builder_with_default("on-error", default.on_error)
                    .nick("On error")
                    .blurb("What follows when a frame cannot be scored")
                    .mutable_ready()
                    .build(),
        ]
    }

    /// Sets a property; false if it is none of these.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has checked the value against its specification.
        match name {
            "model" => {
                self.model = value.get::<Option<String>>().ok().flatten().unwrap_or_else(|| Self::default().model)
            }
            "provider" => self.provider = value.get().unwrap_or(self.provider),
            "device-id" => self.device_id = value.get().unwrap_or(self.device_id),
            "threads" => self.threads = value.get().unwrap_or(self.threads),
            "mode" => self.mode = value.get().unwrap_or(self.mode),
            "interval" => self.interval = value.get().unwrap_or(self.interval),
            "max-rate" => self.max_rate = value.get().unwrap_or(self.max_rate),
            "queue-size" => self.queue_size = value.get().unwrap_or(self.queue_size),
            "batch-size" => self.batch_size = value.get().unwrap_or(self.batch_size),
            "on-error" => self.on_error = value.get().unwrap_or(self.on_error),
            _ => return false,
        }
        true
    }

    /// A property's value; none if it is none of these.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "model" => self.model.to_value(),
            "provider" => self.provider.to_value(),
            "device-id" => self.device_id.to_value(),
            "threads" => self.threads.to_value(),
            "mode" => self.mode.to_value(),
            "interval" => self.interval.to_value(),
            "max-rate" => self.max_rate.to_value(),
            "queue-size" => self.queue_size.to_value(),
            "batch-size" => self.batch_size.to_value(),
            "on-error" => self.on_error.to_value(),
            _ => return None,
        })
    }
}
