// SPDX-License-Identifier: MPL-2.0

//! `iqa score` and `iqa models` as users run them.

mod common;
#[path = "../common/mod.rs"]
mod shared;

mod attributes;
mod films;
mod models;
mod pictures;
mod usage;
