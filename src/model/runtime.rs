// SPDX-License-Identifier: MPL-2.0

//! ONNX Runtime: found and loaded when first needed, one environment per process.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

/// The oldest ONNX Runtime that is supported: 1.`MINOR`.
pub const OLDEST_MINOR: u32 = ort::MINOR_VERSION;

/// ONNX Runtime could not be loaded. A later attempt may succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "ONNX Runtime cannot be loaded; tried {tried}. {advice}",
    tried = tried_text(.tried),
    advice = advice(*.from_variable)
)]
pub struct RuntimeError {
    /// Each place that was tried, and the error there.
    pub tried: Vec<(PathBuf, String)>,
    /// Whether `ORT_DYLIB_PATH` named the only place.
    pub from_variable: bool,
}

fn tried_text(tried: &[(PathBuf, String)]) -> String {
    let places: Vec<_> = tried.iter().map(|(path, reason)| format!("{} ({reason})", path.display())).collect();
    places.join(", ")
}

fn advice(from_variable: bool) -> String {
    let version = format!("ONNX Runtime 1.{OLDEST_MINOR} or newer");
    if from_variable {
        format!("Point ORT_DYLIB_PATH at the libonnxruntime.so of {version}, or unset it")
    } else {
        format!(
            "Install {version} (the PyPI package `onnxruntime` carries libonnxruntime.so.1), or point ORT_DYLIB_PATH \
             at its libonnxruntime.so"
        )
    }
}

/// A runtime that has been loaded.
#[derive(Clone)]
pub(super) struct Runtime {
    pub(super) environment: Environment,
    /// The library that was loaded.
    pub(super) path: PathBuf,
}

// Never dropped: ONNX Runtime allows one environment in a process's life.
static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

/// The process's runtime, loaded now if necessary: from `ORT_DYLIB_PATH` if set, else from the first of these folders
/// that contains one, else by the loader's search path.
pub(super) fn runtime(folders: &[PathBuf]) -> Result<Runtime, RuntimeError> {
    let mut loaded = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*loaded {
        return Ok(runtime.clone());
    }
    let variable = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
    let from_variable = variable.is_some();
    let mut tried = Vec::new();
    for path in candidates(variable, folders) {
        match load(&path) {
            Ok(environment) => {
                log::info!("ONNX Runtime loaded from {}", path.display());
                return Ok(loaded.insert(Runtime { environment, path }).clone());
            }
            Err(reason) => tried.push((path, reason)),
        }
    }
    Err(RuntimeError { tried, from_variable })
}

/// The process's ONNX Runtime environment, for programs that run their own sessions as well: there can be only one.
/// `beside` is a folder that may contain `libonnxruntime.so.1`.
///
/// # Errors
/// When ONNX Runtime cannot be loaded.
pub fn environment(beside: Option<&Path>) -> Result<Environment, RuntimeError> {
    let beside: Vec<_> = beside.map(Path::to_owned).into_iter().collect();
    runtime(&beside).map(|runtime| runtime.environment)
}

fn candidates(variable: Option<OsString>, folders: &[PathBuf]) -> Vec<PathBuf> {
    if let Some(path) = variable {
        let path = PathBuf::from(path);
        // `ort` would resolve a relative path beside the running executable.
        return vec![std::path::absolute(&path).unwrap_or(path)];
    }
    let beside = folders.iter().map(|folder| folder.join("libonnxruntime.so.1"));
    let beside = beside.map(|path| std::path::absolute(&path).unwrap_or(path));
    // Bare names go to the loader: LD_LIBRARY_PATH, ld.so.cache.
    beside.chain(["libonnxruntime.so.1".into(), "libonnxruntime.so".into()]).collect()
}

fn load(path: &Path) -> Result<Environment, String> {
    if path.is_absolute() && !path.is_file() {
        return Err(if path.is_dir() { "is a directory" } else { "no such file" }.to_owned());
    }
    // Providers are searched for beside the file as named, so a link must be resolved first.
    let path =
        if path.is_absolute() { path.canonicalize().unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() };
    // `ort` asserts if a library returns null pointers.
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let builder = ort::init_from(&path).map_err(|error| load_reason(&error))?;
        let environment = builder
            .with_name("onnx-iqa")
            .with_telemetry(false)
            .with_logger(Arc::new(forward_log))
            .build()
            .map_err(|error| error.to_string())?;
        // With a custom logger the environment starts at "verbose", which slows every run.
        environment.set_log_level(LogLevel::Warning);
        Ok(environment)
    }));
    attempt.unwrap_or_else(|panic| Err(format!("not a usable ONNX Runtime: {}", crate::panic::panic_text(&*panic))))
}

fn load_reason(error: &ort::LoadDynamicError) -> String {
    match error {
        // The loader's message is only in the source.
        ort::LoadDynamicError::Dlopen { error, .. } => {
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
        }
        ort::LoadDynamicError::MissingApi { .. } => "not ONNX Runtime: it has no OrtGetApiBase".to_owned(),
        ort::LoadDynamicError::BadVersion { version_str, .. } => {
            format!("version {version_str} is too old, 1.{OLDEST_MINOR} or newer is needed")
        }
        other => other.to_string(),
    }
}

fn forward_log(level: LogLevel, category: &str, _id: &str, location: &str, message: &str) {
    let level = match level {
        LogLevel::Fatal | LogLevel::Error => log::Level::Error,
        LogLevel::Warning => log::Level::Warn,
        LogLevel::Info => log::Level::Info,
        LogLevel::Verbose => log::Level::Trace,
    };
    log::log!(target: "onnxruntime", level, "{category}: {message} ({location})");
}
