// SPDX-License-Identifier: MPL-2.0

//! Model properties shared by the scoring elements: `model`, `provider`, threads and queue size.

use super::OnError;
use gst::glib;
use gst::prelude::*;
use onnx_iqa::model;

/// Execution provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaProvider")]
pub enum Provider {
    /// The CPU provider.
    #[enum_value(name = "CPU", nick = "cpu")]
    Cpu,
    /// NVIDIA CUDA.
    #[enum_value(name = "NVIDIA CUDA", nick = "cuda")]
    Cuda,
    /// NVIDIA TensorRT.
    #[enum_value(name = "NVIDIA TensorRT; engines are built on first use and cached", nick = "tensorrt")]
    TensorRt,
    /// Intel OpenVINO.
    #[enum_value(name = "Intel OpenVINO", nick = "openvino")]
    OpenVino,
    /// The first available of CUDA, OpenVINO and CPU.
    #[default]
    #[enum_value(name = "First available of cuda, openvino and cpu", nick = "auto")]
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

/// Value of the `model` property that selects no model.
pub const NO_MODEL: &str = "none";

/// Model properties and their values.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Path or bundled model name.
    pub model: String,
    /// Default of `model`, which depends on the element.
    default_model: &'static str,
    /// Execution provider.
    pub provider: Provider,
    /// GPU index.
    pub device_id: u32,
    /// ONNX Runtime intra-op threads; 0 = one per core.
    pub threads: u32,
    /// Maximum number of frames queued for inference.
    pub queue_size: u32,
    /// Reaction to a frame that cannot be scored.
    pub on_error: OnError,
    /// Whether scores are also attached as GStreamer analytics metadata.
    pub analytics_meta: bool,
}

impl ModelSettings {
    /// Creates the default settings with the element's default model.
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

    /// Whether a model is set.
    pub fn has_model(&self) -> bool {
        self.model != NO_MODEL
    }

    /// Property specifications handled by [`set`](Self::set) and [`get`](Self::get). `model`, `threads` and
    /// `queue_size` are the element's blurbs for these properties.
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
                    "Execution provider for the model; a provider that is not available is an error in the transition \
                     to PAUSED, there is no fallback",
                )
                .mutable_ready()
                .build(),
            glib::ParamSpecUInt::builder("device-id")
                .nick("Device ID")
                .blurb("Index of the GPU")
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
                .blurb("What to do when a frame cannot be scored")
                .mutable_ready()
                .build(),
            /**
             * GstIqaScore:analytics-meta:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            /**
             * GstIqaCompare:analytics-meta:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            glib::ParamSpecBoolean::builder("analytics-meta")
                .nick("Analytics meta")
                .blurb(
                    "Attach the model's score as GStreamer analytics metadata too: a GstAnalyticsClsMtd with the class \
                     iqa/score/<model> and the confidence level score / 100 (requires GStreamer 1.26)",
                )
                .default_value(self.analytics_meta)
                .mutable_ready()
                .build(),
        ]
    }

    /// Sets a property; returns false for unknown names.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has validated the value.
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

    /// Returns a property value; `None` for unknown names.
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

    /// Builder that opens the configured model.
    pub(super) fn builder(&self) -> model::ModelBuilder {
        model::Model::builder(&self.model)
            .provider(self.provider.into())
            .device_id(self.device_id)
            .threads(self.threads as usize)
    }
}
