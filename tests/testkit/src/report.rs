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

/// Whether tests that take minutes run, as they do with `ONNX_IQA_SLOW`; if not, says that this one was skipped.
pub fn slow(test: &str) -> bool {
    let wanted = std::env::var_os("ONNX_IQA_SLOW").is_some();
    if !wanted {
        skipped(&format!("{test}: it takes minutes; make test-slow runs it"));
    }
    wanted
}

/// An error's message and those of its causes, as users see them: joined by `: `.
pub fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
