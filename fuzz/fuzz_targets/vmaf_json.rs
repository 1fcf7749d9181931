// SPDX-License-Identifier: MPL-2.0
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onnx_iqa_fuzz_targets::run("vmaf_json", data));
