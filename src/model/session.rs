// SPDX-License-Identifier: MPL-2.0

//! Sessions that actually run on the provider they were created for.

use std::fmt;
use std::path::Path;

use ort::ep::ExecutionProviderDispatch;
use ort::session::Session;

use super::error::ModelError;
use super::ort_message::ort_message;
use super::provider::{Options, Provider};
use super::runtime::Runtime;
use super::search::Search;

/// Why a session could not be created.
pub(super) enum SessionError {
    /// The provider is missing or does not work.
    Provider(String),
    /// ONNX Runtime does not load the model.
    Model(String),
}

impl SessionError {
    /// The error of the model at `path`.
    pub(super) fn of_model(self, path: &Path, provider: Provider, search: &Search) -> ModelError {
        match self {
            Self::Provider(reason) => ModelError::Provider { provider, reason },
            Self::Model(cause) => ModelError::Load { path: path.to_owned(), cause, bundled: search.bundled_text() },
        }
    }
}

/// Whether both the loaded runtime and this crate were built with the provider. Its libraries and the hardware may
/// still be missing.
pub(super) fn is_built_in(provider: Provider) -> bool {
    #[cfg(any(feature = "cuda", feature = "tensorrt", feature = "openvino"))]
    use ort::ep::ExecutionProvider as _;
    match provider {
        Provider::Cpu | Provider::Auto => true,
        #[cfg(feature = "cuda")]
        Provider::Cuda => ort::ep::CUDA::is_available().unwrap_or(false),
        #[cfg(feature = "tensorrt")]
        Provider::TensorRt => ort::ep::TensorRT::is_available().unwrap_or(false),
        #[cfg(feature = "openvino")]
        Provider::OpenVino => ort::ep::OpenVINO::is_available().unwrap_or(false),
        #[cfg(not(all(feature = "cuda", feature = "tensorrt", feature = "openvino")))]
        _ => false,
    }
}

/// Creates a session for the model at `path` on `provider`, which must not be `Auto`.
pub(super) fn open(
    runtime: &Runtime,
    path: &Path,
    provider: Provider,
    options: &Options,
) -> Result<Session, SessionError> {
    if !provider.is_compiled_in() {
        return Err(SessionError::Provider(format!(
            "this program was compiled without it (Cargo feature `{provider}`)"
        )));
    }
    if !is_built_in(provider) {
        let has: Vec<_> =
            Provider::ALL.into_iter().filter(|&p| p != Provider::Auto && is_built_in(p)).map(Provider::name).collect();
        let path = runtime.path.display();
        return Err(SessionError::Provider(format!(
            "the ONNX Runtime in {path} was built without it; it has: {}{}",
            has.join(", "),
            package_hint(provider)
        )));
    }
    let unusable = |error: &dyn fmt::Display| SessionError::Provider(ort_message(error));
    // ONNX Runtime's threads spin while they wait for work, which takes time from decoders and other sessions:
    // ResNet-18 with two threads on two busy cores took 20 ms of CPU time per run without spinning, 37 ms with it, and
    // 61 ms with pauses between runs as with a camera.
    let mut builder = Session::builder(&runtime.environment)
        .and_then(|builder| builder.with_intra_threads(options.threads).map_err(ort::Error::from))
        .and_then(|builder| builder.with_inter_threads(1).map_err(ort::Error::from))
        .and_then(|builder| builder.with_intra_op_spinning(false).map_err(ort::Error::from))
        .and_then(|builder| builder.with_inter_op_spinning(false).map_err(ort::Error::from))
        .map_err(|error| SessionError::Model(ort_message(&error)))?;
    if let Some(dispatch) = dispatch(provider, options) {
        builder = builder
            .with_execution_providers([dispatch.error_on_failure()])
            .map_err(|error| unusable(&format!("{error}{}", package_hint(provider))))?;
    }
    builder.commit_from_file(path).map_err(|error| match provider {
        Provider::Cpu => SessionError::Model(ort_message(&error)),
        _ => unusable(&error),
    })
}

#[cfg_attr(
    not(any(feature = "cuda", feature = "tensorrt", feature = "openvino")),
    expect(unused_variables, reason = "the CPU has no options")
)]
fn dispatch(provider: Provider, options: &Options) -> Option<ExecutionProviderDispatch> {
    match provider {
        #[cfg(feature = "cuda")]
        Provider::Cuda => Some(ort::ep::CUDA::default().with_device_id(device(options)).build()),
        #[cfg(feature = "tensorrt")]
        Provider::TensorRt => Some(tensorrt(options)),
        #[cfg(feature = "openvino")]
        Provider::OpenVino => {
            let mut openvino = ort::ep::OpenVINO::default();
            if options.threads > 0 {
                openvino = openvino.with_num_threads(options.threads);
            }
            Some(openvino.build())
        }
        _ => None,
    }
}

#[cfg(any(feature = "cuda", feature = "tensorrt"))]
fn device(options: &Options) -> i32 {
    i32::try_from(options.device_id).unwrap_or(i32::MAX)
}

#[cfg(feature = "tensorrt")]
fn tensorrt(options: &Options) -> ExecutionProviderDispatch {
    let mut tensorrt = ort::ep::TensorRT::default().with_device_id(device(options));
    if let Some(folder) = cache_folder() {
        let folder = folder.display().to_string();
        tensorrt = tensorrt
            .with_engine_cache(true)
            .with_engine_cache_path(&folder)
            .with_timing_cache(true)
            .with_timing_cache_path(&folder);
    }
    tensorrt.build()
}

/// Where TensorRT's engines are cached: `$XDG_CACHE_HOME/onnx-iqa`, created if missing; `None` disables the cache.
#[cfg(feature = "tensorrt")]
fn cache_folder() -> Option<std::path::PathBuf> {
    use std::path::PathBuf;

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
