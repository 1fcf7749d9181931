// SPDX-License-Identifier: MPL-2.0

//! What is said of a number that a measure gives.

/// A number that a measure gives. Records, logs, messages and statistics take its name and range from here.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// As records, logs and messages name it: `psnr-y`.
    pub name: &'static str,
    /// The least and the greatest value; `None` where there are no fixed ones.
    pub range: Option<[f64; 2]>,
    /// What it is counted in: `dB`, for example; empty for a ratio.
    pub unit: &'static str,
    /// One line for users.
    pub description: &'static str,
    /// Whether R'G'B' pictures have it too.
    pub rgb: bool,
}

impl Field {
    /// Whether a greater value is a better one, as it is of all but `cambi`.
    #[must_use]
    pub fn more_is_better(&self) -> bool {
        self.name != super::cambi::CAMBI.name
    }

    /// The field of that name that a measure gives, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        super::registry::fields().find(|field| field.name == name)
    }
}
