// SPDX-License-Identifier: MPL-2.0

#![doc = include_str!("../README.md")]
#![cfg(test)]
#![allow(dead_code, reason = "the product's files have more than the scenarios use")]

mod every_order;
mod iqacompare;
mod scheduling;
mod scorer;
mod sharing;
mod sync;

// What the product's files import beside `sync`, by the same paths.
extern crate self as onnx_iqa;

#[path = "../../src/comparer/side.rs"]
mod side;
mod comparer {
    pub use crate::side::Side;
}

#[path = "../../src/panic.rs"]
mod panic;

/// Stands in for pictures, which no synchronization looks into.
mod picture {
    pub trait Frame: Send {}

    #[derive(Debug, thiserror::Error)]
    #[error("no picture")]
    pub struct PictureError;
}

mod preprocess {
    #[derive(Debug, thiserror::Error)]
    #[error("no plan")]
    pub struct PreprocessError;
}

/// As the plugin's.
fn lock<T>(mutex: &sync::Mutex<T>) -> sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(sync::PoisonError::into_inner)
}
