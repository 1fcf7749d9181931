// SPDX-License-Identifier: MPL-2.0

//! `iqa score`: pictures and videos without a reference.

use crate::args::{Common, Score};
use crate::exit::Exit;

/// Scores, and says how the command ends.
pub fn run(_common: &Common, _args: &Score) -> anyhow::Result<Exit> {
    anyhow::bail!("not built yet")
}
