// SPDX-License-Identifier: MPL-2.0

//! Configuration errors.

use crate::secret::redact;
use std::fmt;
use std::ops::Range;

/// An error and the byte range in the file it refers to.
pub(super) type Wrong = (Option<Range<usize>>, String);

/// A configuration error with its position. The text contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// File name.
    pub file: String,
    /// Line and column, starting at 1.
    pub place: Option<(usize, usize)>,
    /// Description and remedy.
    pub text: String,
}

impl ConfigError {
    /// Creates an error at `span` of `source`, the text of the file.
    pub(super) fn at(source: &str, span: Option<Range<usize>>, text: impl fmt::Display) -> Self {
        let place = span.map(|span| {
            let before = source.get(..span.start).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            (before.matches('\n').count() + 1, line.chars().count() + 1)
        });
        Self { file: String::new(), place, text: redact(&text.to_string()) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.text),
            None => write!(f, "{}: {}", self.file, self.text),
        }
    }
}

impl std::error::Error for ConfigError {}
