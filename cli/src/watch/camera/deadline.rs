// SPDX-License-Identifier: MPL-2.0

//! Calls that may never return: sources can hang in `set_state`, in a driver or waiting for a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// The call has returned.
const DONE: u8 = 1;
/// The caller has given up.
const LEFT: u8 = 2;

/// Counts abandoned calls of a camera or of all cameras.
#[derive(Debug, Default)]
pub struct Abandoned {
    count: AtomicUsize,
    /// Counter that includes this one.
    all: Option<Arc<Self>>,
}

impl Abandoned {
    /// Creates the counter of a camera, which is included in `all`.
    pub fn within_all(all: Arc<Self>) -> Self {
        Self { count: AtomicUsize::new(0), all: Some(all) }
    }

    fn left(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.all.iter().for_each(|all| all.left());
    }

    fn came_back(&self) {
        self.all.iter().for_each(|all| all.came_back());
        self.count.fetch_sub(1, Ordering::Release);
    }

    /// Runs `work` in a separate thread; returns `None` on timeout. The thread and what `work` owns are then abandoned,
    /// and counted until the call returns.
    pub fn within<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, result) = mpsc::sync_channel(1);
        let progress = Arc::new(AtomicU8::new(0));
        let (abandoned, there) = (self.clone(), progress.clone());
        let run = move || {
            // The channel has room, and the receiver may be gone.
            let _ = sender.send(work());
            if there.swap(DONE, Ordering::AcqRel) == LEFT {
                abandoned.came_back();
            }
        };
        // A thread that cannot be created counts as a call that does not return.
        std::thread::Builder::new().name("state change".to_owned()).spawn(run).ok()?;
        match result.recv_timeout(limit) {
            Ok(value) => return Some(value),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        self.left();
        if progress.swap(LEFT, Ordering::AcqRel) != DONE {
            return None;
        }
        self.came_back();
        result.try_recv().ok()
    }

    /// Number of abandoned calls.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::time::Instant;

    #[test]
    fn what_comes_back_is_given() {
        let abandoned = Arc::new(Abandoned::default());
        assert_eq!(abandoned.within(Duration::from_secs(60), || 7), Some(7));
        assert_eq!(abandoned.count(), 0);
    }

    #[test]
    fn what_hangs_is_counted_until_it_comes_back() {
        let all = Arc::new(Abandoned::default());
        let abandoned = Arc::new(Abandoned::within_all(all.clone()));
        let gate = Arc::new(Barrier::new(2));
        let there = gate.clone();
        assert_eq!(
            abandoned.within(Duration::from_millis(20), move || {
                there.wait();
            }),
            None
        );
        assert_eq!((abandoned.count(), all.count()), (1, 1));
        gate.wait();
        let start = Instant::now();
        while abandoned.count() > 0 && start.elapsed() < Duration::from_secs(30) {
            std::thread::yield_now();
        }
        assert_eq!((abandoned.count(), all.count()), (0, 0));
    }
}
