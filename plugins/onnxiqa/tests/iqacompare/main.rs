// SPDX-License-Identifier: MPL-2.0

//! `iqacompare`, by subject.

#[path = "../common/mod.rs"]
mod common;

mod alignment;
mod colorimetry;
mod ends;
mod errors;
mod evidence;
mod flush;
mod formats;
mod ladder;
mod live;
mod orientation;
mod pairs;
mod pipelines;
mod properties;
mod queues;
mod relink;
mod selection;
mod shutdown;
mod still;
mod stream;
mod unmatched;
mod vmaf;
mod warnings;
mod windows;
