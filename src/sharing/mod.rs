// SPDX-License-Identifier: MPL-2.0

//! Shares what is computed from a frame alone between all holders of the frame in the process.
//!
//! The rungs of a ladder are compared with one source, and each comparison needs the same data from it: filtered maps,
//! a network's features. They are computed for the first comparison that needs them and kept for the others.
//!
//! # How a frame is recognized
//! By its memory, while that is held. Each holder of a frame takes a [`Lease`] on the memory of the frame. Leases on
//! one memory that exist at the same time stand for the same content, and share a number that is never reused. When the
//! last lease ends, everything that was kept is dropped. The next lease on the same memory, which a pool may have
//! refilled, starts empty. So kept data is never stale, and no memory is held only because of it: a pool lacks only
//! buffers that are held anyway.
//!
//! Kept data has a key that describes how it was computed: the part of the frame, its format, and every setting that
//! affects the values.
//!
//! # Bounds
//! Data is kept for at most [`FRAMES`] frames, and at most [`BYTES`] in all. Beyond that, the data of the oldest frame
//! is dropped, and comparisons that still need it compute it again. Data that no lease [waits](Lease::done) for is
//! dropped at once. A comparison that is ahead of the others waits before it adds a frame, so that little is kept. It
//! waits only for a moment, and after waiting in vain does not wait again for a while: a comparison that has stopped,
//! for whatever reason, does not hold up the others.
//!
//! # When something fails
//! While one comparison computes a value, others that need it wait for up to a second. If the computation panics or
//! takes longer, each computes its own. Unfinished values are not kept.

mod lease;
mod store;

#[cfg(test)]
mod tests;

pub use lease::Lease;
pub use store::{BYTES, FRAMES};

/// How often in this process a value was reused because another holder of the frame had already computed it.
#[must_use]
pub fn reused() -> u64 {
    store::STORE.reused.load(std::sync::atomic::Ordering::Relaxed)
}
