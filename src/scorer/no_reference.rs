// SPDX-License-Identifier: MPL-2.0

//! Scoring and measuring pictures without a reference: by a model, by measures, or by both.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::Scorer;
use super::error::ScoreError;
use super::job::Job;
use super::score::Score;
use crate::metrics::{Measurements, NoReferenceMeasures, NoReferenceMeter};
use crate::panic::panic_text;
use crate::picture::Frame;

/// The result for a picture.
#[derive(Debug, Clone, Default)]
pub struct NoReferenceResult {
    /// The model's score, if there is a model.
    pub score: Option<Score>,
    /// The measurements.
    pub measures: Measurements,
}

/// Receives the result.
pub type NoReferenceCallback = Box<dyn FnOnce(Result<NoReferenceResult, ScoreError>) + Send>;

/// A picture to be measured and scored.
pub struct NoReferenceJob {
    /// The picture.
    pub frame: Box<dyn Frame>,
    /// Called once for a picture that was accepted, usually on another thread. It must be short.
    pub done: NoReferenceCallback,
}

impl std::fmt::Debug for NoReferenceJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoReferenceJob").finish_non_exhaustive()
    }
}

/// Measures the pictures of one stream in order, on a thread of its own, and then passes them to the model, if there is
/// one: one picture is measured while another is scored.
///
/// Without measures there is no thread, and pictures go straight to the model.
#[derive(Debug)]
pub struct NoReferenceScorer {
    scorer: Option<Arc<Scorer>>,
    capacity: usize,
    measures: Option<(Arc<Shared>, JoinHandle<()>)>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<NoReferenceJob>,
    /// Counts cancellations: pictures taken before one end as cancelled.
    epoch: u64,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next picture and its epoch; `None`: closed.
    fn next(&self) -> Option<(NoReferenceJob, u64)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                return Some((job, state.epoch));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl NoReferenceScorer {
    /// Takes `measures` of each picture with `threads` threads (0: one per core), and lets `scorer` score it. Up to
    /// `capacity` pictures may wait to be measured; with a scorer, as many as its own capacity.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn new(
        scorer: Option<Scorer>,
        measures: NoReferenceMeasures,
        threads: usize,
        capacity: usize,
    ) -> std::io::Result<Self> {
        let scorer = scorer.map(Arc::new);
        let capacity = scorer.as_ref().map_or(capacity.max(1), |scorer| scorer.capacity());
        // Without either there is still a thread, which passes pictures through.
        if scorer.is_some() && !measures.any() {
            return Ok(Self { scorer, capacity, measures: None });
        }
        let shared = Arc::<Shared>::default();
        let (of_thread, model) = (shared.clone(), scorer.clone());
        let thread = std::thread::Builder::new()
            .name("iqa-measure".to_owned())
            .spawn(move || run(&of_thread, NoReferenceMeter::new(measures, threads), model.as_deref()))?;
        Ok(Self { scorer, capacity, measures: Some((shared, thread)) })
    }

    /// How many pictures may wait.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Queues a picture without blocking.
    ///
    /// # Errors
    /// Returns it if the queue is full.
    pub fn try_submit(&self, job: NoReferenceJob) -> Result<(), NoReferenceJob> {
        let Some((shared, _)) = &self.measures else {
            let Some(scorer) = &self.scorer else { return Err(job) };
            let (job, done) = self::job(job, Measurements::default());
            let Err(Job { distorted: frame, .. }) = scorer.try_submit(job) else { return Ok(()) };
            return take(&done).map_or(Ok(()), |done| Err(NoReferenceJob { frame, done }));
        };
        let mut state = shared.lock();
        if state.waiting.len() >= self.capacity {
            return Err(job);
        }
        state.waiting.push_back(job);
        drop(state);
        shared.changed.notify_all();
        Ok(())
    }

    /// Ends all queued pictures with [`ScoreError::Cancelled`], on the calling thread. Later pictures begin a new
    /// stream.
    pub fn cancel(&self) {
        if let Some((shared, _)) = &self.measures {
            let mut state = shared.lock();
            state.epoch += 1;
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            waiting.into_iter().for_each(|job| (job.done)(Err(ScoreError::Cancelled)));
        }
        if let Some(scorer) = &self.scorer {
            scorer.cancel();
        }
    }
}

impl Drop for NoReferenceScorer {
    fn drop(&mut self) {
        self.cancel();
        if let Some((shared, thread)) = self.measures.take() {
            shared.lock().closed = true;
            shared.changed.notify_all();
            // The last callback may drop the scorer, and a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// A callback that is called once, by the job or by the owner of a rejected job.
type Once = Arc<Mutex<Option<NoReferenceCallback>>>;

fn take(done: &Once) -> Option<NoReferenceCallback> {
    done.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The model's job, with the picture's measurements.
fn job(NoReferenceJob { frame, done }: NoReferenceJob, measures: Measurements) -> (Job, Once) {
    let done = Arc::new(Mutex::new(Some(done)));
    let of_job = done.clone();
    let scored = Box::new(move |score: Result<Score, ScoreError>| {
        if let Some(done) = take(&of_job) {
            done(score.map(|score| NoReferenceResult { score: Some(score), measures }));
        }
    });
    (Job { distorted: frame, reference: None, done: scored }, done)
}

/// The body of the thread.
fn run(shared: &Shared, mut meter: NoReferenceMeter, scorer: Option<&Scorer>) {
    let mut of_epoch = 0;
    while let Some((job, epoch)) = shared.next() {
        if std::mem::replace(&mut of_epoch, epoch) != epoch {
            meter.reset();
        }
        // A frame's own code, or a callback, may panic; later pictures are unaffected.
        let measured = catch_unwind(AssertUnwindSafe(|| job.frame.picture().map(|picture| meter.measure(&picture))));
        let measured = match measured {
            Ok(measured) => measured.map_err(ScoreError::from),
            Err(panic) => Err(ScoreError::Internal(panic_text(&*panic))),
        };
        let done = AssertUnwindSafe(|| match (measured, scorer) {
            _ if shared.lock().epoch != epoch => (job.done)(Err(ScoreError::Cancelled)),
            (Err(error), _) => (job.done)(Err(error)),
            (Ok(measures), None) => (job.done)(Ok(NoReferenceResult { score: None, measures })),
            // After a cancellation, earlier pictures may still occupy the queue for a moment.
            (Ok(measures), Some(scorer)) => scorer.submit(self::job(job, measures).0),
        });
        if let Err(panic) = catch_unwind(done) {
            log::error!("panic in a callback: {}", panic_text(&*panic));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::OwnedFrame;
    use std::sync::mpsc;

    type Found = Result<NoReferenceResult, ScoreError>;

    fn scorer(
        measures: NoReferenceMeasures,
    ) -> (NoReferenceScorer, impl Fn(&NoReferenceScorer, u8) -> bool, mpsc::Receiver<Found>) {
        let (sender, receiver) = mpsc::channel();
        let submit = move |scorer: &NoReferenceScorer, gray: u8| {
            let sender = sender.clone();
            let frame = Box::new(OwnedFrame::rgb(8, 8, vec![gray; 8 * 8 * 3]).unwrap());
            let done: NoReferenceCallback = Box::new(move |found| {
                let _ = sender.send(found);
            });
            scorer.try_submit(NoReferenceJob { frame, done }).is_ok()
        };
        (NoReferenceScorer::new(None, measures, 1, 4).unwrap(), submit, receiver)
    }

    #[test]
    fn measures_come_in_order_without_a_model() {
        let (scorer, submit, found) = scorer(NoReferenceMeasures { luma: true, motion: true, cambi: false });
        assert_eq!(scorer.capacity(), 4);
        assert!(submit(&scorer, 0) && submit(&scorer, 51));
        let [first, second] = [found.recv().unwrap().unwrap(), found.recv().unwrap().unwrap()];
        assert!(first.score.is_none());
        assert_eq!((first.measures.get("luma-mean"), first.measures.get("motion")), (Some(0.0), None));
        let close = |found: Option<f64>| found.is_some_and(|found| (found - 0.2).abs() < 1e-6);
        assert!(close(second.measures.get("luma-mean")) && close(second.measures.get("motion")), "{second:?}");
        // A new stream begins.
        scorer.cancel();
        assert!(submit(&scorer, 0));
        assert_eq!(found.recv().unwrap().unwrap().measures.get("motion"), None);
    }

    #[test]
    fn every_callback_is_called_though_it_ends() {
        let (scorer, submit, found) = scorer(NoReferenceMeasures::ALL);
        let accepted = (0..100).filter(|_| submit(&scorer, 9)).count();
        assert!(accepted >= 4, "{accepted}");
        drop((scorer, submit));
        let ended: Vec<_> = found.iter().collect();
        assert_eq!(ended.len(), accepted);
        assert!(ended.iter().all(|found| matches!(found, Ok(_) | Err(ScoreError::Cancelled))));
    }
}
