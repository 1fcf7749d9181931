// SPDX-License-Identifier: MPL-2.0

//! The workers that run, by model: all users of a model share one.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::worker::Worker;
use crate::model::Model;

/// A weak pointer keeps a model's address from being used again, so addresses tell models apart.
static WORKERS: Mutex<Vec<(Weak<Model>, Weak<Worker>)>> = Mutex::new(Vec::new());

/// The worker that all users of the model share, started if there is none.
pub(super) fn worker(model: &Arc<Model>) -> Arc<Worker> {
    let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
    workers.retain(|(_, worker)| worker.strong_count() > 0);
    let running = workers.iter().find(|(of, _)| std::ptr::eq(of.as_ptr(), Arc::as_ptr(model)));
    // The last user may have let go since.
    running.and_then(|(_, worker)| worker.upgrade()).unwrap_or_else(|| {
        let started = Worker::start(model);
        workers.push((Arc::downgrade(model), Arc::downgrade(&started)));
        started
    })
}
