// SPDX-License-Identifier: MPL-2.0

//! `iqa watch` as users run it: a real RTSP server, real faults, and how they are reported.
//!
//! Tests that take longer than a minute run only with `ONNX_IQA_SLOW=1` (`make test-slow`).

mod common;

mod alarms;
mod disk;
mod faults;
mod notices;
mod reload;
mod security;
mod service;
mod slow;
