// SPDX-License-Identifier: MPL-2.0

use std::any::TypeId;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

use super::store::{BYTES, Key, Store, Value};
use crate::every_order::{every_order, join};
use crate::sync::{Instant, Timeouts};

fn key() -> Key {
    (TypeId::of::<u64>(), [].into())
}

fn get<E>(store: &Store, number: u64, make: impl FnOnce() -> Result<u64, E>) -> Result<u64, E> {
    let made = store.get_or_try(number, &key(), || make().map(|made| (Arc::new(made) as Value, 8)));
    made.map(|found| *found.downcast::<u64>().unwrap())
}

/// Whether time has passed, which it does by waits that were given up.
fn gave_up() -> bool {
    Instant::now() > Instant::START
}

fn computed_once(timeouts: Timeouts) {
    every_order(timeouts, Some(2), || {
        let (store, made) = (Arc::new(Store::default()), Arc::new(AtomicUsize::new(0)));
        let numbers = [(); 3].map(|()| store.lease(&[1]));
        let mut values = 0..;
        let threads = numbers.map(|number| {
            let value = values.next().unwrap();
            let (store, made) = (store.clone(), made.clone());
            thread::spawn(move || {
                let make = || {
                    made.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, ()>(value)
                };
                let found = get(&store, number, make).unwrap();
                store.done(number, true, true);
                found
            })
        });
        let found = join(threads);
        let made = made.load(Ordering::Relaxed);
        assert!(made == 1 && found.iter().all(|value| *value == found[0]) || gave_up(), "{found:?}, made {made} times");
    });
}

/// A computation that nobody is told of is waited for in vain.
#[test]
fn one_computes_and_the_others_wait_for_it() {
    computed_once(Timeouts::Never);
}

#[test]
fn who_waits_too_long_computes_its_own() {
    computed_once(Timeouts::Happen);
}

#[test]
fn after_one_that_failed_the_next_one_computes() {
    every_order(Timeouts::Never, None, || {
        let store = Arc::new(Store::default());
        let numbers = [(); 2].map(|()| store.lease(&[1]));
        let failing = thread::spawn({
            let store = store.clone();
            move || get(&store, numbers[0], || Err("no memory"))
        });
        assert_eq!(get(&store, numbers[1], || Ok::<_, ()>(2)), Ok(2));
        assert!(matches!(failing.join().unwrap(), Ok(2) | Err("no memory")));
        assert_eq!(get(&store, numbers[0], || Ok::<_, ()>(3)), Ok(2), "it is kept");
    });
}

#[test]
fn after_one_that_panicked_the_next_one_computes() {
    every_order(Timeouts::Never, None, || {
        let store = Arc::new(Store::default());
        let numbers = [(); 2].map(|()| store.lease(&[1]));
        let panicking = thread::spawn({
            let store = store.clone();
            // Not by `panic!`, which would be reported in each execution.
            let panics = || -> Result<u64, ()> { resume_unwind(Box::new("a bug in a measure")) };
            move || catch_unwind(AssertUnwindSafe(|| get(&store, numbers[0], panics))).ok()
        });
        assert_eq!(get(&store, numbers[1], || Ok::<_, ()>(2)), Ok(2));
        assert!(matches!(panicking.join().unwrap(), None | Some(Ok(2))));
        assert_eq!(get(&store, numbers[0], || Ok::<_, ()>(3)), Ok(2), "it is kept");
    });
}

/// Two frames do not fit: the one that is kept last drops the other.
#[test]
fn no_more_is_kept_than_may_be() {
    every_order(Timeouts::Never, None, || {
        let store = Arc::new(Store::default());
        let numbers = [1, 2].map(|memory| store.lease(&[memory]));
        let threads = numbers.map(|number| {
            let store = store.clone();
            thread::spawn(move || {
                let make = || Ok::<_, ()>((Arc::new(number) as Value, BYTES / 3 * 2));
                *store.get_or_try(number, &key(), make).unwrap().downcast::<u64>().unwrap()
            })
        });
        assert_eq!(join(threads), numbers);
        let mut kept = numbers.map(|number| store.bytes_of(number));
        kept.sort_unstable();
        assert_eq!(kept, [0, BYTES / 3 * 2]);
        numbers.iter().for_each(|&number| store.done(number, true, true));
        assert_eq!(numbers.map(|number| store.bytes_of(number)), [0, 0]);
    });
}

/// One comparison is at its third frame, and the other one has yet to do the first two.
fn ahead(timeouts: Timeouts) {
    every_order(timeouts, None, || {
        let store = Arc::new(Store::default());
        let numbers = [1, 2, 3].map(|memory| store.lease(&[memory]));
        numbers[..2].iter().for_each(|&number| _ = get(&store, number, || Ok::<_, ()>(number)));
        let behind = thread::spawn({
            let store = store.clone();
            move || numbers[..2].iter().for_each(|&number| store.done(number, true, true))
        });
        store.keep_step(numbers[2]);
        let kept = numbers[..2].iter().filter(|&&number| store.bytes_of(number) > 0).count();
        assert!(kept < 2 || store.is_impatient(), "it went on too early");
        assert!(!store.is_impatient() || gave_up(), "no time has passed");
        behind.join().unwrap();
    });
}

#[test]
fn who_is_ahead_waits_until_another_has_caught_up() {
    ahead(Timeouts::Never);
}

#[test]
fn who_is_ahead_does_not_wait_for_ever() {
    ahead(Timeouts::Happen);
}
