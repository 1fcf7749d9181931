// SPDX-License-Identifier: MPL-2.0

//! What is wrong with a configuration.

use crate::watch::secret::redact;
use std::fmt;
use std::ops::Range;

/// What is wrong with a piece of the file, by its bytes.
pub(super) type Wrong = (Option<Range<usize>>, String);

/// What is wrong, and where. Its text holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file's name.
    pub file: String,
    /// Line and column, from 1.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what to do.
    pub text: String,
}

impl ConfigError {
    /// Something wrong at `span` of `source`, which is the file's text.
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
