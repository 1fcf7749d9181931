// SPDX-License-Identifier: MPL-2.0

//! What a format does with its file.

use super::error::LogError;
use super::logged::{ElementPools, LoggedFrame};

/// One of the formats, at work.
pub(super) trait LogWriter: Send {
    /// Writes a frame; it is in the file when this is back.
    fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError>;
    /// Writes what the frames so far come to. More frames may follow, and then other pools.
    fn pools(&mut self, pools: &[ElementPools]) -> Result<(), LogError>;
    /// Closes the file and opens its path again.
    fn reopen(&mut self) -> Result<(), LogError>;
}
