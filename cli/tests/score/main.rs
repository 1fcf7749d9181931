// SPDX-License-Identifier: MPL-2.0

//! `iqa score` and `iqa models` as users run them.

mod common;

mod films;
mod models;
mod pictures;
mod usage;
