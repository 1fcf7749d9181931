// SPDX-License-Identifier: MPL-2.0

//! `iqa compare`: renditions against their source.

use crate::args::{Common, Compare};
use crate::exit::Exit;

/// Compares, and says how the command ends.
pub fn run(_common: &Common, _args: &Compare) -> anyhow::Result<Exit> {
    anyhow::bail!("not built yet")
}
