// SPDX-License-Identifier: MPL-2.0

//! The interface of a log format.

use super::error::LogError;
use super::logged::{ElementPools, LoggedFrame};

/// The writer of a log format.
pub(super) trait LogWriter: Send {
    /// Writes a frame; it is in the file when this returns.
    fn frame(&mut self, frame: &LoggedFrame) -> Result<(), LogError>;
    /// Writes the statistics of the frames so far. More frames may follow, and then other pools.
    fn pools(&mut self, pools: &[ElementPools]) -> Result<(), LogError>;
    /// Closes the file and opens its path again.
    fn reopen(&mut self) -> Result<(), LogError>;
}
