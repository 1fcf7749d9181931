// SPDX-License-Identifier: MPL-2.0

//! Random orders: each element is driven through play, pause, flush, seek, segment, caps, GAP, EOS, restart, unlink and
//! property changes, with slow, failing and fast scorers, without waiting in between. A reference model determines the
//! required output: every frame once and in order, unless it was dropped by a flush, READY, a missing link or an error,
//! and with an entry that describes what happened to it. An order that takes too long is a failure.
//!
//! The tests are ignored by default, because threads race in them: `cargo test --test orders -- --ignored` runs them.
//! `ONNX_IQA_ORDERS=10000` runs that many sequences per element, `ONNX_IQA_ORDERS_SEED` uses another seed. A failure is
//! shrunk to few orders in at most 400 attempts, or as many as `ONNX_IQA_ORDERS_SHRINK` says. A failure that depends on
//! timing may need several runs to appear again.

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

/// Sequences per element in an ordinary run.
const FEW: u32 = 40;

/// The number of orders in a sequence.
const ORDERS: std::ops::Range<usize> = 1..30;

/// A number from the environment.
fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// How sequences are run: always the same ones, unless a seed is given.
fn config() -> Config {
    let seed = variable("ONNX_IQA_ORDERS_SEED").unwrap_or(26);
    Config {
        cases: variable("ONNX_IQA_ORDERS").unwrap_or(FEW),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        // A hang takes its time at each attempt.
        max_shrink_iters: variable("ONNX_IQA_ORDERS_SHRINK").unwrap_or(400),
        ..Config::default()
    }
}
