// SPDX-License-Identifier: MPL-2.0

//! Runs a scenario in every order of its threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use loom::thread::JoinHandle;

use crate::sync::{self, Timeouts};

/// Runs it again and again until every order was tried; with `preemptions`, those in which a thread that could go on is
/// interrupted no more often.
pub fn every_order(timeouts: Timeouts, preemptions: Option<usize>, scenario: impl Fn() + Send + Sync + 'static) {
    let executions = Arc::new(AtomicUsize::new(0));
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    let (count, began) = (executions.clone(), Instant::now());
    model.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        sync::begin(timeouts);
        scenario();
    });
    let executions = executions.load(Ordering::Relaxed);
    let bound = preemptions.map_or("every order".to_owned(), |bound| format!("up to {bound} preemptions"));
    println!("{executions} executions in {:.1} s, {bound}, timeouts: {timeouts:?}", began.elapsed().as_secs_f64());
    assert!(executions > 1, "the threads have nothing to do with each other");
}

/// What threads return.
pub fn join<T, const COUNT: usize>(threads: [JoinHandle<T>; COUNT]) -> [T; COUNT] {
    threads.map(|thread| thread.join().expect("no panic"))
}
