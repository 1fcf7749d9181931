// SPDX-License-Identifier: MPL-2.0

//! Results on standard output.

use anyhow::{Context as _, Result};
use std::io::{ErrorKind, Write as _};

/// Writes a result. A closed pipe, for example to `head`, is not an error.
///
/// # Errors
/// If standard output cannot be written, for example because the disk is full.
pub fn print(text: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Writes a result as JSON.
///
/// # Errors
/// If standard output cannot be written.
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print((serde_json::to_string_pretty(value)? + "\n").as_bytes())
}
