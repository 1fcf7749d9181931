// SPDX-License-Identifier: MPL-2.0

//! Inputs of any kind as decoded frames: `inputs` finds out what is meant, `decode` decodes a [`part`] of it, `watch` says
//! how its pipeline ends, `errors` what was wrong with it, `remarks` what elements had to say of it, and `stall` that
//! nothing comes any more. `labelled` draws what was measured on a picture.

pub mod decode;
pub mod errors;
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

/// Locks, also after a thread has panicked: what is guarded is whole at every step.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A frame's size in square pixels.
pub fn display_size(stream: &Stream, [width, height]: [u32; 2]) -> [u32; 2] {
    let pixel = stream.info.par();
    let ratio = f64::from(pixel.numer().max(1)) / f64::from(pixel.denom().max(1));
    [(f64::from(width) * ratio).round().clamp(1.0, 65_536.0) as u32, height]
}
