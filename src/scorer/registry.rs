// SPDX-License-Identifier: MPL-2.0

//! The running workers, by model: all users of a model share one.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::queue::Queue;
use super::worker::Worker;
use crate::model::Model;

/// A worker: its model, the reference that its users share, and the queue, which lives as long as its threads.
struct Entry {
    /// A weak pointer keeps a model's address from being reused, so addresses identify models.
    model: Weak<Model>,
    worker: Weak<Worker>,
    queue: Weak<Queue>,
}

static WORKERS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// The worker that all users of the model share, started if necessary.
///
/// A worker whose last user is gone, but which is still busy, continues for the new user: an element that is stopped
/// and started during an inference must not start another pair of threads each time, all of which would wait for the
/// same session.
pub(super) fn worker(model: &Arc<Model>) -> Arc<Worker> {
    let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
    workers.retain(|entry| entry.queue.strong_count() > 0);
    let of_model = |entry: &&mut Entry| std::ptr::eq(entry.model.as_ptr(), Arc::as_ptr(model));
    for entry in workers.iter_mut().filter(of_model) {
        if let Some(worker) = entry.worker.upgrade() {
            return worker;
        }
        if let Some(worker) = entry.queue.upgrade().and_then(Worker::go_on) {
            entry.worker = Arc::downgrade(&worker);
            return worker;
        }
    }
    let started = Worker::start(model);
    let queue = Arc::downgrade(started.queue());
    workers.push(Entry { model: Arc::downgrade(model), worker: Arc::downgrade(&started), queue });
    started
}
