// SPDX-License-Identifier: MPL-2.0

//! Scoring: pictures in, scores out, on a worker that all users of a model share.
//!
//! The worker has two threads. One turns queued pictures into tensors, the other runs the model, so that the next
//! batch is being prepared while one is running.

mod batch;
mod error;
mod inference;
mod plans;
mod postprocess;
mod queue;
mod worker;

use std::sync::Arc;

pub use error::ScoreError;
pub(crate) use worker::Worker;

use crate::model::Model;
use crate::picture::Frame;

/// What a model says about a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// What the model itself gives; of a distribution its expectation, of crops the mean.
    pub raw: f64,
    /// 0 to 100, higher is better, by the model's contract.
    pub score: f64,
    /// Named numbers, 0 to 100, if the contract has them.
    pub attributes: Vec<(String, f64)>,
    /// A picture of quality, if the contract has one.
    pub map: Option<Map>,
}

/// A picture of quality: 0 is the contract's worst, 255 its best.
///
/// It covers the picture as the model saw it. Where no crop was cut, it holds the mean of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// In pixels of the map.
    pub width: u32,
    /// In pixels of the map.
    pub height: u32,
    /// `width` × `height` bytes, row by row.
    pub data: Vec<u8>,
}

/// What is called with a job's result.
pub type Callback = Box<dyn FnOnce(Result<Score, ScoreError>) + Send>;

/// A picture to be scored.
pub struct Job {
    /// The picture.
    pub distorted: Box<dyn Frame>,
    /// The original, for full-reference models.
    pub reference: Option<Box<dyn Frame>>,
    /// Called once for a job that was accepted. It must be short: the model waits for it.
    pub done: Callback,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("reference", &self.reference.is_some()).finish_non_exhaustive()
    }
}

/// One user's hold on a model's worker, with a queue of its own.
///
/// Results come in the order of the jobs, except that [`cancel`](Self::cancel) ends what is queued at once. Users of
/// one model take turns. Dropping the scorer cancels; the worker ends with its last user.
pub struct Scorer {
    model: Arc<Model>,
    worker: Arc<Worker>,
    user: u64,
    capacity: usize,
}

impl Scorer {
    /// A user of `model` who queues up to max(`queue_size`, `batch_size`) jobs.
    ///
    /// `batch_size` is the most pictures that he wants in one inference; of several users' wishes the largest holds.
    /// An incomplete batch runs as soon as nothing more is queued.
    pub fn new(model: Arc<Model>, queue_size: usize, batch_size: usize) -> Self {
        let batch_size = batch_size.max(1);
        if batch_size > 1 && model.fixed_batch() == Some(1) {
            let name = &model.contract().name;
            log::info!("{name}: the graph takes one picture at a time, batches of {batch_size} run one by one");
        }
        let capacity = queue_size.max(batch_size);
        let worker = model.worker();
        let user = worker.queue().join(capacity, batch_size);
        Self { model, worker, user, capacity }
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// How many jobs can be queued; those that the worker has taken up do not count.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Queues a job without ever waiting.
    ///
    /// # Errors
    /// Gives the job back when the queue is full.
    pub fn try_submit(&self, job: Job) -> Result<(), Job> {
        self.worker.queue().try_submit(self.user, job)
    }

    /// Queues a job, waiting for room.
    ///
    /// Not for callbacks: on the worker's own thread it would wait for itself.
    pub fn submit(&self, job: Job) {
        self.worker.queue().submit(self.user, job);
    }

    /// Ends all queued jobs with [`ScoreError::Cancelled`], on this thread, without waiting for an inference.
    ///
    /// A job that the worker has taken up ends on the worker, with its score or cancelled.
    pub fn cancel(&self) {
        self.worker.queue().cancel(self.user);
    }

    /// Scores one picture and waits for the result, and before that for room in the queue.
    ///
    /// # Errors
    /// When the picture cannot be scored, or [`cancel`](Self::cancel) came before.
    pub fn score(&self, distorted: Box<dyn Frame>, reference: Option<Box<dyn Frame>>) -> Result<Score, ScoreError> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let done: Callback = Box::new(move |result| {
            // Nobody listens when the caller's thread has died meanwhile.
            let _ = sender.send(result);
        });
        self.submit(Job { distorted, reference, done });
        receiver.recv().unwrap_or_else(|_| Err(ScoreError::Internal("the worker gave no result".to_owned())))
    }
}

impl Drop for Scorer {
    fn drop(&mut self) {
        self.worker.queue().leave(self.user);
    }
}

impl std::fmt::Debug for Scorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scorer").field("model", &self.model).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
