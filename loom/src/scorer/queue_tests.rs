// SPDX-License-Identifier: MPL-2.0

use std::collections::VecDeque;
use std::sync::Arc;

use loom::thread;

use super::error::ScoreError;
use super::job::Job;
use super::queue::{Pending, Queue};
use super::score::Score;
use crate::every_order::{every_order, join};
use crate::lock;
use crate::picture::Frame;
use crate::sync::{Condvar, Mutex, PoisonError, Timeouts};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Scored,
    Cancelled,
    Ended,
}

use Answer::{Cancelled, Ended, Scored};

/// Answers by the numbers of the jobs, as they came. Not of loom: an answer comes at a single step.
#[derive(Clone, Default)]
struct Answers(Arc<std::sync::Mutex<Vec<(u32, Answer)>>>);

impl Answers {
    fn job(&self, number: u32) -> Job {
        struct Empty;
        impl Frame for Empty {}
        let answers = self.0.clone();
        let done = Box::new(move |result| {
            let answer = match result {
                Ok(_) => Scored,
                Err(ScoreError::Cancelled) => Cancelled,
                Err(_) => Ended,
            };
            answers.lock().unwrap().push((number, answer));
        });
        Job { distorted: Box::new(Empty), reference: None, done }
    }

    fn in_order(&self) -> Vec<(u32, Answer)> {
        self.0.lock().unwrap().clone()
    }

    fn sorted(&self) -> Vec<(u32, Answer)> {
        let mut answers = self.in_order();
        answers.sort_unstable();
        answers
    }
}

fn finish(pending: Pending) {
    let score = Score { raw: 0.0, score: 0.0, attributes: Vec::new(), map: None };
    let cancelled = pending.ticket.is_cancelled();
    pending.ticket.finish(if cancelled { Err(ScoreError::Cancelled) } else { Ok(score) });
}

/// Both threads of a worker in one.
fn work(queue: &Queue) {
    while let Some(pending) = queue.next() {
        finish(pending);
    }
}

/// A queue with as many references to its worker.
fn held(references: usize) -> (Arc<Queue>, Answers) {
    let queue = Arc::<Queue>::default();
    (0..references).for_each(|_| assert!(queue.hold()));
    (queue, Answers::default())
}

#[test]
fn every_job_of_two_users_is_scored_once_and_in_order() {
    every_order(Timeouts::Never, Some(2), || {
        let (queue, answers) = held(2);
        let users = [10, 20].map(|first| {
            let (queue, answers) = (queue.clone(), answers.clone());
            thread::spawn(move || {
                let user = queue.join(1, 1);
                (first..first + 2).for_each(|number| queue.submit(user, answers.job(number)));
                queue.let_go();
            })
        });
        work(&queue);
        join(users);
        assert_eq!(answers.sorted(), [10, 11, 20, 21].map(|number| (number, Scored)));
        for first in [10, 20] {
            let own: Vec<_> = answers.in_order().into_iter().filter(|(number, _)| number / 10 == first / 10).collect();
            assert!(own.is_sorted(), "{own:?}");
        }
        assert!(!queue.hold(), "the worker has ended");
    });
}

#[test]
fn a_queue_takes_no_more_than_its_capacity() {
    every_order(Timeouts::Never, None, || {
        let (queue, answers) = held(1);
        let user = queue.join(1, 1);
        let submitting = [1, 2].map(|number| {
            let (queue, job) = (queue.clone(), answers.job(number));
            thread::spawn(move || queue.try_submit(user, job).is_ok())
        });
        let accepted = join(submitting);
        assert!(accepted[0] ^ accepted[1], "{accepted:?}");
        assert_eq!(queue.waiting(2).len(), 1);
    });
}

/// Batches on their way from one thread of the worker to the other.
#[derive(Default)]
struct Batches {
    state: Mutex<(VecDeque<Vec<Pending>>, bool)>,
    changed: Condvar,
}

impl Batches {
    fn send(&self, batch: Vec<Pending>) {
        lock(&self.state).0.push_back(batch);
        self.changed.notify_one();
    }

    fn close(&self) {
        lock(&self.state).1 = true;
        self.changed.notify_one();
    }

    fn receive(&self) -> Option<Vec<Pending>> {
        let idle = |state: &mut (VecDeque<_>, bool)| state.0.is_empty() && !state.1;
        let mut state = self.changed.wait_while(lock(&self.state), idle).unwrap_or_else(PoisonError::into_inner);
        state.0.pop_front()
    }
}

/// As the worker does: jobs join a batch for as long as the model is busy with the last one.
fn prepare(queue: &Queue, batches: &Batches) {
    while let Some(first) = queue.next() {
        let (mut batch, most) = (vec![first], queue.batch_size());
        while batch.len() < most {
            batch.extend(queue.waiting(most - batch.len()));
            if batch.len() == most {
                break;
            }
            let Some(pending) = queue.next_while_busy() else { break };
            batch.push(pending);
        }
        queue.batch_sent();
        batches.send(batch);
    }
    batches.close();
}

#[test]
fn batches_are_filled_while_the_model_is_busy_and_no_longer() {
    every_order(Timeouts::Never, Some(2), || {
        let (queue, answers) = held(1);
        let batches = Arc::<Batches>::default();
        let user = thread::spawn({
            let (queue, answers) = (queue.clone(), answers.clone());
            move || {
                let user = queue.join(2, 2);
                (0..3).for_each(|number| queue.submit(user, answers.job(number)));
                queue.let_go();
            }
        });
        let run = thread::spawn({
            let (queue, batches) = (queue.clone(), batches.clone());
            move || {
                while let Some(batch) = batches.receive() {
                    assert!((1..=2).contains(&batch.len()));
                    queue.batch_through();
                    batch.into_iter().for_each(finish);
                }
            }
        });
        prepare(&queue, &batches);
        user.join().unwrap();
        run.join().unwrap();
        assert_eq!(answers.in_order(), [0, 1, 2].map(|number| (number, Scored)));
    });
}

#[test]
fn a_cancelled_job_is_answered_once_and_a_later_one_is_scored() {
    every_order(Timeouts::Never, Some(3), || {
        let (queue, answers) = held(2);
        let user = queue.join(1, 1);
        let submitting = thread::spawn({
            let (queue, answers) = (queue.clone(), answers.clone());
            move || {
                queue.submit(user, answers.job(0));
                queue.let_go();
            }
        });
        let cancelling = thread::spawn({
            let (queue, answers) = (queue.clone(), answers.clone());
            move || {
                queue.cancel(user);
                queue.submit(user, answers.job(1));
                queue.let_go();
            }
        });
        work(&queue);
        submitting.join().unwrap();
        cancelling.join().unwrap();
        let answers = answers.sorted();
        assert!(matches!(answers[..], [(0, Scored | Cancelled), (1, Scored)]), "{answers:?}");
    });
}

#[test]
fn a_job_that_was_taken_learns_of_the_cancellation() {
    every_order(Timeouts::Never, None, || {
        let (queue, answers) = held(1);
        let user = queue.join(1, 1);
        queue.submit(user, answers.job(0));
        let cancelling = thread::spawn({
            let queue = queue.clone();
            move || queue.cancel(user)
        });
        let mut taken = queue.waiting(1);
        cancelling.join().unwrap();
        queue.submit(user, answers.job(1));
        taken.extend(queue.waiting(1));
        taken.into_iter().for_each(finish);
        assert_eq!(answers.in_order(), [(0, Cancelled), (1, Scored)]);
    });
}

#[test]
fn who_waits_for_room_is_woken_by_a_cancellation() {
    every_order(Timeouts::Never, None, || {
        let (queue, answers) = held(1);
        let user = queue.join(1, 1);
        queue.submit(user, answers.job(0));
        let waiting = thread::spawn({
            let (queue, job) = (queue.clone(), answers.job(1));
            move || queue.submit(user, job)
        });
        queue.cancel(user);
        waiting.join().unwrap();
        assert_eq!(answers.in_order(), [(0, Cancelled)]);
        queue.leave(user);
        assert_eq!(answers.in_order(), [(0, Cancelled), (1, Cancelled)]);
    });
}

/// As a registry finds a worker whose last user has just gone.
#[test]
fn a_worker_goes_on_for_a_new_user_or_has_ended() {
    every_order(Timeouts::Never, Some(3), || {
        let (queue, answers) = held(1);
        let worker = thread::spawn({
            let queue = queue.clone();
            move || work(&queue)
        });
        let last = thread::spawn({
            let queue = queue.clone();
            move || queue.let_go()
        });
        let goes_on = queue.hold();
        if goes_on {
            let user = queue.join(1, 1);
            queue.submit(user, answers.job(0));
            queue.let_go();
        }
        worker.join().unwrap();
        last.join().unwrap();
        assert_eq!(answers.in_order().len(), usize::from(goes_on));
    });
}

/// A thread of the worker has panicked, or could not be started.
#[test]
fn every_job_is_answered_though_the_worker_ends() {
    every_order(Timeouts::Never, Some(3), || {
        let (queue, answers) = held(1);
        let user = queue.join(1, 1);
        let submitting = thread::spawn({
            let (queue, answers) = (queue.clone(), answers.clone());
            move || (0..3).for_each(|number| queue.submit(user, answers.job(number)))
        });
        queue.next().map(finish);
        queue.end();
        submitting.join().unwrap();
        assert_eq!(answers.sorted(), [(0, Scored), (1, Ended), (2, Ended)]);
    });
}

/// The thread that runs the model has ended, and the other one finds out.
#[test]
fn every_job_is_answered_though_the_model_s_thread_ends() {
    every_order(Timeouts::Never, Some(2), || {
        let (queue, answers) = held(1);
        let batches = Arc::<Batches>::default();
        let user = thread::spawn({
            let (queue, answers) = (queue.clone(), answers.clone());
            move || {
                let user = queue.join(2, 2);
                (0..3).for_each(|number| queue.submit(user, answers.job(number)));
            }
        });
        let run = thread::spawn({
            let (queue, batches) = (queue.clone(), batches.clone());
            move || {
                drop(batches.receive());
                queue.end();
                // What the channel does whose receiver is gone.
                while let Some(batch) = batches.receive() {
                    drop(batch);
                }
            }
        });
        prepare(&queue, &batches);
        queue.end();
        user.join().unwrap();
        run.join().unwrap();
        assert_eq!(answers.sorted(), [0, 1, 2].map(|number| (number, Ended)));
    });
}
