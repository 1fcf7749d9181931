// SPDX-License-Identifier: MPL-2.0

//! The properties that say which model runs, where, and what waits for it; shared by the elements that score.

use super::OnError;
use gst::glib;
use gst::prelude::*;
use onnx_iqa::model;

/// Where a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaProvider")]
pub enum Provider {
    /// The processor.
    #[enum_value(name = "The processor", nick = "cpu")]
    Cpu,
    /// NVIDIA, through CUDA.
    #[enum_value(name = "NVIDIA CUDA", nick = "cuda")]
    Cuda,
    /// NVIDIA, through TensorRT.
    #[enum_value(name = "NVIDIA TensorRT (engines are built at the first start and cached)", nick = "tensorrt")]
    TensorRt,
    /// Intel, through OpenVINO.
    #[enum_value(name = "Intel OpenVINO", nick = "openvino")]
    OpenVino,
    /// The first of CUDA, OpenVINO and the processor that is really there.
    #[default]
    #[enum_value(name = "The first of cuda, openvino, cpu that the runtime and this machine have", nick = "auto")]
    Auto,
}

impl From<Provider> for model::Provider {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Cpu => Self::Cpu,
            Provider::Cuda => Self::Cuda,
            Provider::TensorRt => Self::TensorRt,
            Provider::OpenVino => Self::OpenVino,
            Provider::Auto => Self::Auto,
        }
    }
}

/// What the property `model` says where there is to be none.
pub const NO_MODEL: &str = "none";

/// The properties of a model and of the queue before it, with their defaults.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// A path, or the name of a bundled model.
    pub model: String,
    /// What `model` is unless users set it; the element's own.
    default_model: &'static str,
    /// Where the model runs.
    pub provider: Provider,
    /// Which GPU.
    pub device_id: u32,
    /// Threads of the runtime within an operator; 0 = one per core.
    pub threads: u32,
    /// Frames on their way through the scorer, at most.
    pub queue_size: u32,
    /// What follows when a frame fails.
    pub on_error: OnError,
    /// Frames carry the score as GStreamer's analytics metadata, too.
    pub analytics_meta: bool,
}

impl ModelSettings {
    /// The defaults, but for the model's, which is the element's own.
    pub fn new(default_model: &'static str) -> Self {
        Self {
            model: default_model.into(),
            default_model,
            provider: Provider::default(),
            device_id: 0,
            threads: 0,
            queue_size: 4,
            on_error: OnError::default(),
            analytics_meta: false,
        }
    }

    /// Whether a model scores, beside the measures.
    pub fn has_model(&self) -> bool {
        self.model != NO_MODEL
    }

    /// The specifications of the properties that [`set`](Self::set) and [`get`](Self::get) know. `model`, `threads` and
    /// `queue_size` are what these mean to the element.
    pub fn properties(&self, model: &str, threads: &str, queue_size: &str) -> Vec<glib::ParamSpec> {
        vec![
            glib::ParamSpecString::builder("model")
                .nick("Model")
                .blurb(model)
                .default_value(Some(self.default_model))
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("provider", self.provider)
                .nick("Provider")
                .blurb(
                    "Where the model runs. One that cannot be used is an error when the element starts, never a silent \
                     fallback",
                )
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt::builder("device-id")
                .nick("Device")
                .blurb("Which GPU")
                .default_value(self.device_id)
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt::builder("threads")
                .nick("Threads")
                .blurb(threads)
                .maximum(1024)
                .default_value(self.threads)
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt::builder("queue-size")
                .nick("Queue size")
                .blurb(queue_size)
                .minimum(1)
                .maximum(1024)
                .default_value(self.queue_size)
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("on-error", self.on_error)
                .nick("On error")
                .blurb("What follows when a frame cannot be scored")
                .mutable_ready()
                .build(),
            glib::ParamSpecBoolean::builder("analytics-meta")
                .nick("Analytics meta")
                .blurb(
                    "Put the model's score also into GStreamer's own analytics metadata, for analytics elements downstream: a \
                     GstAnalyticsClsMtd with the class iqa/score/<model> and the level score / 100. From GStreamer 1.26 on; \
                     where its library is not there, a warning says so",
                )
                .default_value(self.analytics_meta)
                .mutable_ready()
                .build(),
        ]
    }

    /// Sets a property; false if it is none of these.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has checked the value against its specification.
        match name {
            "model" => {
                self.model = value.get::<Option<String>>().ok().flatten().unwrap_or_else(|| self.default_model.into());
            }
            "provider" => self.provider = value.get().unwrap_or(self.provider),
            "device-id" => self.device_id = value.get().unwrap_or(self.device_id),
            "threads" => self.threads = value.get().unwrap_or(self.threads),
            "queue-size" => self.queue_size = value.get().unwrap_or(self.queue_size),
            "on-error" => self.on_error = value.get().unwrap_or(self.on_error),
            "analytics-meta" => self.analytics_meta = value.get().unwrap_or(self.analytics_meta),
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
            "queue-size" => self.queue_size.to_value(),
            "on-error" => self.on_error.to_value(),
            "analytics-meta" => self.analytics_meta.to_value(),
            _ => return None,
        })
    }

    /// What opens the model.
    pub(super) fn builder(&self) -> model::ModelBuilder {
        model::Model::builder(&self.model)
            .provider(self.provider.into())
            .device_id(self.device_id)
            .threads(self.threads as usize)
    }
}
