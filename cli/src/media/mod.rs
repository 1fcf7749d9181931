// SPDX-License-Identifier: MPL-2.0

//! Decodes inputs of any kind: `inputs` resolves them, `decode` decodes a [`part`] of one, `watch` handles the
//! pipeline, `errors` formats its errors, `remarks` collects warnings, and `stall` detects missing progress. `labelled`
//! draws measured values on a picture.

pub mod decode;
pub mod errors;
pub mod hash;
pub mod inputs;
pub mod labelled;
pub mod part;
mod pictures;
pub mod rate;
pub mod remarks;
pub mod stall;
pub mod tracks;
pub mod watch;

use gstonnxiqa::video_frame::Stream;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, ignoring poisoning: the guarded state is consistent after every statement.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Size of a frame in square pixels.
pub fn display_size(stream: &Stream, [width, height]: [u32; 2]) -> [u32; 2] {
    let pixel = stream.info.par();
    let ratio = f64::from(pixel.numer().max(1)) / f64::from(pixel.denom().max(1));
    [(f64::from(width) * ratio).round().clamp(1.0, 65_536.0) as u32, height]
}
