// SPDX-License-Identifier: MPL-2.0

//! The worker shared by a model's users: order, turns, cancelling, and exactly one answer per job.

mod common;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use common::{flat, near, open, open_with};
use onnx_iqa::model::{Model, Provider};
use onnx_iqa::picture::{Frame, OwnedFrame, Picture, PictureError};
use onnx_iqa::scorer::{Job, Score, ScoreError, Scorer};
use onnx_iqa_testkit::{self as kit, Element};

type Answer = (usize, Result<Score, ScoreError>);

/// A job that answers with its number.
fn job(number: usize, frame: Box<dyn Frame>, answers: &Sender<Answer>) -> Job {
    let answers = answers.clone();
    let done = Box::new(move |result| answers.send((number, result)).unwrap());
    Job { distorted: frame, reference: None, done }
}

/// A gray frame of that value, which the model's mean reproduces.
fn numbered(number: usize) -> Box<OwnedFrame> {
    flat(8, 8, [(number % 256) as u8; 3])
}

fn submit(scorer: &Scorer, mut job: Job) {
    loop {
        match scorer.try_submit(job) {
            Ok(()) => return,
            Err(back) => job = back,
        }
        std::thread::yield_now();
    }
}

/// A frame that cannot be read until the gate opens, which stops the worker at a defined point.
struct Gate {
    open: Mutex<Receiver<()>>,
    reached: Sender<()>,
    frame: OwnedFrame,
}

/// The frame, what opens the gate, and what signals that the worker has reached it.
fn gate() -> (Box<Gate>, Sender<()>, Receiver<()>) {
    let (opener, open) = channel();
    let (reached, at) = channel();
    (Box::new(Gate { open: Mutex::new(open), reached, frame: *flat(8, 8, [255; 3]) }), opener, at)
}

impl Frame for Gate {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let _ = self.reached.send(());
        let _ = self.open.lock().unwrap().recv();
        self.frame.picture()
    }
}

struct Panics;

impl Frame for Panics {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        panic!("a frame that panics")
    }
}

fn mean(dir: &kit::TempDir) -> PathBuf {
    kit::mean_model(dir.path(), "mean")
}

#[test]
fn equal_models_share_a_session() {
    let dir = kit::TempDir::new();
    // A contract of its own, because other tests in this process have models open.
    let contract = kit::NR_CONTRACT.replace("\"mean\"", "\"shared\"");
    let path = kit::mean_model_with(dir.path(), "shared", &contract);
    let first = open(&path);
    assert!(Arc::ptr_eq(&first, &open(&path)));
    // Identified by content, not by path.
    assert!(Arc::ptr_eq(&first, &open(&kit::mean_model_with(dir.path(), "copy", &contract))));
    assert!(!Arc::ptr_eq(&first, &open_with(&path, 2)));
    let other = kit::mean_model_with(dir.path(), "other", &kit::NR_CONTRACT.replace("best = 1.0", "best = 2.0"));
    assert!(!Arc::ptr_eq(&first, &open(&other)));
    assert_eq!(first.active_provider(), Provider::Cpu);
    // Nothing else keeps it open.
    let weak = Arc::downgrade(&first);
    drop(first);
    assert!(weak.upgrade().is_none());
}

#[test]
fn opened_from_many_threads_at_once() {
    let dir = kit::TempDir::new();
    let path = kit::mean_model_with(dir.path(), "many", &kit::NR_CONTRACT.replace("\"mean\"", "\"many\""));
    let models: Vec<Arc<Model>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&path))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(models.iter().all(|model| Arc::ptr_eq(model, &models[0])));
}

#[test]
fn scores_come_in_order_and_once() {
    let dir = kit::TempDir::new();
    for batch_size in [1, 4, 7] {
        let scorer = Scorer::with_queue(open(&mean(&dir)), 5, batch_size);
        assert_eq!(scorer.capacity(), 5.max(batch_size));
        let (sender, answers) = channel();
        for number in 0..200 {
            submit(&scorer, job(number, numbered(number), &sender));
        }
        drop(sender);
        let answers: Vec<Answer> = answers.iter().collect();
        assert_eq!(answers.len(), 200);
        for (expected, (number, result)) in answers.into_iter().enumerate() {
            assert_eq!(number, expected);
            near(result.unwrap().raw, number as f64 / 255.0);
        }
    }
}

#[test]
fn batches_hold_pictures_of_one_size() {
    let dir = kit::TempDir::new();
    let scorer = Scorer::with_queue(open(&mean(&dir)), 16, 8);
    let (sender, answers) = channel();
    for number in 0..100 {
        let (width, height) = [(8, 8), (8, 8), (9, 7), (30, 2)][number % 4];
        submit(&scorer, job(number, flat(width, height, [number as u8; 3]), &sender));
    }
    for (expected, (number, result)) in answers.iter().take(100).enumerate() {
        assert_eq!(number, expected);
        near(result.unwrap().raw, number as f64 / 255.0);
    }
}

/// Frames whose pictures have one size, but which have several themselves, each with its own as an input.
#[test]
fn frames_in_one_queue_keep_their_own_size() {
    let dir = kit::TempDir::new();
    let contract = kit::NR_CONTRACT.replace("[output]", "[geometry]\nresize = 4\n[output]")
        + "[[constant]]\ntensor = \"size\"\nframe = [\"width\", \"height\"]\n";
    for dims in ["N 2", "2"] {
        let path = kit::sized_graph(Element::Float, dims).contract(&contract).write(dir.path(), "sized");
        let model = open(&path);
        // Two users, whose frames wait together while the worker is stopped.
        let scorers = [Scorer::with_queue(model.clone(), 16, 8), Scorer::with_queue(model, 16, 8)];
        let (sender, answers) = channel();
        let (frame, opener, reached) = gate();
        submit(&scorers[0], job(0, frame, &sender));
        reached.recv().unwrap();
        let size = |number: usize| [(8, 8), (8, 8), (9, 7), (30, 2)][number % 4];
        for number in 1..=24 {
            let (width, height) = size(number);
            let frame = flat(width, height, [number as u8; 3]);
            scorers[number % 2].try_submit(job(number, frame, &sender)).unwrap();
        }
        drop(opener);
        for (number, result) in answers.iter().take(25) {
            let ((width, height), value) = if number == 0 { ((8, 8), 255) } else { (size(number), number) };
            near(result.unwrap().raw, value as f64 / 255.0 + f64::from(width) + f64::from(height) / 1000.0);
        }
    }
}

#[test]
fn a_bad_frame_keeps_its_place_and_affects_no_other() {
    let dir = kit::TempDir::new();
    let scorer = Scorer::with_queue(open(&mean(&dir)), 16, 4);
    let (sender, answers) = channel();
    for number in 0..40 {
        let frame: Box<dyn Frame> = match number % 5 {
            1 => Box::new(Panics),
            // Less memory than its size requires.
            3 => Box::new(OwnedFrame { width: 100, height: 100, ..*flat(1, 1, [0; 3]) }),
            _ => numbered(number),
        };
        submit(&scorer, job(number, frame, &sender));
    }
    for (expected, (number, result)) in answers.iter().take(40).enumerate() {
        assert_eq!(number, expected);
        match (number % 5, result) {
            (1, Err(ScoreError::Internal(text))) => assert!(text.contains("a frame that panics"), "{text}"),
            (3, Err(ScoreError::Picture(_))) => {}
            (0 | 2 | 4, Ok(score)) => near(score.raw, number as f64 / 255.0),
            (_, result) => panic!("{number}: {result:?}"),
        }
    }
}

#[test]
fn a_callback_that_panics_does_not_stop_the_worker() {
    let dir = kit::TempDir::new();
    let scorer = Scorer::with_queue(open(&mean(&dir)), 4, 1);
    let done = Box::new(|_| panic!("a callback that panics"));
    scorer.try_submit(Job { distorted: numbered(1), reference: None, done }).unwrap();
    near(scorer.score_frame(numbered(51), None).unwrap().raw, 0.2);
}

#[test]
fn a_full_queue_gives_the_job_back() {
    let dir = kit::TempDir::new();
    let scorer = Scorer::with_queue(open(&mean(&dir)), 3, 1);
    let (sender, answers) = channel();
    let (frame, opener, reached) = gate();
    submit(&scorer, job(0, frame, &sender));
    reached.recv().unwrap();
    // The worker has taken the first job and is blocked, so three more fit.
    for number in 1..=3 {
        scorer.try_submit(job(number, numbered(number), &sender)).unwrap();
    }
    let back = scorer.try_submit(job(4, numbered(4), &sender)).unwrap_err();
    drop(back);
    opener.send(()).unwrap();
    drop(opener);
    assert_eq!(answers.iter().take(4).map(|(number, _)| number).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn cancel_ends_queued_jobs_immediately() {
    let dir = kit::TempDir::new();
    let scorer = Scorer::with_queue(open(&mean(&dir)), 8, 1);
    let (sender, answers) = channel();
    let (frame, opener, reached) = gate();
    submit(&scorer, job(0, frame, &sender));
    reached.recv().unwrap();
    for number in 1..=5 {
        scorer.try_submit(job(number, numbered(number), &sender)).unwrap();
    }
    scorer.cancel();
    // The worker is still blocked, so these answers came from cancel.
    for expected in 1..=5 {
        let (number, result) = answers.try_recv().unwrap();
        assert_eq!(number, expected);
        assert!(matches!(result, Err(ScoreError::Cancelled)));
    }
    // The scorer continues after a flush.
    scorer.try_submit(job(6, numbered(51), &sender)).unwrap();
    drop(opener);
    let (number, result) = answers.recv().unwrap();
    assert_eq!(number, 0);
    assert!(matches!(result, Err(ScoreError::Cancelled)), "{result:?}");
    let (number, result) = answers.recv().unwrap();
    assert_eq!(number, 6);
    near(result.unwrap().raw, 0.2);
}

#[test]
fn dropping_in_the_middle_answers_every_job_once() {
    let dir = kit::TempDir::new();
    let path = kit::slow_model(dir.path(), "slow", 2);
    for (batch_size, jobs) in [(1, 3), (4, 9), (4, 4), (2, 0)] {
        let counts: Arc<Mutex<HashMap<usize, usize>>> = Arc::default();
        let scorer = Scorer::with_queue(open(&path), 16, batch_size);
        for number in 0..jobs {
            let counts = counts.clone();
            let done = Box::new(move |_| *counts.lock().unwrap().entry(number).or_default() += 1);
            submit(&scorer, Job { distorted: numbered(number), reference: None, done });
        }
        let model = Arc::downgrade(scorer.model());
        drop(scorer);
        // The worker releases the model after its last batch.
        while model.strong_count() > 0 {
            std::thread::yield_now();
        }
        let counts = counts.lock().unwrap();
        assert_eq!(counts.len(), jobs);
        assert!(counts.values().all(|&count| count == 1), "{counts:?}");
    }
}

#[test]
fn users_take_turns() {
    let dir = kit::TempDir::new();
    let model = open(&mean(&dir));
    let greedy = Scorer::with_queue(model.clone(), 100, 1);
    let modest = Scorer::with_queue(model, 100, 1);
    let (sender, answers) = channel();
    let (frame, opener, reached) = gate();
    submit(&greedy, job(0, frame, &sender));
    reached.recv().unwrap();
    for number in 1..=50 {
        greedy.try_submit(job(number, numbered(number), &sender)).unwrap();
    }
    for number in 101..=103 {
        modest.try_submit(job(number, numbered(number), &sender)).unwrap();
    }
    drop(opener);
    let order: Vec<usize> = answers.iter().take(54).map(|(number, _)| number).collect();
    let place = |number| order.iter().position(|&n| n == number).unwrap();
    for (turn, number) in (101..=103).enumerate() {
        assert!(place(number) <= 2 * (turn + 1), "{order:?}");
    }
    let of_greedy: Vec<_> = order.into_iter().filter(|&number| number < 100).collect();
    assert_eq!(of_greedy, (0..=50).collect::<Vec<_>>());
}

#[test]
fn ten_users_of_one_model() {
    let dir = kit::TempDir::new();
    let path = mean(&dir);
    let total = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for user in 0..10 {
            let (path, total) = (&path, &total);
            scope.spawn(move || {
                let scorer = Scorer::with_queue(open(path), 4, 1 + user % 3);
                for number in 0..30 {
                    let value = user * 20 + number;
                    near(scorer.score_frame(numbered(value), None).unwrap().raw, value as f64 / 255.0);
                    total.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(total.into_inner(), 300);
}

/// Jobs queued while the worker is blocked run together, up to the batch size.
#[test]
fn queued_jobs_run_together() {
    let dir = kit::TempDir::new();
    // Returns the number of pictures in the batch for each picture.
    let onnx = kit::Onnx::new("count")
        .input("x", Element::Float, "N 3 H W")
        .output("y", Element::Float, "N")
        .int64s("first", &[0])
        .node("Shape", &["x"], &["shape"], [])
        .node("Gather", &["shape", "first"], &["n"], [])
        .node("Cast", &["n"], &["count"], [kit::Attribute::int("to", Element::Float as i64)])
        .node("Expand", &["count", "n"], &["y"], [])
        .contract(kit::NR_CONTRACT);
    let path = onnx.write(dir.path(), "count");
    let scorer = Scorer::with_queue(open(&path), 16, 4);
    let (sender, answers) = channel();
    let (frame, opener, reached) = gate();
    submit(&scorer, job(0, frame, &sender));
    reached.recv().unwrap();
    for number in 1..=9 {
        scorer.try_submit(job(number, numbered(number), &sender)).unwrap();
    }
    drop(opener);
    let sizes: Vec<f64> = answers.iter().take(10).map(|(_, result)| result.unwrap().raw).collect();
    assert_eq!(sizes, [4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 2.0, 2.0]);
    // A single job does not wait for others.
    assert_eq!(scorer.score_frame(numbered(1), None).unwrap().raw, 1.0);
}

#[test]
fn a_fixed_batch_of_one_runs_one_by_one() {
    let dir = kit::TempDir::new();
    let onnx = kit::mean_graph(Element::Float, "1 3 H W").contract(kit::NR_CONTRACT);
    let model = open(&onnx.write(dir.path(), "one"));
    assert_eq!(model.fixed_batch(), Some(1));
    let scorer = Scorer::with_queue(model, 8, 8);
    let (sender, answers) = channel();
    for number in 0..20 {
        submit(&scorer, job(number, numbered(number), &sender));
    }
    for (expected, (number, result)) in answers.iter().take(20).enumerate() {
        assert_eq!(number, expected);
        near(result.unwrap().raw, number as f64 / 255.0);
    }
}
