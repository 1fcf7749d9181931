// SPDX-License-Identifier: MPL-2.0

//! Statistics of scores: pools over a whole stream, windows of running time, alarms; and the curves of a finished
//! comparison's report.
//!
//! # While a stream runs
//! These have a fixed size however long the stream is. None of them reads a clock; time arrives as running time, in
//! nanoseconds, with the frames.
//!
//! * [`Pool`] – mean, harmonic mean, extremes and percentiles of one field; [`FieldRange`] is the range of a field.
//! * [`WindowPools`] – the same for consecutive intervals of running time; [`AlarmMonitor`] – whether their means are
//!   too low or too high.
//! * [`course`] – values over time, in a few numbers.
//!
//! # Of a finished comparison
//! These take a whole curve with one value per frame: times in seconds, ascending; NaN if a frame has no value.
//!
//! * [`reduce`], [`stretches`], [`longest_step`] – a curve of few points that still shows every dip and every gap.
//! * [`worst`] – the lowest frame of each dip; [`below`] – when the curve is below a limit.
//! * [`hull`] and [`bd_rate`] – the rungs of a ladder compared with each other, and two ladders.
//!
//! The names of fields, and with them their ranges, are in [`record`](crate::record).

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
