// SPDX-License-Identifier: MPL-2.0

//! What many scores come to: pools over a whole stream, windows of running time, alarms.
//!
//! Everything here is of a fixed size however long the stream is: a camera's year costs what a clip costs. Nothing
//! here reads a clock; time comes in as running time, in nanoseconds, with the frames.
//!
//! * [`Pool`] – one field's mean, harmonic mean, extremes and percentiles; [`FieldRange`] says between what values a
//!   field lies.
//! * [`WindowPools`] – the same over one span of running time after the other; [`AlarmMonitor`] – whether their means
//!   are too low.
//! * [`course`] – values over time, in few numbers.
//!
//! Fields have their names, and with them their ranges, in [`record`](crate::record).

mod alarm;
mod course;
mod histogram;
mod pool;
mod range;
mod sum;
mod window;

pub use alarm::{AlarmChange, AlarmMonitor};
pub use course::course;
pub use pool::{Pool, Statistics};
pub use range::FieldRange;
pub use window::{WindowPools, WindowStatistics};
