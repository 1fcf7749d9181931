// SPDX-License-Identifier: MPL-2.0

//! What the command line says.

use clap::{ArgAction, Args as Group, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Picture quality of files, transcodes and ladders.
#[derive(Debug, Parser)]
#[command(name = "iqa", version, propagate_version = true)]
pub struct Args {
    /// What holds for every job.
    #[command(flatten)]
    pub common: Common,
    /// The job.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every job.
#[derive(Debug, Clone, Group)]
pub struct Common {
    /// A bundled model's name, or the path of an ONNX file.
    #[arg(long, global = true)]
    pub model: Option<String>,
    /// Execution provider: auto, cpu, cuda, tensorrt or openvino.
    #[arg(long, global = true, default_value = "auto")]
    pub provider: String,
    /// Which GPU.
    #[arg(long, global = true, default_value_t = 0)]
    pub device_id: u32,
    /// Threads of ONNX Runtime; 0: one per core.
    #[arg(long, global = true, default_value_t = 0)]
    pub threads: u32,
    /// How progress is shown on standard error.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub progress: Progress,
    /// Print the result as JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Show errors only.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show more; twice for everything.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Progress {
    /// A bar at a terminal, lines elsewhere.
    #[default]
    Auto,
    /// A line now and then.
    Plain,
    /// A JSON object a line.
    Json,
    /// Nothing.
    None,
}

/// The jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare renditions with their source: quality over time, alignment, thresholds, report.
    Compare(Compare),
    /// Score pictures and videos without a reference.
    Score(Score),
}

/// `iqa compare`.
#[derive(Debug, Group)]
pub struct Compare {
    /// The source: a file or a URI.
    pub source: String,
    /// The renditions: files or URIs.
    pub renditions: Vec<String>,
    /// Write the report into this folder.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// `iqa score`.
#[derive(Debug, Group)]
pub struct Score {
    /// Files, URIs, folders of pictures; `-` reads a list from standard input.
    #[arg(required = true)]
    pub inputs: Vec<String>,
}
