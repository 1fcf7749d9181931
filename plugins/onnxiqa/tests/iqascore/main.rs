// SPDX-License-Identifier: MPL-2.0

//! `iqascore`, by subject.

#[path = "../common/mod.rs"]
mod common;

mod downstream;
mod errors;
mod flush;
mod formats;
mod live;
mod measures;
mod memory;
mod messages;
mod meta;
mod order;
mod pipelines;
mod properties;
mod queries;
mod selection;
mod sharing;
mod shutdown;
mod warnings;
mod windows;
