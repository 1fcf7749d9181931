// SPDX-License-Identifier: MPL-2.0

//! What is fuzzed, as functions of any bytes. None may panic, hang, or read memory that is not its own.
//!
//! `fuzz/` runs them with libFuzzer, `tests/bounded.rs` on the stable compiler with simpler means.
//!
//! The command is a program and no library, so the sources of its readers are included here a second time, at the
//! places at which their `crate::` paths expect each other. What they need besides is replaced: `media` has only
//! `lock`, and `inputs::fetch` gives no document, so that no target reaches the network.

// The unit tests of the included sources are the command's, also where all libraries are tested (`cargo test --lib`).
#![cfg(not(test))]

mod bytes;
mod contract_text;
mod scratch;

mod contract;
mod csv;
mod dash;
mod graph;
mod hls;
mod http;
mod json_lines;
mod model_file;
mod onnx;
mod picture;
mod video_meta;
mod vmaf_json;
mod vmaf_model;
mod watch_config;

#[path = "../../../cli/src/args.rs"]
#[allow(dead_code, reason = "only times are read")]
mod args;
#[path = "../../../cli/src/secret/mod.rs"]
#[allow(dead_code, reason = "the command uses more of it")]
mod secret;

/// What the sources need of the command's module of this name.
mod media {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Playlists and manifests as `iqa compare` reads them.
#[path = "../../../cli/src/media/inputs"]
#[allow(dead_code, reason = "no target decodes what is found")]
mod inputs {
    pub mod dash;
    pub mod hls;
    pub mod place;

    use std::path::PathBuf;

    #[derive(Debug)]
    pub struct Input {
        pub name: String,
        pub shown: String,
        pub source: Source,
        pub declared_bandwidth: Option<f64>,
        pub problem: Option<String>,
        pub files: Option<Vec<PathBuf>>,
    }

    #[derive(Debug)]
    pub enum Source {
        Uri(String),
    }

    mod fetch {
        pub fn fetch(_uri: &str, _most: u64) -> anyhow::Result<Vec<u8>> {
            anyhow::bail!("there is no network")
        }
    }
}

/// The configuration and the web server of `iqa watch`, with what both need.
#[path = "../../../cli/src/watch"]
#[allow(dead_code, unused_imports, reason = "the command uses more of it")]
mod watch {
    pub mod alarm;
    pub mod config;
    pub mod control;
    pub mod event;
    pub mod history;
    pub mod http;
    pub mod metrics;
    pub mod moment;
    pub mod page;
    pub mod shared;
    pub mod status;
    pub mod system;
    pub mod wall;
}

/// Something that reads input from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of the binary in `fuzz/`, of the folder of its seeds and of its dictionary.
    pub name: &'static str,
    /// Reads the bytes.
    pub run: fn(&[u8]),
    /// Whether it needs ONNX Runtime.
    pub onnx_runtime: bool,
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run, onnx_runtime: false }
}

/// All targets.
pub const TARGETS: [Target; 14] = [
    target("contract", contract::run),
    target("csv", csv::run),
    target("dash", dash::run),
    target("graph", graph::run),
    target("hls", hls::run),
    target("http", http::run),
    target("json_lines", json_lines::run),
    target("model_file", model_file::run),
    Target { name: "onnx", run: onnx::run, onnx_runtime: true },
    target("picture", picture::run),
    target("video_meta", video_meta::run),
    target("vmaf_json", vmaf_json::run),
    target("vmaf_model", vmaf_model::run),
    target("watch_config", watch_config::run),
];

/// Runs the target of that name.
///
/// # Panics
/// If there is none, or the target finds something.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("the name is one of TARGETS").run)(data);
}
