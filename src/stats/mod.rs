// SPDX-License-Identifier: MPL-2.0

//! What many scores come to: pools over a whole stream, windows of running time, alarms; and what a finished
//! comparison's report shows of them.
//!
//! # While a stream runs
//! These are of a fixed size however long the stream is: a camera's year costs what a clip costs. Nothing
//! here reads a clock; time comes in as running time, in nanoseconds, with the frames.
//!
//! * [`Pool`] – one field's mean, harmonic mean, extremes and percentiles; [`FieldRange`] says between what values a
//!   field lies.
//! * [`WindowPools`] – the same over one span of running time after the other; [`AlarmMonitor`] – whether their means
//!   are too low.
//! * [`course`] – values over time, in few numbers.
//!
//! # Of a finished comparison
//! These look at a whole curve, one value a frame: times in seconds, ascending; NaN where a frame has no value.
//!
//! * [`reduce`], [`stretches`], [`longest_step`] – a curve of few points that still shows every dip and every gap.
//! * [`worst`] – the lowest frame of each dip; [`below`] – when the curve is under a limit.
//! * [`hull`] and [`bd_rate`] – rungs of a ladder against each other, and two ladders.
//!
//! Fields have their names, and with them their ranges, in [`record`](crate::record).

mod alarm;
mod bd_rate;
mod below;
mod course;
mod curve;
mod histogram;
mod hull;
mod pool;
mod range;
mod sum;
mod window;
mod worst;

pub use alarm::{AlarmChange, AlarmMonitor};
pub use bd_rate::{BdRateError, Ladder, bd_rate};
pub use below::below;
pub use course::course;
pub use curve::{CurvePoint, Stretch, longest_step, reduce, stretches};
pub use hull::{HullPlace, RatePoint, hull};
pub use pool::{Pool, Statistics};
pub use range::FieldRange;
pub use window::{WindowPools, WindowStatistics};
pub use worst::worst;
