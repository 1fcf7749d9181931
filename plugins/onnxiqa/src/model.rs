//! The properties that say which model runs, and where; shared by the elements that score.

use gst::glib;
use gst::prelude::*;
use onnx_iqa::model;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Opens a model for an element, or shares the one that another element has open.
///
/// # Errors
/// When there is no such model, no runtime, or the provider cannot be used; the text is for users.
pub fn open(
    element: &gst::Element,
    name: &str,
    options: &model::Options,
) -> Result<Arc<model::Model>, model::ModelError> {
    let beside = plugin_folder(element);
    let search = model::Search::from_env(beside.as_deref());
    model::Model::open(name, &search, options)
}

/// The folder of the plugin's file; none if the plugin is linked into a program.
fn plugin_folder(element: &gst::Element) -> Option<PathBuf> {
    let file = element.factory()?.plugin()?.filename()?;
    Some(file.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf))
}

/// What follows when a frame cannot be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOnError")]
pub enum OnError {
    /// The element posts an error and the pipeline stops.
    #[default]
    #[enum_value(name = "Post an error and stop", nick = "stop")]
    Stop,
    /// The frame is marked and the next one is tried.
    #[enum_value(name = "Mark the frame as failed and go on; one warning per run of failures", nick = "continue")]
    Continue,
}
