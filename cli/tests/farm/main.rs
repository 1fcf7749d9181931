// SPDX-License-Identifier: MPL-2.0

//! `iqa farm`, with real servers and workers in processes of their own.

mod common;
#[path = "../common/http.rs"]
mod http;
#[path = "../common/mod.rs"]
mod shared;

mod drills;
mod errors;
mod faults;
mod inputs;
mod limits;
mod numbers;
mod slow;
mod unread;
