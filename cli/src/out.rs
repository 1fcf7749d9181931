// SPDX-License-Identifier: MPL-2.0

//! Results on standard output.

use anyhow::{Context as _, Result};
use std::io::{ErrorKind, Write as _};

/// Writes a result. A reader that has seen enough, such as `head`, is no error.
///
/// # Errors
/// When standard output cannot be written, as on a full disk.
pub fn print(text: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

/// Writes a result as JSON.
///
/// # Errors
/// When standard output cannot be written.
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print((serde_json::to_string_pretty(value)? + "\n").as_bytes())
}
