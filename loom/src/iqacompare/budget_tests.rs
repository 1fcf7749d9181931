// SPDX-License-Identifier: MPL-2.0

use std::sync::Arc;

use loom::thread;

use super::budget::{Budget, Charge};
use super::wakeup::Wakeup;
use crate::comparer::Side;
use crate::every_order::{every_order, join};
use crate::lock;
use crate::sync::{Mutex, Timeouts};

/// Drops one of several clones. loom does not know `std`'s `Arc`: the lock stands in for its count, by which whoever
/// drops the last clone sees what the others did.
fn release(charge: Arc<Charge>, count: &Mutex<()>) {
    let _locked = lock(count);
    drop(charge);
}

const SIDES: [Side; 2] = [Side::Reference, Side::Distorted];

fn held(budget: &Budget) -> (u64, [usize; 2]) {
    (budget.bytes(), SIDES.map(|side| budget.frames(side)))
}

/// As a pad's thread waits with its next frame.
#[test]
fn who_waits_for_room_gets_what_is_released() {
    every_order(Timeouts::Never, Some(2), || {
        let room = Arc::<Wakeup>::default();
        let budget = Budget::new(room.clone());
        let queues = Arc::new(Mutex::new(()));
        let [one, two] = SIDES.map(|side| budget.charge(side, 4));
        let releases = [
            thread::spawn(move || drop(one)),
            // Under a lock that the waiting thread takes, too.
            thread::spawn({
                let queues = queues.clone();
                move || {
                    let _locked = lock(&queues);
                    drop(two);
                }
            }),
        ];
        loop {
            let seen = room.generation();
            let locked = lock(&queues);
            if held(&budget) == (0, [0, 0]) {
                break;
            }
            drop(locked);
            room.wait(seen, None);
        }
        join(releases);
    });
}

/// Frames arrive and are dropped while two holders of one say how large it is by now.
#[test]
fn bytes_and_frames_add_up_whatever_is_released_first() {
    every_order(Timeouts::Never, Some(2), || {
        let budget = Budget::new(Arc::default());
        let one = budget.charge(Side::Reference, 5);
        let (two, copy) = (budget.charge(Side::Distorted, 3), one.clone());
        let count = Arc::<Mutex<()>>::default();
        let task = thread::spawn({
            let count = count.clone();
            move || {
                one.set(7);
                release(one, &count);
            }
        });
        let copies = thread::spawn({
            let count = count.clone();
            move || {
                copy.set(2);
                release(copy, &count);
            }
        });
        let threads = [task, copies, thread::spawn(move || drop(two))];
        let three = budget.charge(Side::Distorted, 1);
        join(threads);
        assert_eq!(held(&budget), (1, [0, 1]));
        drop(three);
        assert_eq!(held(&budget), (0, [0, 0]));
    });
}

/// What the limit is compared with is never less than what is held.
#[test]
fn a_frame_that_shrinks_or_grows_counts_all_the_time() {
    every_order(Timeouts::Never, None, || {
        let budget = Budget::new(Arc::default());
        let (one, two) = (budget.charge(Side::Reference, 4), budget.charge(Side::Reference, 1));
        let task = thread::spawn(move || {
            one.set(6);
            one
        });
        let other = thread::spawn(move || {
            two.set(3);
            two
        });
        let bytes = budget.bytes();
        assert!((5..=9).contains(&bytes), "{bytes}");
        let charges = join([task, other]);
        assert_eq!(held(&budget), (9, [2, 0]));
        drop(charges);
        assert_eq!(held(&budget), (0, [0, 0]));
    });
}
