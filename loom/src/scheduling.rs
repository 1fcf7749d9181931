// SPDX-License-Identifier: MPL-2.0

#[path = "../../plugins/onnxiqa/src/scheduling/monitor.rs"]
mod monitor;

mod monitor_tests;
