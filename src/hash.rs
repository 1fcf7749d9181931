// SPDX-License-Identifier: MPL-2.0

//! Hashes that identify model files.

use sha2::{Digest, Sha256};

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The first 12 hexadecimal digits, as summaries, logs and reports show them.
pub(crate) fn short(hash: &[u8; 32]) -> String {
    hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
