// SPDX-License-Identifier: MPL-2.0

//! Execution providers: who runs a session, and sessions that really run there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use ort::session::Session;

use super::runtime::Runtime;

/// Who runs the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Provider {
    /// ONNX Runtime's own kernels.
    Cpu,
    /// NVIDIA GPUs.
    Cuda,
    /// NVIDIA GPUs through TensorRT; engines are kept under `XDG_CACHE_HOME`.
    TensorRt,
    /// Intel CPUs, GPUs and NPUs.
    OpenVino,
    /// CUDA, OpenVINO or the CPU: the first that the loaded runtime and this machine really have.
    #[default]
    Auto,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Cpu, Self::Cuda, Self::TensorRt, Self::OpenVino, Self::Auto];

    /// As users type it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::OpenVino => "openvino",
            Self::Auto => "auto",
        }
    }

    /// What to try, in order.
    pub(super) fn candidates(self) -> &'static [Self] {
        match self {
            Self::Cpu => &[Self::Cpu],
            Self::Cuda => &[Self::Cuda],
            Self::TensorRt => &[Self::TensorRt],
            Self::OpenVino => &[Self::OpenVino],
            Self::Auto => &[Self::Cuda, Self::OpenVino, Self::Cpu],
        }
    }

    /// Whether the loaded runtime was built with it. Its libraries and the hardware may still be missing.
    pub(super) fn is_built_in(self) -> bool {
        match self {
            Self::Cpu | Self::Auto => true,
            Self::Cuda => ep::CUDA::is_available().unwrap_or(false),
            Self::TensorRt => ep::TensorRT::is_available().unwrap_or(false),
            Self::OpenVino => ep::OpenVINO::is_available().unwrap_or(false),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is none of [`Provider::ALL`]'s.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no provider \"{0}\"; there are cpu, cuda, tensorrt, openvino and auto")]
pub struct UnknownProvider(pub String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

/// How a model is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options {
    /// Who runs it.
    pub provider: Provider,
    /// Which GPU, from 0.
    pub device_id: u32,
    /// ONNX Runtime's intra-op threads; 0 = one per core.
    pub threads: usize,
}

/// Why a session could not be made.
pub(super) enum SessionError {
    /// The provider is not there or does not work.
    Provider(String),
    /// ONNX Runtime does not load the model.
    Model(String),
}

/// Makes a session of the model at `path` that `provider`, one that can be named, runs.
pub(super) fn session(
    runtime: &Runtime,
    path: &Path,
    provider: Provider,
    options: &Options,
) -> Result<Session, SessionError> {
    if !provider.is_built_in() {
        let has: Vec<_> =
            Provider::ALL.into_iter().filter(|p| *p != Provider::Auto && p.is_built_in()).map(Provider::name).collect();
        let path = runtime.path.display();
        return Err(SessionError::Provider(format!(
            "the ONNX Runtime in {path} was built without it; it has: {}{}",
            has.join(", "),
            package_hint(provider)
        )));
    }
    let unusable = |error: &dyn fmt::Display| SessionError::Provider(one_line(error));
    // ONNX Runtime's threads spin while they wait for work. Beside decoders and other sessions they take from those what
    // they wait for: ResNet-18 with two threads on two busy cores took 20 ms of CPU time a run without spinning, 37 ms
    // with it, and 61 ms with a pause between runs as a camera makes it.
    let mut builder = Session::builder(&runtime.environment)
        .and_then(|builder| builder.with_intra_threads(options.threads).map_err(ort::Error::from))
        .and_then(|builder| builder.with_inter_threads(1).map_err(ort::Error::from))
        .and_then(|builder| builder.with_intra_op_spinning(false).map_err(ort::Error::from))
        .and_then(|builder| builder.with_inter_op_spinning(false).map_err(ort::Error::from))
        .map_err(|error| SessionError::Model(one_line(&error)))?;
    if let Some(dispatch) = dispatch(provider, options) {
        builder = builder
            .with_execution_providers([dispatch.error_on_failure()])
            .map_err(|error| unusable(&format!("{error}{}", package_hint(provider))))?;
    }
    builder.commit_from_file(path).map_err(|error| match provider {
        Provider::Cpu => SessionError::Model(one_line(&error)),
        _ => unusable(&error),
    })
}

fn dispatch(provider: Provider, options: &Options) -> Option<ExecutionProviderDispatch> {
    let device = i32::try_from(options.device_id).unwrap_or(i32::MAX);
    match provider {
        Provider::Cuda => Some(ep::CUDA::default().with_device_id(device).build()),
        Provider::TensorRt => {
            let mut tensorrt = ep::TensorRT::default().with_device_id(device);
            if let Some(folder) = cache_folder() {
                let folder = folder.display().to_string();
                tensorrt = tensorrt
                    .with_engine_cache(true)
                    .with_engine_cache_path(&folder)
                    .with_timing_cache(true)
                    .with_timing_cache_path(&folder);
            }
            Some(tensorrt.build())
        }
        Provider::OpenVino => {
            let mut openvino = ep::OpenVINO::default();
            if options.threads > 0 {
                openvino = openvino.with_num_threads(options.threads);
            }
            Some(openvino.build())
        }
        Provider::Cpu | Provider::Auto => None,
    }
}

/// Where TensorRT's engines are kept: `$XDG_CACHE_HOME/onnx-iqa`, made if missing; `None` leaves them unkept.
fn cache_folder() -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).and_then(absolute);
    let home = || std::env::var_os("HOME").map(PathBuf::from).and_then(absolute).map(|home| home.join(".cache"));
    let folder = base.or_else(home)?.join("onnx-iqa");
    match std::fs::create_dir_all(&folder) {
        Ok(()) => Some(folder),
        Err(error) => {
            log::warn!("TensorRT engines are not kept: {}: {error}", folder.display());
            None
        }
    }
}

fn package_hint(provider: Provider) -> &'static str {
    match provider {
        Provider::Cuda | Provider::TensorRt => " (PyPI's `onnxruntime-gpu` carries it, and needs CUDA and cuDNN)",
        Provider::OpenVino => " (PyPI's `onnxruntime-openvino` carries it)",
        Provider::Cpu | Provider::Auto => "",
    }
}

/// An error of ONNX Runtime in one line, as messages on a bus want it, without the place in its sources.
pub(crate) fn one_line(error: &dyn fmt::Display) -> String {
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    // "/path/file.cc:123 function() [ONNXRuntimeError] : 1 : FAIL : message"
    let message = text.split_once("[ONNXRuntimeError] : ").and_then(|(_, rest)| rest.splitn(3, " : ").nth(2));
    message.map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_without_places_in_foreign_sources() {
        let long = "/onnxruntime_src/core/bridge.cc:1962 Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load\n x : y ";
        assert_eq!(one_line(&long), "Failed to load x : y");
        assert_eq!(one_line(&" two\nlines "), "two lines");
    }
}
