// SPDX-License-Identifier: MPL-2.0

//! Hashes of files.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// SHA-256 of a file in hexadecimal digits. `tick` is called for every megabyte.
///
/// # Errors
/// If the file cannot be read.
pub fn of_file(file: &Path, mut tick: impl FnMut()) -> std::io::Result<String> {
    let mut reader = File::open(file)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        let read = reader.read(&mut block)?;
        let Some(bytes) = block.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        tick();
    }
    Ok(hex(&hasher.finalize()))
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
