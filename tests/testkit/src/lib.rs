// SPDX-License-Identifier: MPL-2.0

//! What the tests share: small ONNX files with known arithmetic, folders that clean up after themselves.
//!
//! [`mean_model`] and its like write a model with its contract inside and return its path; [`Onnx`] writes any graph,
//! [`operators`] reads what a graph is made of. [`servers()`] are other people's, [`webhook`] is one of our own.
//! For benchmarks there are [`processor_time`] and [`resident_kib`] of a process, and [`pareto`] draws what they find.

mod models;
mod onnx;
pub mod pareto;
mod process;
mod proto;
mod report;
mod servers;
mod temp;

pub use models::{
    FR_CONTRACT, NR_CONTRACT, RR_CONTRACT, difference_graph, difference_model, distribution_graph, failing_model,
    mean_graph, mean_model, mean_model_with, nan_model, outputs_graph, percent_graph, reduced_graph, reduced_model,
    sized_graph, slow_model, stacked_graph,
};
pub use onnx::{Element, Onnx, operators};
pub use process::{processor_time, resident_kib};
pub use proto::Attribute;
pub use report::{chain, skipped, slow};
pub use servers::{Post, free_port, servers, webhook};
pub use temp::TempDir;
