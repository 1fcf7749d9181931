// SPDX-License-Identifier: MPL-2.0

//! Full-reference comparison of two streams: frames of both sides go in, every distorted frame comes out once, in
//! order, with what it was compared with and what came of it.
//!
//! A [`Comparer`] has two threads. One looks at the pictures and pairs them ([`align::time`](crate::align::time)); the
//! other brings each pair to the same place and size ([`align::space`](crate::align::space)), measures it
//! ([`metrics`](crate::metrics)) and hands it to the model, if there is one.
//!
//! [`run`](Comparer::run) feeds it from two iterators. A caller that must not be held up, such as one with a live source,
//! feeds it by hand: it asks [`wants`](Comparer::wants) before it gives another frame, and that is what bounds the memory.

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
    /// Starts the threads. `scorer` is that of a model that compares, if pairs are to be scored too.
    ///
    /// Under [`Alignment::Still`] no measures are taken and nothing is registered, whatever the settings say: the two
    /// pictures need not show the same, and each goes to the model as it is.
    ///
    /// `changed` is called on the threads whenever there may be something new to take, or room for another frame; with
    /// [`run`](Self::run) it has nothing to do.
    ///
    /// # Errors
    /// When the scorer's model does not compare two pictures, when it is a reduced-reference one under another alignment
    /// than [`Alignment::Still`], or a thread cannot be started.
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
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(body);
        self.threads.push(thread.map_err(|error| CompareError::Internal(format!("no thread {name}: {error}")))?);
        Ok(())
    }

    /// Whether frames are looked at. If not, their time stamps are enough.
    pub fn needs_frames(&self) -> bool {
        self.needs_frames
    }

    /// Takes the reference's next frame, which holds `bytes` bytes; gives its number, from 0.
    pub fn push_reference(&self, stamp: Timestamp, bytes: u64, frame: Option<SharedFrame>) -> u64 {
        self.shared.push(Side::Reference, stamp, Held { time: None, bytes, frame: frame.map(Leased::over) })
    }

    /// Takes the next distorted frame, which holds `bytes` bytes; gives its number, from 0.
    pub fn push_distorted(&self, stamp: Timestamp, bytes: u64, frame: Option<SharedFrame>) -> u64 {
        self.push_distorted_at(stamp, stamp.running, bytes, frame)
    }

    /// The same of a frame that has another time in its film, in nanoseconds, than its running time: when it is played
    /// faster, for example. [`Selection::period`] counts in that.
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

    /// Another offset from the next frame on.
    pub fn set_offset(&self, offset: i64) {
        self.shared.order(Input::Offset(offset));
    }

    /// Whether both sides' frames are of one size from the next one on, as far as that is known: pairing then reads fewer of
    /// their rows.
    pub fn set_one_size(&self, one_size: bool) {
        self.shared.order(Input::OneSize(one_size));
    }

    /// Which pairs the model scores from the next one on.
    pub fn set_selection(&self, selection: Selection) {
        self.shared.set_selection(selection);
    }

    /// What both sides' frames may hold from now on, in bytes. If they hold more, once all that is decided has been
    /// taken, the search window shrinks.
    pub fn set_max_bytes(&self, max_bytes: u64) {
        self.shared.set_max_bytes(max_bytes);
    }

    /// The distorted frames up to and including this one can wait no longer: their partner is among what has been
    /// given, or they have none.
    pub fn force(&self, through: u64) {
        self.shared.order(Input::Force(through));
    }

    /// Which side's next frame is to be given, if the next ones are these; none stands for a frame that has not come.
    ///
    /// The answer is none while there is no room ([`wait`](Self::wait) for an outcome), and when more has to come first.
    pub fn wants(&self, reference: Option<Timestamp>, distorted: Option<Timestamp>) -> Option<Side> {
        self.shared.wants(reference, distorted)
    }

    /// The next outcome, in the order of the distorted frames, if it is there.
    pub fn take(&self) -> Option<Outcome> {
        self.shared.take()
    }

    /// The next outcome, waiting for it as long as something is under way.
    ///
    /// None: no outcome will come unless more is given; or all was cancelled.
    pub fn wait(&self) -> Option<Outcome> {
        self.shared.wait()
    }

    /// Nothing is under way: no outcome will come unless more is given.
    pub fn idle(&self) -> bool {
        self.shared.idle()
    }

    /// Drops everything that is under way and wakes every wait. Nothing can be given or taken any more.
    pub fn cancel(&self) {
        self.shared.cancel();
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled()
    }

    /// The next alignment event, which users should be told of.
    pub fn next_event(&self) -> Option<AlignmentEvent> {
        self.shared.next_event()
    }

    /// Where the frames have gone so far.
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger()
    }

    /// What seems to keep the streams apart now, as long as most frames find no partner, or wrong ones.
    pub fn suspicions(&self) -> Suspicions {
        self.shared.suspicions()
    }
}

impl Drop for Comparer {
    fn drop(&mut self) {
        self.cancel();
        for thread in self.threads.drain(..) {
            // The last hold may be let go by what `changed` does, on one of the threads.
            if thread.thread().id() != std::thread::current().id() {
                // A panic in it has been reported as the frame's error.
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

/// What `f` gives; of a panic, in a frame's own code for example, the error that says so.
fn guarded<T>(f: impl FnOnce() -> Result<T, CompareError>) -> Result<T, CompareError> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    caught.unwrap_or_else(|panic| Err(CompareError::Internal(crate::panic::panic_text(&*panic))))
}
