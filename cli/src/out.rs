// SPDX-License-Identifier: MPL-2.0

//! Results on standard output.

use anyhow::{Context as _, Result};
use std::io::{ErrorKind, Write as _};

/// Writes a text, in which control characters are escaped. A closed pipe, for example to `head`, is not an error.
///
/// # Errors
/// If standard output cannot be written, for example because the disk is full.
pub fn print(text: &str) -> Result<()> {
    print_bytes(crate::terminal::lines(text).as_bytes())
}

/// Writes bytes as they are. A closed pipe is not an error.
///
/// # Errors
/// If standard output cannot be written.
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Writes a result as JSON.
///
/// # Errors
/// If standard output cannot be written.
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}
