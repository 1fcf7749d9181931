// SPDX-License-Identifier: MPL-2.0

//! The worker of a model: a thread that prepares and a thread that runs.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::batch::{Batch, Buffers, Entry};
use super::error::ScoreError;
use super::inference::Runner;
use super::prepare::Preprocessor;
use super::queue::Queue;
use crate::model::Model;

/// The reference that users have to a worker. It ends with the last of them.
pub(super) struct Worker {
    queue: Arc<Queue>,
}

impl Worker {
    pub(super) fn start(model: &Arc<Model>) -> Arc<Self> {
        let queue = Arc::new(Queue::default());
        queue.hold();
        // Two sets of buffers: one with the model, one being filled.
        let (free_sender, free) = crossbeam_channel::bounded(2);
        let (full, full_receiver) = crossbeam_channel::bounded(2);
        for _ in 0..2 {
            let _ = free_sender.send(Buffers::new(model));
        }
        let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
            if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(body) {
                // The jobs' tickets will report it.
                log::error!("the thread {name} cannot be started: {error}");
                queue.end();
            }
        };
        let (shared, its_model) = (queue.clone(), model.clone());
        spawn("iqa-prepare", Box::new(move || preprocess(&shared, its_model, &free, &full)));
        let (shared, its_model) = (queue.clone(), model.clone());
        spawn("iqa-run", Box::new(move || run(&shared, its_model, &full_receiver, &free_sender)));
        Arc::new(Self { queue })
    }

    /// A new reference to the worker whose threads use that queue; `None` if they have ended.
    pub(super) fn go_on(queue: Arc<Queue>) -> Option<Arc<Self>> {
        queue.hold().then(|| Arc::new(Self { queue }))
    }

    pub(super) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.queue.let_go();
    }
}

/// Announces the end of the worker's threads, however they end.
struct End<'a>(&'a Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Turns jobs into batches while there are references to the worker.
fn preprocess(queue: &Queue, model: Arc<Model>, free: &Receiver<Buffers>, full: &Sender<Batch>) {
    let _end = End(queue);
    let one_by_one = model.fixed_batch() == Some(1);
    let mut preprocessor = Preprocessor::new(model);
    let mut carried = VecDeque::new();
    while let Ok(buffers) = free.recv() {
        let Some(first) = carried.pop_front().or_else(|| queue.next()) else { return };
        let mut batch = Batch::new(buffers);
        let mut jobs = vec![first];
        while !jobs.is_empty() {
            let limit = if one_by_one { 1 } else { queue.batch_size() };
            let room = limit.saturating_sub(batch.entries.len() + jobs.len());
            jobs.extend(carried.drain(..room.min(carried.len())));
            let room = limit.saturating_sub(batch.entries.len() + jobs.len());
            jobs.extend(queue.waiting(room));
            let left = preprocessor.add(&mut batch, std::mem::take(&mut jobs));
            let fits = left.is_empty() && carried.is_empty() && batch.entries.len() < limit;
            left.into_iter().rev().for_each(|pending| carried.push_front(pending));
            if fits {
                jobs.extend(queue.next_while_busy());
            }
        }
        queue.batch_sent();
        if full.send(batch).is_err() {
            return;
        }
    }
}

/// Runs batches until the other thread has ended.
fn run(queue: &Queue, model: Arc<Model>, full: &Receiver<Batch>, free: &Sender<Buffers>) {
    let _end = End(queue);
    let mut runner = Runner::new(model);
    while let Ok(batch) = full.recv() {
        let wanted = batch.entries.iter().any(|entry| entry.preprocessed.is_ok() && !entry.ticket.is_cancelled());
        let outputs = if wanted {
            catch_unwind(AssertUnwindSafe(|| runner.run(&batch)))
                .unwrap_or_else(|panic| Err(crate::panic::panic_text(&*panic)))
        } else {
            Ok(Vec::new())
        };
        let Batch { buffers, shapes, entries, .. } = batch;
        queue.batch_through();
        // The other thread may be gone.
        let _ = free.send(buffers);
        let mut frame = 0;
        for Entry { ticket, preprocessed } in entries {
            let result = match (preprocessed, &outputs) {
                (Err(error), _) => Err(error),
                (Ok(_), _) if ticket.is_cancelled() => {
                    frame += 1;
                    Err(ScoreError::Cancelled)
                }
                (Ok(_), Err(error)) => Err(ScoreError::Run(error.clone())),
                (Ok(cropping), Ok(outputs)) => {
                    frame += 1;
                    catch_unwind(AssertUnwindSafe(|| runner.score(outputs, &shapes, frame - 1, cropping.as_ref())))
                        .unwrap_or_else(|panic| Err(ScoreError::Internal(crate::panic::panic_text(&*panic))))
                }
            };
            ticket.finish(result);
        }
    }
}
