// SPDX-License-Identifier: MPL-2.0

//! Orders at random: each element is driven through play, pause, flush, seek, segment, caps, GAP, EOS, restart, unlink
//! and property changes, with slow, failing and fast scorers, without waiting in between. A reference model says what
//! must come out: every frame once and in order, unless a flush, READY, a missing link or an error has dropped it, and
//! with an entry that says what happened to it. An order that takes too long is a failure.
//!
//! `ONNX_IQA_ORDERS=10000` runs that many sequences for each element, `ONNX_IQA_ORDERS_SEED` others than usual. A
//! failure is shrunk to few orders. Threads race here: what fails once may need several runs to fail again.

#[path = "../common/mod.rs"]
mod common;

mod compare;
mod compare_model;
mod driver;
mod log;
mod overlay;
mod promises;
mod rig;
mod score;
mod score_model;
mod survivors;
mod through;
mod through_model;

use proptest::test_runner::{Config, RngSeed};

/// Sequences of each element in an ordinary run.
const FEW: u32 = 40;

/// How many orders a sequence has.
const ORDERS: std::ops::Range<usize> = 1..30;

/// A number out of the environment.
fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// How the sequences are run. The same ones every time, unless a seed is given.
fn config() -> Config {
    let seed = variable("ONNX_IQA_ORDERS_SEED").unwrap_or(26);
    Config {
        cases: variable("ONNX_IQA_ORDERS").unwrap_or(FEW),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        // A hang takes its time at each attempt.
        max_shrink_iters: 400,
        ..Config::default()
    }
}
