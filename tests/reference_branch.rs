// SPDX-License-Identifier: MPL-2.0

//! A full-reference model whose reference branch is a graph of its own: it gives the same results as a single graph,
//! and runs once for a reference that is compared with several pictures.

mod common;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::{flat, near, open, scorer, try_open};
use onnx_iqa::align::time::{Alignment, Timestamp};
use onnx_iqa::comparer::{Comparer, Settings, SharedFrame, TimedFrame};
use onnx_iqa::metrics::Measures;
use onnx_iqa::picture::{Frame, OwnedFrame, Picture, PictureError};
use onnx_iqa::scorer::Scorer;
use onnx_iqa::sharing::{Lease, reused};
use onnx_iqa_testkit::{self as kit, Attribute, Element, Onnx};

/// Reuse is counted for the whole process, so tests run one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TESTS: Mutex<()> = Mutex::new(());
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn contract(geometry: &str) -> String {
    let reference = "[reference]\nmodel = \"reference.onnx\"\n";
    format!("{}{reference}{geometry}", kit::FR_CONTRACT)
}

/// The mean of each channel: the output of the reference's graph, N×3.
fn reference_graph(first: &str) -> Onnx {
    let mean = [Attribute::ints("axes", &[2, 3]), Attribute::int("keepdims", 0)];
    Onnx::new("reference")
        .input("ref", Element::Float, &format!("{first} 3 H W"))
        .output("channels", Element::Float, &format!("{first} 3"))
        .node("ReduceMean", &["ref"], &["channels"], mean)
}

/// raw = the mean over R', G' and B' of |mean of the reference − mean of the distorted picture|.
fn model_graph() -> Onnx {
    let mean = |axes: &[i64]| [Attribute::ints("axes", axes), Attribute::int("keepdims", 0)];
    Onnx::new("branched")
        .input("dist", Element::Float, "N 3 H W")
        .input("channels", Element::Float, "N 3")
        .output("y", Element::Float, "N")
        .node("ReduceMean", &["dist"], &["means"], mean(&[2, 3]))
        .node("Sub", &["means", "channels"], &["d"], [])
        .node("Abs", &["d"], &["a"], [])
        .node("ReduceMean", &["a"], &["y"], mean(&[1]))
}

fn branched(dir: &kit::TempDir, geometry: &str, first: &str) -> std::path::PathBuf {
    reference_graph(first).write(dir.path(), "reference");
    model_graph().contract(&contract(geometry)).write(dir.path(), "model")
}

/// A frame that others may hold too.
struct Leased(Lease, Arc<OwnedFrame>);

impl Leased {
    fn boxed(frame: &Arc<OwnedFrame>) -> Box<dyn Frame> {
        Box::new(Self(Lease::new(&[Arc::as_ptr(frame) as usize]), frame.clone()))
    }
}

impl Frame for Leased {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        self.1.picture()
    }

    fn lease(&self) -> Option<&Lease> {
        Some(&self.0)
    }
}

#[test]
fn two_graphs_give_the_result_of_one() {
    let _one = alone();
    let dir = kit::TempDir::new();
    let scorer = scorer(&branched(&dir, "", "N"));
    let score = scorer.score_frame(flat(16, 9, [51, 102, 153]), Some(flat(16, 9, [102, 102, 102]))).unwrap();
    near(score.raw, (0.2 + 0.0 + 0.2) / 3.0);
    near(score.score, 100.0 * (1.0 - 0.4 / 3.0));
    // Several pictures in one inference; and crops, which a branch with a batch of one takes one by one.
    for (geometry, first) in
        [("", "N"), ("[geometry]\ncrop = [8, 8]\ncrops = 5\n", "N"), ("[geometry]\ncrop = [8, 8]\ncrops = 5\n", "1")]
    {
        let dir = kit::TempDir::new();
        let model = open(&branched(&dir, geometry, first));
        let scorer = Scorer::with_queue(model, 8, 4);
        let (sender, receiver) = std::sync::mpsc::channel();
        for shade in 0..8u8 {
            let sender = sender.clone();
            let done =
                Box::new(move |result: Result<onnx_iqa::scorer::Score, _>| sender.send((shade, result)).unwrap());
            let reference = Some(flat(24, 16, [100 + 10 * shade; 3]) as Box<dyn Frame>);
            scorer.submit(onnx_iqa::scorer::Job { distorted: flat(24, 16, [100; 3]), reference, done });
        }
        for (shade, result) in receiver.iter().take(8) {
            near(result.unwrap().raw, f64::from(10 * shade) / 255.0);
        }
    }
}

#[test]
fn the_branch_runs_once_for_all_holders_of_the_reference() {
    let _one = alone();
    let dir = kit::TempDir::new();
    let path = branched(&dir, "", "N");
    let scorers = [scorer(&path), scorer(&path), scorer(&path)];
    let before = reused();
    for shade in [40, 80] {
        let reference = Arc::new(*flat(16, 9, [shade; 3]));
        // Held until all scorers are done.
        let held = Leased::boxed(&reference);
        for (index, scorer) in scorers.iter().enumerate() {
            let distorted = flat(16, 9, [shade + 10 * (index as u8 + 1); 3]);
            let score = scorer.score_frame(distorted, Some(Leased::boxed(&reference))).unwrap();
            near(score.raw, 10.0 * (index as f64 + 1.0) / 255.0);
        }
        drop(held);
    }
    assert_eq!(reused() - before, 4, "one of three computes each time");
    // The same memory with other content, after all holders have released it.
    let mut reference = Arc::new(*flat(16, 9, [10; 3]));
    let score = |reference: &Arc<OwnedFrame>| {
        scorers[0].score_frame(flat(16, 9, [60; 3]), Some(Leased::boxed(reference))).unwrap().raw
    };
    near(score(&reference), 50.0 / 255.0);
    Arc::get_mut(&mut reference).unwrap().planes[0].0.fill(60);
    near(score(&reference), 0.0);
}

/// Through comparers, as in elements: four rungs with frames in the same memory.
#[test]
fn the_rungs_of_a_ladder_share_it() {
    let _one = alone();
    let dir = kit::TempDir::new();
    let path = branched(&dir, "", "N");
    let references: Vec<SharedFrame> = (0..8u8).map(|n| Arc::new(*flat(32, 16, [20 * n; 3])) as SharedFrame).collect();
    // A lease is held throughout, however far apart the rungs are.
    let held: Vec<_> = references.iter().map(|frame| Lease::new(&[Arc::as_ptr(frame).cast::<()>() as usize])).collect();
    let mut settings = Settings::default();
    settings.time.alignment = Alignment::Pts;
    settings.measures = Measures::VMAF | Measures::PSNR;
    let before = reused();
    let raws: Vec<Vec<f64>> = std::thread::scope(|scope| {
        let rung = |difference: u8| {
            let (references, path, settings) = (references.clone(), path.clone(), settings.clone());
            scope.spawn(move || {
                let stamp = |n: usize| Timestamp::at_rate(n as u64, 25, 1);
                let comparer = Comparer::new(settings, Some(scorer(&path)), || {}).unwrap();
                let references = references.into_iter().enumerate();
                let references = references.map(|(n, frame)| TimedFrame::from((stamp(n), frame)));
                let distorted = (0..8usize).map(|n| (stamp(n), *flat(32, 16, [20 * n as u8 + difference; 3])));
                let outcomes = comparer.run(references, distorted);
                outcomes.map(|outcome| outcome.result.unwrap().unwrap().score.unwrap().raw).collect()
            })
        };
        [1, 2, 4, 8].map(rung).into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (raws, difference) in raws.iter().zip([1.0, 2.0, 4.0, 8.0]) {
        assert_eq!(raws.len(), 8);
        raws.iter().for_each(|&raw| near(raw, difference / 255.0));
    }
    assert_eq!(reused() - before, 3 * 8);
    drop(held);
}

#[test]
fn errors_explain_why_a_branch_does_not_fit() {
    let _one = alone();
    let refused = |reference: Option<Onnx>, model: Onnx, words: &[&str]| {
        let dir = kit::TempDir::new();
        if let Some(reference) = reference {
            reference.write(dir.path(), "reference");
        }
        let path = model.write(dir.path(), "model");
        let text = kit::chain(&try_open(&path, 1).expect_err("it fits"));
        for word in words {
            assert!(text.contains(word), "no {word:?} in {text:?}");
        }
    };
    let model = || model_graph().contract(&contract(""));
    refused(None, model(), &["reference.onnx"]);
    let mean = [Attribute::ints("axes", &[2, 3]), Attribute::int("keepdims", 0)];
    let other = Onnx::new("other").input("ref", Element::Float, "N 3 H W").output("means", Element::Float, "N 3").node(
        "ReduceMean",
        &["ref"],
        &["means"],
        mean,
    );
    refused(Some(other), model(), &["reference.model", "\"means\"", "\"channels\"", "none of which"]);
    let wrong = contract("").replace("tensor = \"ref\"", "tensor = \"original\"");
    refused(
        Some(reference_graph("N")),
        model_graph().contract(&wrong),
        &["input[0].tensor", "\"original\"", "\"ref\""],
    );
    let elsewhere = contract("").replace("reference.onnx", "../reference.onnx");
    refused(Some(reference_graph("N")), model_graph().contract(&elsewhere), &["reference.model", "beside"]);
    let alone = format!("{}[reference]\nmodel = \"reference.onnx\"\n", kit::NR_CONTRACT);
    let mean_model = kit::mean_graph(Element::Float, "N 3 H W").contract(&alone);
    refused(Some(reference_graph("N")), mean_model, &["reference.model", "full-reference"]);
}

/// The hash that identifies results changes with either file.
#[test]
fn the_hash_covers_both_graphs() {
    let _one = alone();
    let dir = kit::TempDir::new();
    let one = open(&branched(&dir, "", "N")).hash().to_owned();
    let two = open(&branched(&dir, "", "1")).hash().to_owned();
    assert_ne!(one, two);
}
