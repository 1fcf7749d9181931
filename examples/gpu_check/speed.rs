// SPDX-License-Identifier: MPL-2.0

//! How fast a model is through the scorer.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow};
use onnx_iqa::model::Model;
use onnx_iqa::picture::Frame;
use onnx_iqa::scorer::{Job, ScoreError, Scorer};

use crate::Arguments;
use crate::bare::Bare;
use crate::pictures::{self, Pair};
use crate::takes_reference;

/// Frames a second of a stream that is 30 times a second.
const STREAM_RATE: f64 = 30.0;

/// What the scorer costs around a session, for each size of batch.
pub fn against_a_bare_session(
    arguments: &Arguments,
    file: &Path,
    model: &Arc<Model>,
    tell: &mut impl FnMut(&str, &str),
) -> Result<()> {
    let pair = pictures::full_hd()?;
    for &batch in &arguments.batches {
        if batch > 1 && model.fixed_batch() == Some(1) {
            tell("speed", &format!("batch {batch}: the graph takes one picture at a time"));
            continue;
        }
        let mut bare = Bare::new(file, model, arguments.device, arguments.threads, batch, &pair)?;
        let scorer = Scorer::with_queue(model.clone(), 3 * batch, batch);
        // The first runs choose kernels and take memory; the rate decides how long a measurement is.
        let seconds = bare.time(1)?.min(bare.time(1)?);
        score_many(&scorer, &pair, 2 * batch)?;
        let wanted = if arguments.quick { 0.0 } else { 1.5 };
        let runs = ((wanted / seconds) as usize).clamp(2, 500);
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..if arguments.quick { 1 } else { 5 } {
            let theirs = bare.time(runs)?;
            let ours = score_many(&scorer, &pair, runs * batch)?;
            rates.push((runs * batch) as f64 / ours);
            ratios.push(theirs / ours);
        }
        let (rate, ratio) = (median(rates), median(ratios));
        tell("speed", &format!("batch {batch}: {rate:.0} frames/s of 1080p, {ratio:.2} x a bare session (goal 0.95)"));
    }
    Ok(())
}

/// Seconds in which one user scores a picture `count` times.
fn score_many(scorer: &Scorer, pair: &Pair, count: usize) -> Result<f64> {
    let begin = Instant::now();
    let (sender, results) = std::sync::mpsc::channel();
    for _ in 0..count {
        submit(scorer, pair, sender.clone());
    }
    drop(sender);
    let scored = results.iter().try_fold(0, |scored, result| result.map(|()| scored + 1))?;
    all_came(scored, count)?;
    Ok(begin.elapsed().as_secs_f64())
}

fn submit(scorer: &Scorer, pair: &Pair, sender: std::sync::mpsc::Sender<Result<(), ScoreError>>) {
    let boxed = |frame: &pictures::Shared| Box::new(frame.clone()) as Box<dyn Frame>;
    let reference = takes_reference(scorer.contract()).then(|| boxed(&pair.reference));
    // Nobody listens any more once another score has failed.
    let done = Box::new(move |score: Result<_, _>| drop(sender.send(score.map(drop))));
    scorer.submit(Job { distorted: boxed(&pair.distorted), reference, done });
}

fn all_came(scored: usize, count: usize) -> Result<()> {
    if scored == count { Ok(()) } else { Err(anyhow!("{scored} of {count} scores came")) }
}

/// Many streams that share the model.
pub fn streams(arguments: &Arguments, model: &Arc<Model>, tell: &mut impl FnMut(&str, &str)) -> Result<()> {
    let pair = pictures::full_hd()?;
    let batch = arguments.batches.iter().copied().max().unwrap_or(1);
    let streams = arguments.streams;
    let each = if arguments.quick { 2 } else { 60 };
    let begin = Instant::now();
    let scored = std::thread::scope(|scope| {
        let users: Vec<_> = (0..streams)
            .map(|_| {
                scope.spawn(|| score_many(&Scorer::with_queue(model.clone(), 4, batch), &pair, each).map(|_| each))
            })
            .collect();
        let ended = users.into_iter().map(|user| user.join().map_err(|_| anyhow!("a stream's thread panicked"))?);
        ended.sum::<Result<usize>>()
    })?;
    all_came(scored, streams * each)?;
    let rate = scored as f64 / begin.elapsed().as_secs_f64();
    let times = rate / STREAM_RATE;
    tell(
        "streams",
        &format!("{streams} streams in batches of {batch}: {rate:.0} frames/s of 1080p, {times:.1} x 30 (goal 100)"),
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
