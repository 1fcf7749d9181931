// SPDX-License-Identifier: MPL-2.0

use std::sync::{Arc, Weak};

use loom::thread;

use super::lease::Lease;
use super::store::STORE;
use crate::every_order::{every_order, join};
use crate::lock;
use crate::sync::{Mutex, Timeouts};

const MEMORY: [usize; 2] = [0x1000, 0];

/// A pool with one buffer, which it fills anew once nobody holds it.
#[derive(Default)]
struct Pool {
    holders: usize,
    content: u64,
}

/// Holds the buffer, and computes something of it; gives what was found, and what is left of that.
fn compare(pool: &Mutex<Pool>) -> Weak<u64> {
    let content = {
        let mut pool = lock(pool);
        pool.content += u64::from(pool.holders == 0);
        pool.holders += 1;
        pool.content
    };
    let lease = Lease::new(&MEMORY);
    let found = lease.get_or_make(&[1], || (content, 8));
    assert_eq!(*found, content, "that is of a former content");
    drop(lease);
    lock(pool).holders -= 1;
    Arc::downgrade(&found)
}

fn never_stale(timeouts: Timeouts) {
    every_order(timeouts, Some(2), || {
        let pool = Arc::<Mutex<Pool>>::default();
        let threads = [(); 2].map(|()| {
            let pool = pool.clone();
            thread::spawn(move || [compare(&pool), compare(&pool)])
        });
        let found = join(threads);
        assert!(found.iter().flatten().all(|found| found.upgrade().is_none()), "it is kept without a lease");
    });
}

#[test]
fn what_is_found_is_of_the_content_that_is_held() {
    never_stale(Timeouts::Never);
}

#[test]
fn nor_is_it_stale_when_waits_are_given_up() {
    never_stale(Timeouts::Happen);
}

/// What a holder does later, on another thread, needs what was computed until that is done, too.
#[test]
fn what_is_computed_is_kept_until_the_last_lease_is_done() {
    every_order(Timeouts::Never, None, || {
        let lease = Lease::new(&MEMORY);
        let (number, later) = (lease.number(), lease.again());
        let found = lease.get_or_make(&[1], || (5u64, 8));
        let thread = thread::spawn(move || {
            let found = later.get_or_make(&[1], || (6u64, 8));
            later.done();
            assert_eq!(*found, 5);
        });
        lease.done();
        // The lease that is done holds the memory as before.
        assert!(Lease::new(&MEMORY).is_same(&lease));
        thread.join().unwrap();
        assert_eq!((STORE.bytes_of(number), Arc::strong_count(&found)), (0, 1));
        drop(lease);
        assert_ne!(Lease::new(&MEMORY).number(), number);
    });
}

#[test]
fn a_lease_is_done_once_whoever_says_so() {
    every_order(Timeouts::Never, None, || {
        let (lease, other) = (Arc::new(Lease::new(&MEMORY)), Lease::new(&MEMORY));
        lease.get_or_make(&[1], || (5u64, 8));
        let threads = [(); 2].map(|()| {
            let lease = lease.clone();
            thread::spawn(move || lease.done())
        });
        join(threads);
        assert_eq!(*other.get_or_make(&[1], || (6u64, 8)), 5, "the other one needs it yet");
    });
}
