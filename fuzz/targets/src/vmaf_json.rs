// SPDX-License-Identifier: MPL-2.0

//! Documents in the layout of libvmaf's JSON log.

/// Reads the bytes as one.
pub fn run(data: &[u8]) {
    match onnx_iqa::record::log::vmaf_json::read(data) {
        Ok(document) => {
            assert!(document.pooled.iter().all(|(_, pool)| pool.statistics.iter().all(|(name, _)| !name.contains('_'))))
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
