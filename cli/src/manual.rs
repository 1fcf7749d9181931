// SPDX-License-Identifier: MPL-2.0

//! Shell completions, man pages and licences.

use crate::exit::Exit;
use anyhow::{Context as _, Result};
use std::path::Path;

/// Prints shell completions.
///
/// # Errors
/// If standard output cannot be written.
pub fn completions(shell: clap_complete::Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::args::command(), "iqa", &mut script);
    crate::out::print_bytes(&script)?;
    Ok(Exit::Good)
}

/// Prints the licences of bundled software and models.
///
/// # Errors
/// If standard output cannot be written.
pub fn licenses() -> Result<Exit> {
    crate::out::print_bytes(include_bytes!("../../THIRD-PARTY.md"))?;
    Ok(Exit::Good)
}

/// Writes a man page for the command and for each subcommand to a folder.
///
/// # Errors
/// If a file cannot be written.
pub fn pages(folder: &Path) -> Result<Exit> {
    clap_mangen::generate_to(crate::args::command(), folder).with_context(|| folder.display().to_string())?;
    Ok(Exit::Good)
}
