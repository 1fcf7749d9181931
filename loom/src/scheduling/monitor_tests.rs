// SPDX-License-Identifier: MPL-2.0

use std::collections::VecDeque;
use std::sync::Arc;

use loom::thread;

use super::monitor::Monitor;
use crate::every_order::{every_order, join};
use crate::sync::Timeouts;

/// As `iqascore`'s queue: chain waits for room, the task for frames, both on one condition; a flush ends both.
#[derive(Default)]
struct State {
    frames: VecDeque<u32>,
    flushing: bool,
}

#[derive(Debug, PartialEq)]
struct Flushing;

fn push(queue: &Monitor<State>, frame: u32) -> Result<(), Flushing> {
    let has_room = |state: &State| if state.flushing { Err(Flushing) } else { Ok(state.frames.is_empty()) };
    let mut state = queue.wait_until(queue.lock(), has_room)?;
    assert!(state.frames.is_empty() && !state.flushing, "neither room nor an error");
    state.frames.push_back(frame);
    drop(state);
    queue.wake();
    Ok(())
}

fn pop(queue: &Monitor<State>) -> Option<u32> {
    let mut state = queue.lock();
    while !state.flushing {
        if let Some(frame) = state.frames.pop_front() {
            drop(state);
            queue.wake();
            return Some(frame);
        }
        state = queue.wait(state);
    }
    None
}

fn flush(queue: &Monitor<State>) {
    queue.lock().flushing = true;
    queue.wake();
}

#[test]
fn frames_pass_in_order_through_a_queue_of_one() {
    every_order(Timeouts::Never, None, || {
        let queue = Arc::new(Monitor::<State>::default());
        let of_task = queue.clone();
        let task = thread::spawn(move || [(); 3].map(|()| pop(&of_task)));
        (0..3).for_each(|frame| push(&queue, frame).unwrap());
        assert_eq!(task.join().unwrap(), [0, 1, 2].map(Some));
    });
}

#[test]
fn two_that_push_and_one_that_takes_wake_each_other() {
    every_order(Timeouts::Never, Some(2), || {
        let queue = Arc::new(Monitor::<State>::default());
        let pushing = [1, 2].map(|frame| {
            let queue = queue.clone();
            thread::spawn(move || push(&queue, frame).and_then(|()| push(&queue, frame + 10)))
        });
        let mut taken = [(); 4].map(|()| pop(&queue).unwrap());
        join(pushing).into_iter().for_each(Result::unwrap);
        taken.sort_unstable();
        assert_eq!(taken, [1, 2, 11, 12]);
    });
}

#[test]
fn a_flush_ends_every_wait() {
    every_order(Timeouts::Never, None, || {
        let queue = Arc::new(Monitor::<State>::default());
        queue.lock().frames.push_back(0);
        let chain = thread::spawn({
            let queue = queue.clone();
            move || push(&queue, 1).and_then(|()| push(&queue, 2)).and_then(|()| push(&queue, 3))
        });
        let task = thread::spawn({
            let queue = queue.clone();
            move || [pop(&queue), pop(&queue)]
        });
        flush(&queue);
        // Two are taken at most, so the fourth finds no room before the flush.
        assert_eq!(chain.join().unwrap(), Err(Flushing));
        let taken = task.join().unwrap();
        assert!([[Some(0), Some(1)], [Some(0), None], [None, None]].contains(&taken), "{taken:?}");
    });
}
