// SPDX-License-Identifier: MPL-2.0

//! What every element needs to hold frames between its pads: the ordered queue, the state of the flow, the wake-up, the
//! task on the source pad and the answer to ALLOCATION.
//!
//! The shape is that of `queue`: chain and serialized events put items into a bounded [`Fifo`], a [`task`] on the
//! source pad takes them out. One [`Monitor`] guards the queue together with the [`FlowState`]; a thread that changes
//! either wakes the others. Nothing here knows an element: each is handed the pads, events and queries it works on.

pub mod activation;
pub mod allocation;
mod fifo;
mod flow;
mod monitor;
pub mod task;

pub use fifo::{Fifo, Item, Limit, Payload};
pub use flow::FlowState;
pub use monitor::Monitor;
