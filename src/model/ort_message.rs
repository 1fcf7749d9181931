// SPDX-License-Identifier: MPL-2.0

//! Messages of ONNX Runtime, as single lines.

use std::fmt;

/// The message of an ONNX Runtime error as one line, without the location in its sources.
pub(crate) fn ort_message(error: &dyn fmt::Display) -> String {
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    // "/path/file.cc:123 function() [ONNXRuntimeError] : 1 : FAIL : message"
    let message = text.split_once("[ONNXRuntimeError] : ").and_then(|(_, rest)| rest.splitn(3, " : ").nth(2));
    message.map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_without_places_in_foreign_sources() {
        let long = "/onnxruntime_src/core/bridge.cc:1962 Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load\n x : y ";
        assert_eq!(ort_message(&long), "Failed to load x : y");
        assert_eq!(ort_message(&" two\nlines "), "two lines");
    }
}
