// SPDX-License-Identifier: MPL-2.0

//! A user's hold on a model's worker.

use std::sync::Arc;

use super::error::ScoreError;
use super::job::{Callback, Job};
use super::registry;
use super::score::Score;
use super::worker::Worker;
use crate::model::Model;
use crate::model::contract::Contract;
use crate::picture::{Frame, OwnedFrame, Picture};

/// Jobs that [`Scorer::new`] lets wait.
const QUEUE_SIZE: usize = 4;

/// Scores pictures with a model: one user's hold on the model's worker, with a queue of its own.
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
    /// A user of `model` with a queue of four jobs and one picture in an inference.
    pub fn new(model: Arc<Model>) -> Self {
        Self::with_queue(model, QUEUE_SIZE, 1)
    }

    /// A user of `model` with a queue of max(`queue_size`, `batch_size`) jobs.
    ///
    /// `batch_size` is the most pictures in one inference; of several users' sizes the largest holds. An incomplete batch
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

    /// What the model takes and gives.
    pub fn contract(&self) -> &Contract {
        self.model.contract()
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
    /// The picture crosses to the worker's thread, so it is copied once. [`score_frame`](Self::score_frame) scores a frame
    /// that can be given away without a copy; not for callbacks, as [`submit`](Self::submit) says.
    ///
    /// # Errors
    /// When the picture cannot be scored, the model takes a reference, or [`cancel`](Self::cancel) came before.
    pub fn score(&self, picture: &Picture<'_>) -> Result<Score, ScoreError> {
        self.score_frame(Box::new(OwnedFrame::from(picture)), None)
    }

    /// Scores a picture against its reference, as [`score`](Self::score) does; both are copied once.
    ///
    /// # Errors
    /// When the pair cannot be scored, the model takes no reference, or [`cancel`](Self::cancel) came before.
    pub fn score_pair(&self, reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<Score, ScoreError> {
        self.score_frame(Box::new(OwnedFrame::from(distorted)), Some(Box::new(OwnedFrame::from(reference))))
    }

    /// Scores a frame that is given away, and waits for the result, and before that for room in the queue.
    ///
    /// # Errors
    /// When the frame cannot be scored, or [`cancel`](Self::cancel) came before.
    pub fn score_frame(
        &self,
        distorted: Box<dyn Frame>,
        reference: Option<Box<dyn Frame>>,
    ) -> Result<Score, ScoreError> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let done: Callback = Box::new(move |result| {
            // The caller's thread may have ended meanwhile.
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
