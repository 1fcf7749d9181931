// SPDX-License-Identifier: MPL-2.0

//! Which pictures of a pair are worked on: what the reference alone gives is computed once for all distorted pictures
//! that are compared with it.

use std::ops::Range;

/// Of the reference (0) and the distorted picture (1), those that are worked on.
pub trait Sides: Send + Sync {
    const PICTURES: Range<usize>;
    /// The reference is among them.
    const REFERENCE: bool = Self::PICTURES.start == 0;
    /// The distorted picture is.
    const DISTORTED: bool = Self::PICTURES.end == 2;
    /// Of the products of the reference with itself (0), of the distorted picture with itself (1), and of both (2),
    /// those that they give, which with the distorted picture alone needs what is known of the reference.
    const PRODUCTS: Range<usize> = Self::PICTURES.start..if Self::DISTORTED { 3 } else { 1 };
}

/// The whole pair.
pub struct Both;

/// What the reference alone gives.
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
