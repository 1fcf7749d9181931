// SPDX-License-Identifier: MPL-2.0

//! A reference that other meters compare with too: what measures need of it alone is computed once for all of them
//! ([`sharing`](crate::sharing)).

use std::any::Any;
use std::sync::Arc;

use crate::picture::Picture;
use crate::sharing::Lease;

/// A reference in memory on which others may hold a lease too.
#[derive(Debug, Clone)]
pub struct SharedReference<'a> {
    lease: &'a Lease,
    /// Which part of the memory it is, and how it is read.
    place: Vec<u64>,
}

impl<'a> SharedReference<'a> {
    /// The reference `part`, which lies in the memory of a frame's `whole` picture, for which the lease stands. `None`
    /// if it does not lie there but was computed from it.
    #[must_use]
    pub fn new(lease: &'a Lease, whole: &Picture<'_>, part: &Picture<'_>) -> Option<Self> {
        let mut place = Vec::with_capacity(24);
        for picture in [whole, part] {
            let colorimetry = picture.colorimetry();
            place.extend([picture.format() as u64, picture.width().into(), picture.height().into()]);
            place.extend([colorimetry.matrix as u64, colorimetry.range as u64]);
            place.extend(picture.planes().iter().map(|plane| plane.stride as u64));
        }
        if part.format() != whole.format() {
            return None;
        }
        for (outer, inner) in whole.planes().iter().zip(part.planes()) {
            let offset = (inner.data.as_ptr() as usize).checked_sub(outer.data.as_ptr() as usize)?;
            let end = offset.checked_add(inner.data.len())?;
            if end > outer.data.len() {
                return None;
            }
            place.push(offset as u64);
        }
        Some(Self { lease, place })
    }

    /// The lease.
    pub(super) fn lease(&self) -> &'a Lease {
        self.lease
    }

    /// Identifies this reference, as it is read, and `how` it is processed.
    pub(super) fn words(&self, how: &[u64]) -> Vec<u64> {
        [&self.place, how].concat()
    }

    /// The value and its size in bytes that `make` returns, computed once for all callers with this type and `how`.
    /// `how` must contain every setting that affects the value.
    pub(super) fn get_or_make<T: Any + Send + Sync>(&self, how: &[u64], make: impl Fn() -> (T, usize)) -> Arc<T> {
        self.lease.get_or_make(&self.words(how), make)
    }
}
