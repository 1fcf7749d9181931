// SPDX-License-Identifier: MPL-2.0

//! The element `iqalog`: what it writes, and that it changes nothing.

#[path = "../common/mod.rs"]
mod common;

mod copies;
mod counts;
mod csv;
mod errors;
mod files;
mod harness;
mod json_lines;
mod pools;
mod rotation;
mod standard_output;
mod stream;
mod vmaf_json;
