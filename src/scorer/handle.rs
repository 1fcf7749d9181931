// SPDX-License-Identifier: MPL-2.0

//! A user's access to a model's worker.

use std::sync::Arc;

use super::error::ScoreError;
use super::job::{Callback, Job};
use super::registry;
use super::score::Score;
use super::worker::Worker;
use crate::model::Model;
use crate::model::contract::Contract;
use crate::picture::{Frame, OwnedFrame, Picture};

/// Queue size of [`Scorer::new`].
const QUEUE_SIZE: usize = 4;

/// Scores pictures with a model: one user of the model's worker, with a queue of its own.
///
/// Results arrive in the order of the jobs, except that [`cancel`](Self::cancel) ends queued jobs at once. Users of one
/// model take turns. Dropping the scorer cancels its jobs; the worker ends with its last user.
pub struct Scorer {
    model: Arc<Model>,
    worker: Arc<Worker>,
    user: u64,
    capacity: usize,
}

impl Scorer {
    /// A user of `model` with a queue of four jobs and one picture per inference.
    pub fn new(model: Arc<Model>) -> Self {
        Self::with_queue(model, QUEUE_SIZE, 1)
    }

    /// A user of `model` with a queue of max(`queue_size`, `batch_size`) jobs.
    ///
    /// `batch_size` is the most pictures per inference; among several users, the largest applies. An incomplete batch
    /// runs as soon as nothing more is queued.
    pub fn with_queue(model: Arc<Model>, queue_size: usize, batch_size: usize) -> Self {
        let batch_size = batch_size.max(1);
        if batch_size > 1 && model.fixed_batch() == Some(1) {
            let name = &model.contract().name;
            log::info!("{name}: the graph takes one picture at a time, batches of {batch_size} run one by one");
        }
        let capacity = queue_size.max(batch_size);
        let worker = registry::worker(&model);
        let user = worker.queue().join(capacity, batch_size);
        Self { model, worker, user, capacity }
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// What the model takes and returns.
    pub fn contract(&self) -> &Contract {
        self.model.contract()
    }

    /// How many jobs can be queued, not counting those that the worker has taken.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Queues a job without blocking.
    ///
    /// # Errors
    /// Returns the job if the queue is full.
    pub fn try_submit(&self, job: Job) -> Result<(), Job> {
        self.worker.queue().try_submit(self.user, job)
    }

    /// Queues a job, waiting for room.
    ///
    /// Must not be called from callbacks: on the worker's own thread it would wait for itself.
    pub fn submit(&self, job: Job) {
        self.worker.queue().submit(self.user, job);
    }

    /// Ends all queued jobs with [`ScoreError::Cancelled`], on the calling thread, without waiting for an inference.
    ///
    /// A job that the worker has taken ends on the worker, with its score or as cancelled.
    pub fn cancel(&self) {
        self.worker.queue().cancel(self.user);
    }

    /// Scores one picture and waits for the result, and before that for room in the queue.
    ///
    /// The picture is copied once, for the worker's thread. [`score_frame`](Self::score_frame) takes ownership of a
    /// frame instead and copies nothing. Must not be called from callbacks, see [`submit`](Self::submit).
    ///
    /// # Errors
    /// When the picture cannot be scored, the model needs a reference, or the job was [cancelled](Self::cancel).
    pub fn score(&self, picture: &Picture<'_>) -> Result<Score, ScoreError> {
        self.score_frame(Box::new(OwnedFrame::from(picture)), None)
    }

    /// Scores a picture against its reference, as [`score`](Self::score) does; both are copied once.
    ///
    /// # Errors
    /// When the pair cannot be scored, the model takes no reference, or the job was [cancelled](Self::cancel).
    pub fn score_pair(&self, reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<Score, ScoreError> {
        self.score_frame(Box::new(OwnedFrame::from(distorted)), Some(Box::new(OwnedFrame::from(reference))))
    }

    /// Scores an owned frame and waits for the result, and before that for room in the queue.
    ///
    /// # Errors
    /// When the frame cannot be scored, or the job was [cancelled](Self::cancel).
    pub fn score_frame(
        &self,
        distorted: Box<dyn Frame>,
        reference: Option<Box<dyn Frame>>,
    ) -> Result<Score, ScoreError> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let done: Callback = Box::new(move |result| {
            // The caller's thread may have ended.
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
