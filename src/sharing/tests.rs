// SPDX-License-Identifier: MPL-2.0

use std::any::TypeId;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Lease;
use super::store::{BYTES, FRAMES, Key, Store, Value};

fn key(word: u64) -> Key {
    (TypeId::of::<u64>(), [word].into())
}

fn make(store: &Store, frame: u64, word: u64, make: impl FnOnce() -> (Value, usize)) -> Value {
    store.get_or_try(frame, &key(word), || Ok::<_, Infallible>(make())).unwrap()
}

fn get(store: &Store, frame: u64, word: u64, number: u64, bytes: usize) -> u64 {
    *make(store, frame, word, || (Arc::new(number), bytes)).downcast::<u64>().unwrap()
}

#[test]
fn held_memory_is_recognized_and_later_content_is_new() {
    let store = Store::default();
    let first = store.lease(&[1, 2]);
    assert!(!store.is_shared(first));
    assert_eq!(store.lease(&[1, 2]), first);
    assert!(store.is_shared(first));
    assert_ne!(store.lease(&[1]), first);
    assert_eq!(get(&store, first, 0, 7, 8), 7);
    assert_eq!(get(&store, first, 0, 8, 8), 7, "it is kept");
    assert_eq!(get(&store, first, 1, 8, 8), 8, "under another key");
    store.done(first, true, true);
    assert_eq!(store.bytes_of(first), 16, "the other one may still need it");
    store.done(first, true, true);
    let second = store.lease(&[1, 2]);
    assert_ne!(second, first, "a pool may have refilled it");
    assert_eq!(get(&store, second, 0, 9, 8), 9);
}

#[test]
fn data_without_waiting_leases_is_dropped_though_the_memory_is_held() {
    let store = Store::default();
    let frame = store.lease(&[1]);
    store.again(frame);
    let held = Arc::new(5u64);
    make(&store, frame, 0, || (held.clone(), 100));
    store.done(frame, true, false);
    assert_eq!((store.bytes_of(frame), Arc::strong_count(&held)), (100, 2));
    store.done(frame, true, false);
    assert_eq!((store.bytes_of(frame), Arc::strong_count(&held)), (0, 1));
    assert_eq!(store.lease(&[1]), frame, "it is still the same content");
}

#[test]
fn frames_and_bytes_are_bounded() {
    let store = Store::default();
    let frames: Vec<_> = (0..FRAMES + 3).map(|name| store.lease(&[name])).collect();
    for &frame in &frames {
        get(&store, frame, 0, frame, 10);
    }
    let kept = |store: &Store| frames.iter().filter(|&&frame| store.bytes_of(frame) > 0).count();
    assert_eq!(kept(&store), FRAMES);
    assert_eq!(store.bytes_of(frames[2]), 0, "the oldest are dropped");
    assert_eq!(get(&store, frames[0], 0, 77, 10), 77, "whoever still needs it computes it again");
    get(&store, frames[FRAMES + 2], 1, 0, BYTES - 15);
    assert_eq!(kept(&store), 1);
    get(&store, frames[FRAMES + 2], 2, 0, BYTES);
    assert_eq!(kept(&store), 0, "data above the limit is not kept");
}

#[test]
fn one_computes_and_the_others_wait() {
    let store = Store::default();
    let frame = store.lease(&[1]);
    let (made, barrier) = (AtomicUsize::new(0), std::sync::Barrier::new(4));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                let found = make(&store, frame, 0, || {
                    made.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    (Arc::new(3u64), 1)
                });
                assert_eq!(*found.downcast::<u64>().unwrap(), 3);
            });
        }
    });
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

#[test]
fn a_panic_does_not_poison_the_others() {
    let store = Store::default();
    let frame = store.lease(&[1]);
    let begun = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            make(&store, frame, 0, || {
                begun.wait();
                std::thread::sleep(std::time::Duration::from_millis(10));
                panic!("a bug in a measure")
            })
        });
        begun.wait();
        assert_eq!(get(&store, frame, 0, 4, 1), 4, "the waiting one computes");
        assert!(first.join().is_err());
    });
    // Depending on whether the panic took longer than the other one waited.
    let kept = get(&store, frame, 0, 5, 1);
    assert_eq!(get(&store, frame, 0, 6, 1), kept);
}

/// A comparison that is ahead waits for the others, but not for long if they do not catch up.
#[test]
fn waiting_for_slower_comparisons_is_limited() {
    let store = Store::default();
    let frames = [0, 1, 2].map(|name| store.lease(&[name]));
    for frame in frames {
        store.keep_step(frame);
        get(&store, frame, 0, frame, 1);
    }
    let ahead = store.lease(&[3]);
    // The wait is in vain, so the next ones are skipped.
    store.keep_step(ahead);
    assert!(store.is_impatient());
    let store = Store::default();
    let frames = [0, 1].map(|name| store.lease(&[name]));
    frames.iter().for_each(|&frame| _ = get(&store, frame, 0, frame, 1));
    store.done(frames[0], true, true);
    store.keep_step(store.lease(&[2]));
    assert!(!store.is_impatient(), "nothing to wait for");
}

#[test]
fn further_leases_of_one_holder_do_not_count_as_sharing() {
    let memory = [1u8];
    let address = [memory.as_ptr() as usize, 0xbead];
    let lease = Lease::new(&address);
    let later = lease.again();
    assert!(later.is_same(&lease) && !lease.is_shared());
    assert_eq!(*lease.get_or_make(&[1], || (5u32, 4)), 5);
    assert_eq!(*lease.get_or_make(&[1], || (5u64, 8)), 5, "another type is another value");
    lease.done();
    drop(lease);
    assert_eq!(*later.get_or_make(&[1], || (6u32, 4)), 5);
    later.done();
    assert_eq!(*later.get_or_make(&[1], || (6u32, 4)), 6);
}

#[test]
fn a_failed_computation_is_tried_again() {
    let store = Store::default();
    let frame = store.lease(&[1]);
    let found = store.get_or_try(frame, &key(0), || Err("no memory"));
    assert_eq!(found.err(), Some("no memory"));
    assert_eq!(get(&store, frame, 0, 2, 1), 2);
}
