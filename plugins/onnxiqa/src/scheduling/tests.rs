// SPDX-License-Identifier: MPL-2.0

//! Waits of a [`Monitor`]. `loom/` has others.

use super::Monitor;
use std::time::Duration;

#[test]
fn a_wait_ends_when_the_state_is_ready() {
    let monitor = Monitor::<u32>::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..3 {
                std::thread::sleep(Duration::from_millis(5));
                *monitor.lock() += 1;
                monitor.wake();
            }
        });
        let state = monitor.wait_until(monitor.lock(), |&state| Ok::<_, ()>(state >= 3));
        assert_eq!(state.map(|state| *state), Ok(3));
    });
}

#[test]
fn a_wait_ends_with_the_first_error() {
    let monitor = Monitor::<u32>::default();
    let state = monitor.wait_until(monitor.lock(), |_| Err("over"));
    assert_eq!(state.map(|state| *state), Err("over"));
}
