// SPDX-License-Identifier: MPL-2.0

//! What the program has to say while it runs, on standard error, without secrets.

use super::secret::redact;
use std::fmt;
use std::io::Write as _;

/// Something that somebody should look at.
pub fn warn(text: fmt::Arguments<'_>) {
    line("warning: ", text);
}

/// Something that is good to know.
pub fn info(text: fmt::Arguments<'_>) {
    line("", text);
}

fn line(kind: &str, text: fmt::Arguments<'_>) {
    let text = redact(&text.to_string());
    // Nobody reads it: then nobody misses it.
    let _ = writeln!(std::io::stderr().lock(), "iqa watch: {kind}{text}");
}
