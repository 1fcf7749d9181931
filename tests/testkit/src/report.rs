// SPDX-License-Identifier: MPL-2.0

//! What tests say.

use std::error::Error;
use std::io::Write as _;

/// Says aloud that something was not tested, and why: `SKIPPED: what: why`, counted by `scripts/test.sh`.
///
/// Written to standard error itself, past the capture of the test harness, which would keep silent about a test that
/// passes.
pub fn skipped(what_and_why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what_and_why}");
}

/// An error's message and those of its causes, as users see them: joined by `: `.
pub fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
