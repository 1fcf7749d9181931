// SPDX-License-Identifier: MPL-2.0

//! Users that come and go while the worker is busy: it continues for the next user, and no other worker is started.
//! This is the only test in its process, whose threads it counts.

mod common;

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use common::{flat, near, open};
use onnx_iqa::picture::{Frame, OwnedFrame, Picture, PictureError};
use onnx_iqa::scorer::{Job, Scorer};
use onnx_iqa_testkit as kit;

/// A frame that cannot be read until the gate opens.
struct Gate {
    shut: Mutex<Receiver<()>>,
    reached: Sender<()>,
    frame: OwnedFrame,
}

impl Frame for Gate {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let _ = self.reached.send(());
        // Returns an error when the gate is dropped.
        let _ = self.shut.lock().unwrap().recv();
        self.frame.picture()
    }
}

/// The names of this process's threads. A new thread is listed at once, but has its own name only when it runs.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the process's threads");
    tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok()).collect()
}

/// Waits until that many threads have a worker's name.
fn await_workers(count: usize) {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let names = threads();
        if names.iter().filter(|name| name.starts_with("iqa-")).count() == count {
            return;
        }
        assert!(Instant::now() < limit, "{count} threads of workers are expected, found {names:?}");
        std::thread::yield_now();
    }
}

#[test]
fn twenty_restarts_while_the_worker_is_busy_start_no_other_worker() {
    let dir = kit::TempDir::new();
    let model = open(&kit::mean_model(dir.path(), "mean"));
    let (gate, shut) = channel();
    let (reached, at) = channel();
    let slow = Gate { shut: Mutex::new(shut), reached, frame: *flat(8, 8, [255; 3]) };
    let first = Scorer::with_queue(model.clone(), 1, 1);
    first.try_submit(Job { distorted: Box::new(slow), reference: None, done: Box::new(|_| ()) }).expect("room");
    at.recv_timeout(Duration::from_secs(60)).expect("the worker starts on the frame");
    // One prepares, one runs.
    await_workers(2);
    let all = threads().len();
    drop(first);
    for restart in 0..20 {
        let scorer = Scorer::with_queue(model.clone(), 1, 1);
        let job = Job { distorted: flat(8, 8, [1; 3]), reference: None, done: Box::new(|_| ()) };
        assert!(scorer.try_submit(job).is_ok());
        assert_eq!(threads().len(), all, "after {restart} restarts: {:?}", threads());
    }
    let last = Scorer::with_queue(model, 1, 1);
    drop(gate);
    near(last.score_frame(flat(8, 8, [51; 3]), None).expect("a score").score, 20.0);
    assert_eq!(threads().len(), all, "{:?}", threads());
    drop(last);
    // The threads end with the last user.
    await_workers(0);
}
