// SPDX-License-Identifier: MPL-2.0

//! Building blocks shared by the elements: ordered queue, flow state, wake-up, source pad task and ALLOCATION answer.
//!
//! The design follows `queue`: the chain and event functions put items into a bounded [`Fifo`], and a [`task`] on the
//! source pad takes them out. One [`Monitor`] guards the queue and the [`FlowState`]; a thread that changes either
//! wakes the others. Nothing here depends on a particular element.

pub mod activation;
pub mod allocation;
mod fifo;
mod flow;
mod monitor;
pub mod task;

#[cfg(test)]
mod tests;

pub use fifo::{Fifo, Item, Limit, Payload};
pub use flow::{FlowState, passed_on};
pub use monitor::Monitor;
