// SPDX-License-Identifier: MPL-2.0

//! Full-reference comparison of two streams: frames of both sides go in, and every distorted frame comes out exactly
//! once, in order, with its partner and its measurements.
//!
//! A [`Comparer`] has two threads. One examines the pictures and pairs them ([`align::time`](crate::align::time)); the
//! other brings each pair to the same place and size ([`align::space`](crate::align::space)), measures it
//! ([`metrics`](crate::metrics)) and hands it to the model, if there is one.
//!
//! [`run`](Comparer::run) feeds it from two iterators. A caller that must not block, such as one with a live source,
//! feeds it manually: it asks [`next_side`](Comparer::next_side) before pushing each frame, which is what limits the
//! memory.

mod error;
mod frames;
mod late;
mod measure;
mod outcome;
mod pair;
mod run;
mod settings;
mod side;
mod state;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

pub use error::CompareError;
pub use frames::{SharedFrame, TimedFrame};
pub use outcome::{Comparison, Outcome};
pub use settings::Settings;
pub use side::Side;

use crate::align::Suspicions;
use crate::align::space::Registration;
use crate::align::time::{Alignment, AlignmentEvent, Ledger, Timestamp};
use crate::metrics::Measures;
use crate::model::contract::Kind;
use crate::panic::panic_text;
use crate::scorer::{Scorer, Selection};
use frames::Leased;
use state::{Held, Input, Shared};

/// Compares two streams.
pub struct Comparer {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    needs_frames: bool,
}

impl Comparer {
    /// Starts the threads. `scorer` is that of a model that compares two pictures, if pairs should be scored too.
    ///
    /// Under [`Alignment::Still`] no measures are taken and nothing is registered, whatever the settings say: the two
    /// pictures need not show the same, and each goes to the model unchanged.
    ///
    /// `changed` is called on these threads whenever there may be a new outcome, or room for another frame; with
    /// [`run`](Self::run) it need not do anything.
    ///
    /// # Errors
    /// If the scorer's model does not compare two pictures, if it is a reduced-reference model under an alignment other
    /// than [`Alignment::Still`], or if a thread cannot be started.
    pub fn new(
        mut settings: Settings,
        scorer: Option<Scorer>,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, CompareError> {
        let contract = scorer.as_ref().map(|scorer| scorer.contract());
        let is_still = settings.time.alignment == Alignment::Still;
        match contract {
            Some(contract) if !contract.kind.compares() => {
                return Err(CompareError::NoReferenceModel(contract.name.clone()));
            }
            Some(contract) if contract.kind == Kind::ReducedReference && !is_still => {
                return Err(CompareError::ReducedReferenceModel(contract.name.clone()));
            }
            _ => {}
        }
        if is_still {
            (settings.measures, settings.registration) = (Measures::NONE, Registration::None);
        }
        let measuring = measure::wanted(&settings, scorer.is_some());
        let scorer = scorer.map(Arc::new);
        let shared = Arc::new(Shared::new(&settings, scorer.clone(), Box::new(changed)));
        let pairing = pair::Pairer::new(&settings, shared.clone(), measuring);
        let needs_frames = measuring || pairing.looks();
        let mut comparer = Self { shared: shared.clone(), threads: Vec::new(), needs_frames };
        comparer.spawn("iqa-pair", move || pairing.run())?;
        let measurer = measure::Measurer::new(&settings, shared, scorer);
        comparer.spawn("iqa-measure", move || measurer.run())?;
        Ok(comparer)
    }

    fn spawn(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), CompareError> {
        let shared = self.shared.clone();
        let body = move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(body)) {
                shared.fail(panic_text(&*panic));
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body);
        self.threads.push(thread.map_err(|error| CompareError::Internal(format!("no thread {name}: {error}")))?);
        Ok(())
    }

    /// Whether the frames themselves are needed. If not, time stamps are enough.
    pub fn needs_frames(&self) -> bool {
        self.needs_frames
    }

    /// Pushes the reference's next frame, which holds `bytes` bytes; returns its number, from 0.
    pub fn push_reference(&self, stamp: Timestamp, bytes: u64, frame: Option<SharedFrame>) -> u64 {
        self.shared.push(Side::Reference, stamp, Held { time: None, bytes, frame: frame.map(Leased::over) })
    }

    /// Pushes the next distorted frame, which holds `bytes` bytes; returns its number, from 0.
    pub fn push_distorted(&self, stamp: Timestamp, bytes: u64, frame: Option<SharedFrame>) -> u64 {
        self.push_distorted_at(stamp, stamp.running, bytes, frame)
    }

    /// The same for a frame whose time in the film, in nanoseconds, differs from its running time, for example because
    /// it is played faster. [`Selection::period`] counts in film time.
    pub fn push_distorted_at(
        &self,
        stamp: Timestamp,
        time: Option<i64>,
        bytes: u64,
        frame: Option<SharedFrame>,
    ) -> u64 {
        self.shared.push(Side::Distorted, stamp, Held { time, bytes, frame })
    }

    /// No more reference frames will come.
    pub fn end_reference(&self) {
        self.shared.end(Side::Reference);
    }

    /// No more distorted frames will come.
    pub fn end_distorted(&self) {
        self.shared.end(Side::Distorted);
    }

    /// Applies another offset from the next frame on.
    pub fn set_offset(&self, offset: i64) {
        self.shared.order(Input::Offset(offset));
    }

    /// Whether the frames of both sides have one size from the next one on, as far as known: pairing then reads fewer
    /// of their rows.
    pub fn set_one_size(&self, one_size: bool) {
        self.shared.order(Input::OneSize(one_size));
    }

    /// Which pairs the model scores, from the next one on.
    pub fn set_selection(&self, selection: Selection) {
        self.shared.set_selection(selection);
    }

    /// The limit in bytes for the frames of both sides from now on. If they hold more once all decided frames have been
    /// taken, the search window shrinks.
    pub fn set_max_bytes(&self, max_bytes: u64) {
        self.shared.set_max_bytes(max_bytes);
    }

    /// The distorted frames up to this one can wait no longer: their partner is among the frames pushed so far, or they
    /// have none.
    pub fn force(&self, through: u64) {
        self.shared.order(Input::Force(through));
    }

    /// Which side's next frame should be pushed, given the next frame of each; `None` for a frame that has not arrived.
    ///
    /// Returns `None` while there is no room ([`wait`](Self::wait) for an outcome), and if more must arrive first.
    pub fn next_side(&self, reference: Option<Timestamp>, distorted: Option<Timestamp>) -> Option<Side> {
        self.shared.next_side(reference, distorted)
    }

    /// The next outcome in the order of distorted frames, if it is ready.
    pub fn take(&self) -> Option<Outcome> {
        self.shared.take()
    }

    /// The next outcome, waiting for it while anything is in progress.
    ///
    /// `None`: no outcome will come unless more frames are pushed, or everything was cancelled.
    pub fn wait(&self) -> Option<Outcome> {
        self.shared.wait()
    }

    /// Whether nothing is in progress: no outcome will come unless more frames are pushed.
    pub fn idle(&self) -> bool {
        self.shared.idle()
    }

    /// Drops everything in progress and ends every wait. Nothing can be pushed or taken any more.
    pub fn cancel(&self) {
        self.shared.cancel();
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled()
    }

    /// Why no further outcome will come, if a thread of the comparer ended by a panic, for example in `changed`.
    /// Everything in progress has been dropped, as by [`cancel`](Self::cancel).
    pub fn failure(&self) -> Option<CompareError> {
        self.shared.failure().map(CompareError::Internal)
    }

    /// The next alignment event, which should be reported to users.
    pub fn next_event(&self) -> Option<AlignmentEvent> {
        self.shared.next_event()
    }

    /// What has become of the frames so far.
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger()
    }

    /// What probably keeps the streams apart, while most frames find no partner, or wrong ones.
    pub fn suspicions(&self) -> Suspicions {
        self.shared.suspicions()
    }
}

impl Drop for Comparer {
    fn drop(&mut self) {
        self.cancel();
        for thread in self.threads.drain(..) {
            // The last reference may be dropped by `changed`, on one of the threads.
            if thread.thread().id() != std::thread::current().id() {
                // A panic in it is the comparer's failure.
                let _ = thread.join();
            }
        }
    }
}

impl std::fmt::Debug for Comparer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparer").field("ledger", &self.ledger()).finish_non_exhaustive()
    }
}

/// The result of `f`; a panic, for example in a frame's own code, becomes an error.
fn guarded<T>(f: impl FnOnce() -> Result<T, CompareError>) -> Result<T, CompareError> {
    let caught = catch_unwind(AssertUnwindSafe(f));
    caught.unwrap_or_else(|panic| Err(CompareError::Internal(panic_text(&*panic))))
}
