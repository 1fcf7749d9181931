// SPDX-License-Identifier: MPL-2.0

//! What is computed of a frame alone, once for everybody in the process who holds the frame.
//!
//! The rungs of a ladder are compared with one source, and each comparison needs the same things of it: filtered maps,
//! a network's features. They are computed for the first that asks and kept for the others.
//!
//! # How a frame is recognized
//! By its memory, while that is held. Whoever holds a frame takes a [`Lease`] on the memory that it lies in; leases on one
//! memory that exist at the same time stand for one and the same content, and share a number that is never used again. When
//! the last lease is gone so is everything that was kept, and the next lease on the same memory, which a pool may have
//! filled anew by then, begins with nothing. So nothing that is kept can be stale, and nothing is held for the sake of what
//! is kept: a pool lacks only the buffers that are held anyway.
//!
//! What is kept has a key of its own that says how it was computed: the part of the frame, its format, and every setting
//! that has a say in the values.
//!
//! # Bounds
//! Of at most [`FRAMES`] frames something is kept, and no more than [`BYTES`] in all; beyond that the oldest frame's is
//! dropped, and whoever still needs it computes its own. What no lease [waits](Lease::done) for any more is dropped at once.
//! A comparison that is ahead of the others waits for them before it adds a frame, so that few are kept; but only for a
//! moment, and then not for a while: one that stands still, for whatever reason, does not hold the others up.
//!
//! # When something fails
//! While one computes, others that ask for the same wait, up to a second; if it panics or takes longer, each computes its
//! own. Nothing is kept of what was not finished.

mod lease;
mod store;

#[cfg(test)]
mod tests;

pub use lease::Lease;
pub use store::{BYTES, FRAMES};

/// How often in this process something of a frame did not have to be computed, as another holder of the frame had done so.
#[must_use]
pub fn reused() -> u64 {
    store::STORE.reused.load(std::sync::atomic::Ordering::Relaxed)
}
