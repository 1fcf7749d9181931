// SPDX-License-Identifier: MPL-2.0

//! Which pictures of a pair are processed: what depends on the reference alone is computed once for all distorted
//! pictures that are compared with it.

use std::ops::Range;

/// The pictures that are processed: reference (0) and distorted (1).
pub trait Sides: Send + Sync {
    const PICTURES: Range<usize>;
    /// Whether the reference is processed.
    const REFERENCE: bool = Self::PICTURES.start == 0;
    /// Whether the distorted picture is processed.
    const DISTORTED: bool = Self::PICTURES.end == 2;
    /// The products that are computed: of the reference with itself (0), of the distorted picture with itself (1), and
    /// of both (2). Without the reference, known data of the reference is needed.
    const PRODUCTS: Range<usize> = Self::PICTURES.start..if Self::DISTORTED { 3 } else { 1 };
}

/// The whole pair.
pub struct Both;

/// What depends on the reference alone.
pub struct Reference;

/// The rest.
pub struct Distorted;

impl Sides for Both {
    const PICTURES: Range<usize> = 0..2;
}

impl Sides for Reference {
    const PICTURES: Range<usize> = 0..1;
}

impl Sides for Distorted {
    const PICTURES: Range<usize> = 1..2;
}
