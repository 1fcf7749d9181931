// SPDX-License-Identifier: MPL-2.0

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::wakeup::Wakeup;
use crate::every_order::{every_order, join};
use crate::lock;
use crate::sync::{Instant, Mutex, Timeouts, notifications};

const LIMIT: Duration = Duration::from_millis(1);

/// A state under a lock of its own, as `iqacompare`'s queues are.
#[derive(Default)]
struct Guarded {
    state: Mutex<u32>,
    wakeup: Wakeup,
}

impl Guarded {
    fn set(&self, bit: u32) {
        *lock(&self.state) |= bit;
        self.wakeup.tell();
    }

    fn wait_for(&self, bits: u32) {
        loop {
            let seen = self.wakeup.generation();
            if *lock(&self.state) & bits == bits {
                return;
            }
            self.wakeup.wait(seen, None);
        }
    }
}

/// A change that is missed is a wait that nothing ends.
#[test]
fn no_change_is_missed() {
    every_order(Timeouts::Never, Some(3), || {
        let guarded = Arc::new(Guarded::default());
        let tellers = [[1, 2].as_slice(), &[4]].map(|bits| {
            let guarded = guarded.clone();
            thread::spawn(move || bits.iter().for_each(|&bit| guarded.set(bit)))
        });
        guarded.wait_for(7);
        join(tellers);
    });
}

#[test]
fn every_waiting_thread_is_told() {
    every_order(Timeouts::Never, None, || {
        let guarded = Arc::new(Guarded::default());
        let waiters = [(); 2].map(|()| {
            let guarded = guarded.clone();
            thread::spawn(move || guarded.wait_for(1))
        });
        guarded.set(1);
        join(waiters);
    });
}

/// As a charge tells that is dropped while the queues are locked.
#[test]
fn it_may_tell_under_the_lock_of_what_changes() {
    every_order(Timeouts::Never, None, || {
        let guarded = Arc::new(Guarded::default());
        let tellers = [1, 2].map(|bit| {
            let guarded = guarded.clone();
            thread::spawn(move || {
                let mut state = lock(&guarded.state);
                *state |= bit;
                guarded.wakeup.tell();
                drop(state);
            })
        });
        guarded.wait_for(3);
        join(tellers);
    });
}

/// Whether a change comes before the limit, after it, or not at all.
#[test]
fn a_wait_ends_by_a_change_or_at_its_limit() {
    every_order(Timeouts::Happen, None, || {
        let wakeup = Arc::new(Wakeup::default());
        let seen = wakeup.generation();
        let teller = {
            let wakeup = wakeup.clone();
            thread::spawn(move || wakeup.tell())
        };
        let began = Instant::now();
        wakeup.wait(seen, Some(LIMIT));
        let changed = wakeup.generation() != seen;
        assert!(changed || Instant::now() == began + LIMIT, "neither a change nor the limit");
        teller.join().unwrap();
        wakeup.wait(seen, Some(LIMIT));
        wakeup.wait(seen, None);
    });
}

/// A tell costs a lock, and no system call unless somebody waits: it is called for every frame.
#[test]
fn nobody_is_notified_when_nobody_waits() {
    every_order(Timeouts::Happen, None, || {
        let wakeup = Arc::new(Wakeup::default());
        let waiters = [None, Some(LIMIT)].map(|limit| {
            let wakeup = wakeup.clone();
            let seen = wakeup.generation();
            thread::spawn(move || wakeup.wait(seen, limit))
        });
        wakeup.tell();
        join(waiters);
        let before = notifications();
        wakeup.tell();
        assert_eq!(notifications(), before, "the waits are over, and still counted");
    });
}
