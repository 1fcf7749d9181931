// SPDX-License-Identifier: MPL-2.0

//! The description of a value that a measure gives.

/// A number that a measure gives. Records, logs, messages and statistics take its name and range from here.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// The name in records, logs and messages: `psnr-y`.
    pub name: &'static str,
    /// The least and the greatest value; `None` if there are no fixed limits.
    pub range: Option<[f64; 2]>,
    /// The unit, for example `dB`; empty for a ratio.
    pub unit: &'static str,
    /// One line for users.
    pub description: &'static str,
    /// Whether it exists for R'G'B' pictures too.
    pub rgb: bool,
}

impl Field {
    /// Whether greater values are better, as for all fields but `cambi`.
    #[must_use]
    pub fn more_is_better(&self) -> bool {
        self.name != super::cambi::CAMBI.name
    }

    /// The field of that name, if a measure gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        super::registry::fields().find(|field| field.name == name)
    }
}
