// SPDX-License-Identifier: MPL-2.0

//! What many scores come to: pools over a whole stream, windows of running time, alarms.
//!
//! Everything here is of a fixed size however long the stream is: a camera's year costs what a clip costs. Nothing
//! here reads a clock; time comes in as running time, in nanoseconds, with the frames.
//!
//! * [`Pool`] – one field's mean, harmonic mean, extremes and percentiles; [`FieldRange`] says between what values a
//!   field lies.
//! * [`FieldPools`] – all the fields of one element, under their names, with the attributes beside them.
//! * [`Window`] – the same over one span of running time after the other; [`Alarm`] – whether their means are too low.

mod alarm;
mod fields;
mod histogram;
mod range;
mod running;
mod sum;
mod window;

pub use alarm::{Alarm, AlarmChange};
pub use fields::FieldPools;
pub use range::FieldRange;
pub use running::{Pool, Summary};
pub use window::{Window, WindowReport};
