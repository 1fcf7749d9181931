// SPDX-License-Identifier: MPL-2.0

//! The users' queues: bounded, served in turn, cancelled at once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::error::ScoreError;
use super::job::{Callback, Job};
use super::score::Score;
use crate::picture::Frame;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Guarantees that a job's `done` is called exactly once, whatever happens.
pub(super) struct Ticket {
    done: Option<Callback>,
    /// The user's cancellations so far, and their number when the job arrived.
    cancellations: Arc<AtomicU64>,
    seen: u64,
}

impl Ticket {
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancellations.load(Ordering::Acquire) != self.seen
    }

    pub(super) fn finish(mut self, result: Result<Score, ScoreError>) {
        self.call(result);
    }

    fn call(&mut self, result: Result<Score, ScoreError>) {
        if let Some(done) = self.done.take()
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| done(result)))
        {
            log::error!("a callback for a score panicked: {}", crate::panic::panic_text(&*panic));
        }
    }
}

impl From<Job> for Ticket {
    /// Of a job that is in no queue.
    fn from(job: Job) -> Self {
        Self { done: Some(job.done), cancellations: Arc::default(), seen: 0 }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.call(Err(ScoreError::Internal("the worker ended".to_owned())));
    }
}

/// A queued job.
pub(super) struct Pending {
    pub(super) distorted: Box<dyn Frame>,
    pub(super) reference: Option<Box<dyn Frame>>,
    pub(super) ticket: Ticket,
}

struct User {
    id: u64,
    queue: VecDeque<Pending>,
    capacity: usize,
    batch_size: usize,
    cancellations: Arc<AtomicU64>,
}

#[derive(Default)]
struct State {
    users: Vec<User>,
    last_id: u64,
    /// The user with the next turn.
    turn: usize,
    /// Batches that were sent to the model and have not returned.
    running: usize,
    /// References to the worker, which runs while there is one.
    holds: usize,
    /// Whether the worker's threads are ending, so that nothing more is processed.
    ended: bool,
}

impl State {
    /// Whether nothing refers to the worker, and the model has nothing left to process.
    fn is_over(&self) -> bool {
        self.holds == 0 && self.running == 0
    }

    fn user(&mut self, id: u64) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    /// The next job, from the user whose turn it is.
    fn take(&mut self) -> Option<Pending> {
        let count = self.users.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            if let Some(pending) = self.users[index].queue.pop_front() {
                self.turn = index + 1;
                return Some(pending);
            }
        }
        None
    }
}

/// What all users of a worker and its threads share.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// A job has arrived, a batch has returned, or the worker ends.
    work: Condvar,
    /// A job was taken.
    room: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self, capacity: usize, batch_size: usize) -> u64 {
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let queue = VecDeque::with_capacity(capacity.min(1024));
        state.users.push(User { id, queue, capacity, batch_size, cancellations: Arc::default() });
        id
    }

    pub(super) fn leave(&self, id: u64) {
        self.cancel(id);
        self.lock().users.retain(|user| user.id != id);
        self.room.notify_all();
    }

    pub(super) fn cancel(&self, id: u64) {
        let queued = {
            let mut state = self.lock();
            let Some(user) = state.user(id) else { return };
            user.cancellations.fetch_add(1, Ordering::AcqRel);
            std::mem::take(&mut user.queue)
        };
        self.room.notify_all();
        for pending in queued {
            pending.ticket.finish(Err(ScoreError::Cancelled));
        }
    }

    pub(super) fn try_submit(&self, id: u64, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        let ended = state.ended;
        match state.user(id) {
            Some(user) if !ended && user.queue.len() < user.capacity => push(user, job),
            _ => return Err(job),
        }
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// Queues a job, waiting for room. After the end the job is answered at once.
    pub(super) fn submit(&self, id: u64, mut job: Job) {
        loop {
            job = match self.try_submit(id, job) {
                Ok(()) => return,
                Err(job) => job,
            };
            let mut state = self.lock();
            if state.ended {
                drop(state);
                drop(Ticket::from(job));
                return;
            }
            if state.user(id).is_some_and(|user| user.queue.len() >= user.capacity) {
                drop(self.room.wait(state).unwrap_or_else(PoisonError::into_inner));
            }
        }
    }

    /// The most pictures in a batch.
    pub(super) fn batch_size(&self) -> usize {
        self.lock().users.iter().map(|user| user.batch_size).max().unwrap_or(1)
    }

    /// Waits for a job; `None` is the end: nothing refers to the worker, and the model has processed everything.
    pub(super) fn next(&self) -> Option<Pending> {
        self.wait(|state| {
            // Under the lock, so that any later `hold` sees the end.
            state.ended |= state.is_over();
            state.ended
        })
    }

    /// A job that can join a batch; waits for one while the model is busy anyway.
    pub(super) fn next_while_busy(&self) -> Option<Pending> {
        self.wait(|state| state.running == 0 || state.ended || state.holds == 0)
    }

    /// Up to `most` queued jobs, without waiting.
    pub(super) fn waiting(&self, most: usize) -> Vec<Pending> {
        let mut state = self.lock();
        let jobs: Vec<_> = std::iter::from_fn(|| state.take()).take(most).collect();
        drop(state);
        if !jobs.is_empty() {
            self.room.notify_all();
        }
        jobs
    }

    fn wait(&self, give_up: impl Fn(&mut State) -> bool) -> Option<Pending> {
        let mut state = self.lock();
        loop {
            if let Some(pending) = state.take() {
                drop(state);
                self.room.notify_all();
                return Some(pending);
            }
            if give_up(&mut state) {
                return None;
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn batch_sent(&self) {
        self.lock().running += 1;
    }

    pub(super) fn batch_through(&self) {
        let mut state = self.lock();
        state.running = state.running.saturating_sub(1);
        drop(state);
        self.work.notify_one();
    }

    /// Takes a reference to a worker that may have lost its last one; false if its threads are ending.
    pub(super) fn hold(&self) -> bool {
        let mut state = self.lock();
        state.holds += usize::from(!state.ended);
        !state.ended
    }

    /// Drops a reference.
    pub(super) fn let_go(&self) {
        let mut state = self.lock();
        state.holds = state.holds.saturating_sub(1);
        drop(state);
        self.work.notify_all();
    }

    /// Ends the worker's threads. Nothing will take what is queued, so its tickets say that the worker ended.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let queued: Vec<_> = state.users.iter_mut().map(|user| std::mem::take(&mut user.queue)).collect();
        drop(state);
        self.work.notify_all();
        self.room.notify_all();
        drop(queued);
    }
}

fn push(user: &mut User, job: Job) {
    let cancellations = user.cancellations.clone();
    let seen = cancellations.load(Ordering::Acquire);
    let ticket = Ticket { done: Some(job.done), cancellations, seen };
    user.queue.push_back(Pending { distorted: job.distorted, reference: job.reference, ticket });
}
