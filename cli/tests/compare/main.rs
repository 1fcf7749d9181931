// SPDX-License-Identifier: MPL-2.0

//! `iqa compare` as users run it, on real clips: ladders and playlists made with ffmpeg, and faults in them.

mod common;
#[path = "../common/http.rs"]
mod http;
#[path = "../common/mod.rs"]
mod shared;

mod advice;
mod coverage;
mod errors;
mod files;
mod interrupted;
mod ladder;
mod model;
mod network;
mod numbers;
mod parts;
mod pictures;
mod playlists;
mod slow;
mod swapped;
mod thresholds;
