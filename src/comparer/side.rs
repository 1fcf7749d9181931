// SPDX-License-Identifier: MPL-2.0

//! The two streams.

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The original.
    Reference,
    /// What is being judged.
    Distorted,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reference => "reference",
            Self::Distorted => "distorted",
        })
    }
}
