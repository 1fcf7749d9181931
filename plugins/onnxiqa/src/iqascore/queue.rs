// SPDX-License-Identifier: MPL-2.0

//! The queue between the pads, shared by the upstream thread, the task and the scorer's worker.

use super::frame::{Finished, Frame, Outcome};
use super::jobs::{Jobs, Ticket};
use super::settings::Mode;
use crate::scheduling::{Fifo, FlowState, Item, Limit, Monitor, task};
use crate::scoring::Times;
use onnx_iqa::picture;
use onnx_iqa::scorer::{NoReferenceJob, NoReferenceScorer, ScoreError};
use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

struct State {
    flow: FlowState,
    /// Number of reconfigure requests: a missing link found before the last one is no longer missing.
    links: u64,
    fifo: Fifo<Frame>,
    jobs: Jobs,
    /// Whether a thread holds the [`Turn`].
    turn_taken: bool,
    /// Present while a session is open.
    scorer: Option<Arc<NoReferenceScorer>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            flow: FlowState::default(),
            links: 0,
            fifo: Fifo::new(Limit::frames(1)),
            jobs: Jobs::new(Mode::default(), 1),
            turn_taken: false,
            scorer: None,
        }
    }
}

impl State {
    /// Whether the queue is empty and no thread is pushing.
    fn idle(&self) -> bool {
        self.fifo.is_empty() && !self.turn_taken
    }

    /// Whether the item may enter now.
    fn admits(&self, item: &Item<Frame>) -> Result<bool, gst::FlowError> {
        match item {
            Item::Frame(_) => self.flow.admits(),
            Item::Event(_) => Ok(self.flow.admits_events()? && self.fifo.has_room_for_event()),
        }
    }

    /// Whether the item must wait: a frame for its score, EOS for unreported results.
    fn holds(item: &Item<Frame>, jobs: &Jobs) -> bool {
        item.frame().is_some_and(Frame::waits) || (item.is_eos() && jobs.unreported())
    }

    /// The next item the task has to push, if any may leave.
    fn next_item(&mut self) -> Option<Item<Frame>> {
        if self.turn_taken || !self.flow.lets_leave() {
            return None;
        }
        let Self { fifo, jobs, .. } = self;
        fifo.pop_if(|item| !Self::holds(item, jobs))
    }

    /// Takes the turn for the caller.
    fn take_turn<'a>(&mut self, queue: &'a Queue) -> Turn<'a> {
        self.turn_taken = true;
        Turn { queue, links: self.links }
    }

    /// Whether the error found in a turn is over: the pad has been linked since.
    fn is_mended(&self, error: gst::FlowError, links: u64) -> bool {
        error == gst::FlowError::NotLinked && self.links != links
    }

    /// Drops the frames; their results will be ignored.
    fn drop_frames(&mut self) {
        self.fifo.drop_frames();
        self.jobs.forget();
    }

    /// Drops all items.
    fn clear(&mut self) {
        self.drop_frames();
        self.fifo.clear();
    }

    /// Removes what a flush discards; results will be ignored. CAPS and the like stay: upstream does not repeat them.
    fn flush(&mut self) -> VecDeque<Item<Frame>> {
        self.jobs.forget();
        self.fifo.flush()
    }
}

/// The queue between the pads.
///
/// The scorer's worker holds the queue rather than the element, so that the element is never finalized on the worker's
/// thread. No method calls into the element or a pad's peer, and none is called with another lock held.
#[derive(Default)]
pub struct Queue(Monitor<State>);

/// The right to push downstream. Only one thread holds it at a time, which keeps frames and events in order whether the
/// chain function or the task pushes. Released on drop, including during a panic.
pub struct Turn<'a> {
    queue: &'a Queue,
    /// [`State::links`] when it was taken.
    links: u64,
}

impl Turn<'_> {
    /// Handles downstream's flow return for a frame and returns the one for upstream.
    ///
    /// # Errors
    /// The error from downstream.
    pub fn answered(
        self,
        answer: Result<gst::FlowSuccess, gst::FlowError>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut state = self.queue.0.lock();
        match answer {
            Err(error) if state.is_mended(error, self.links) => Ok(gst::FlowSuccess::Ok),
            answer => state.flow.answered(answer),
        }
    }

    /// Stops the flow because of an error found in this turn. Returns what [`Queue::stop`] does.
    pub fn stop(&self, error: gst::FlowError) -> bool {
        self.queue.stop_if(error, |state| !state.is_mended(error, self.links))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.queue.0.lock().turn_taken = false;
        self.queue.0.wake();
    }
}

/// Marks a result as being reported until dropped: EOS waits.
pub struct Reporting<'a>(&'a Queue);

impl Drop for Reporting<'_> {
    fn drop(&mut self) {
        self.0.0.lock().jobs.reported();
        self.0.0.wake();
    }
}

/// How an item is passed on.
#[allow(clippy::large_enum_variant, reason = "destructured immediately")]
pub enum Passage<'a> {
    /// Push immediately: the queue is empty.
    Direct(Item<Frame>, Turn<'a>),
    /// Queued; the task pushes it.
    Queued,
}

/// Next step of the task.
pub enum Step<'a> {
    /// Report a result that no frame waits for.
    Report(Finished, Reporting<'a>),
    /// Push the item.
    Push(Item<Frame>, Turn<'a>),
}

/// Life cycle.
impl Queue {
    /// READY→PAUSED: frames will be submitted to this scorer.
    pub fn open(&self, scorer: NoReferenceScorer, mode: Mode, batch_size: usize) {
        let capacity = match mode {
            Mode::EveryFrame => scorer.capacity(),
            // One frame being scored and one waiting keep the scorer busy; more would only make scores older.
            Mode::Live => scorer.capacity().min(2.max(batch_size)),
        };
        let mut state = self.0.lock();
        state.clear();
        state.fifo.set_limit(Limit::frames(capacity));
        state.jobs.restart(mode, capacity);
        state.scorer = Some(Arc::new(scorer));
    }

    /// PAUSED→READY, after data flow has stopped.
    pub fn close(&self) {
        let mut state = self.0.lock();
        state.clear();
        let scorer = state.scorer.take();
        drop(state);
        // Dropping the scorer cancels its jobs, which report to the state: not under the lock.
        drop(scorer);
    }

    /// Enables or disables data flow with pad activation: all waits end before a pad is deactivated.
    pub fn set_active(&self, active: bool) {
        let mut state = self.0.lock();
        if active {
            state.flow.start();
        } else {
            state.flow.flush();
        }
        drop(state);
        self.0.wake();
    }

    /// FLUSH_START: ends all waits and cancels the scorer's queued jobs.
    pub fn flush_start(&self) {
        let mut state = self.0.lock();
        state.flow.flush();
        let scorer = state.scorer.clone();
        drop(state);
        self.0.wake();
        if let Some(scorer) = scorer {
            scorer.cancel();
        }
    }

    /// FLUSH_STOP: the stream restarts. The caller must start the task.
    pub fn flush_stop(&self) {
        let mut state = self.0.lock();
        let dropped = state.flush();
        state.flow.start();
        drop(state);
        drop(dropped);
    }

    /// Handles a reconfigure request; returns true if the task must be started.
    pub fn relink(&self) -> bool {
        let mut state = self.0.lock();
        state.links += 1;
        state.flow.relink()
    }

    /// Stops the flow; upstream gets the error with its next buffer. Returns true if none will come because EOS is
    /// queued.
    pub fn stop(&self, error: gst::FlowError) -> bool {
        self.stop_if(error, |_| true)
    }

    fn stop_if(&self, error: gst::FlowError, condition: impl FnOnce(&State) -> bool) -> bool {
        let mut state = self.0.lock();
        if !condition(&state) || !state.flow.begin_stop(error) {
            return false;
        }
        let links = state.links;
        // Queued frames can no longer leave.
        state.drop_frames();
        let scorer = state.scorer.clone();
        drop(state);
        if let Some(scorer) = scorer {
            scorer.cancel();
        }
        let mut state = self.0.lock();
        let mut unheard = state.flow.end_stop() && state.fifo.has_eos();
        if state.is_mended(error, links) {
            unheard &= !state.flow.relink();
        }
        drop(state);
        self.0.wake();
        unheard
    }

    /// The error of an event that was refused.
    pub fn refusal(&self) -> gst::FlowError {
        self.0.lock().flow.refusal()
    }

    /// Current mode.
    pub fn mode(&self) -> Mode {
        self.0.lock().jobs.mode()
    }

    /// Maximum number of frames held.
    pub fn capacity(&self) -> usize {
        self.0.lock().jobs.limit()
    }
}

/// Called by the upstream thread.
impl Queue {
    fn wait_until(
        &self,
        ready: impl FnMut(&State) -> Result<bool, gst::FlowError>,
    ) -> Result<MutexGuard<'_, State>, gst::FlowError> {
        self.0.wait_until(self.0.lock(), ready)
    }

    /// Waits until data may enter.
    ///
    /// # Errors
    /// The flow return for upstream.
    pub fn enter(&self) -> Result<Mode, gst::FlowError> {
        self.wait_until(|state| state.flow.admits()).map(|state| state.jobs.mode())
    }

    /// Waits until there is room for a frame; returns whether it had to wait for a frame that is not scored yet.
    ///
    /// # Errors
    /// If the flow ends.
    pub fn wait_for_room(&self) -> Result<bool, gst::FlowError> {
        let mut held = false;
        let waited = self.wait_until(|state| {
            let has_room = state.fifo.has_room();
            held |= !has_room && state.fifo.front().is_some_and(|item| item.frame().is_some_and(Frame::waits));
            Ok(state.flow.admits()? && has_room)
        });
        waited.map(drop)?;
        Ok(held)
    }

    /// Waits until everything ahead has left.
    ///
    /// # Errors
    /// If the flow ends.
    pub fn wait_until_idle(&self) -> Result<(), gst::FlowError> {
        self.wait_until(|state| Ok(state.flow.admits()? && state.idle())).map(drop)
    }

    /// Whether the scorer can take another frame immediately.
    pub fn scorer_has_room(&self) -> bool {
        self.0.lock().jobs.has_room()
    }

    /// Pushes or queues an item that does not wait for a result.
    ///
    /// # Errors
    /// If the flow has ended.
    pub fn pass(&self, item: Item<Frame>) -> Result<Passage<'_>, gst::FlowError> {
        let mut state = self.wait_until(|state| state.admits(&item))?;
        if let Item::Event(event) = &item {
            state.flow.begin_stream(event.type_());
        }
        if state.idle() && !State::holds(&item, &state.jobs) {
            return Ok(Passage::Direct(item, state.take_turn(self)));
        }
        state.fifo.push(item);
        drop(state);
        self.0.wake();
        Ok(Passage::Queued)
    }

    /// Submits a frame to the scorer; `frame` is queued until its score is finished. Latency is measured from `since`.
    ///
    /// # Errors
    /// If the flow has ended.
    pub fn hold(
        self: &Arc<Self>,
        picture: Box<dyn picture::Frame>,
        mut frame: Frame,
        since: Instant,
    ) -> Result<(), gst::FlowError> {
        let mut state = self.wait_until(|state| state.flow.admits())?;
        let ticket = state.jobs.begin();
        let job = self.job(ticket, picture, frame.times, since);
        frame.outcome = Outcome::Pending(ticket.number);
        state.fifo.push(Item::Frame(frame));
        self.submit(state, job);
        Ok(())
    }

    /// Submits a frame to the scorer that is pushed without waiting, in the returned turn: the frame passes whatever
    /// the result.
    ///
    /// # Errors
    /// If the flow has ended.
    pub fn score_apart(
        self: &Arc<Self>,
        picture: Box<dyn picture::Frame>,
        times: Times,
        since: Instant,
    ) -> Result<Turn<'_>, gst::FlowError> {
        let mut state = self.wait_until(|state| Ok(state.flow.admits()? && state.idle()))?;
        let ticket = state.jobs.begin();
        let job = self.job(ticket, picture, times, since);
        let turn = state.take_turn(self);
        self.submit(state, job);
        Ok(turn)
    }

    fn job(
        self: &Arc<Self>,
        ticket: Ticket,
        frame: Box<dyn picture::Frame>,
        times: Times,
        since: Instant,
    ) -> NoReferenceJob {
        let queue = self.clone();
        let done = Box::new(move |result| {
            let latency = gst::ClockTime::try_from(since.elapsed()).unwrap_or(gst::ClockTime::MAX);
            queue.finish(ticket, Finished { times, result, latency });
        });
        NoReferenceJob { frame, done }
    }

    /// Submits a job under the lock: a job submitted after a flush has cancelled pending ones would take the room of a
    /// later frame.
    fn submit(&self, state: MutexGuard<'_, State>, job: NoReferenceJob) {
        let refused = match &state.scorer {
            Some(scorer) => scorer.try_submit(job).err(),
            // The element is being stopped, and no thread waits for the result.
            None => None,
        };
        drop(state);
        self.0.wake();
        // Unreachable: the limit here equals the scorer's capacity.
        if let Some(job) = refused {
            (job.done)(Err(ScoreError::Internal("the scorer's queue is full".into())));
        }
    }
}

/// Called by the other threads.
impl Queue {
    /// The scorer has finished a frame. Called on the scorer's worker.
    fn finish(&self, ticket: Ticket, finished: Finished) {
        let mut state = self.0.lock();
        if !state.jobs.end(ticket) {
            return;
        }
        if state.jobs.mode() == Mode::Live {
            state.jobs.keep(finished);
        } else {
            let number = ticket.number;
            let waits = |frame: &&mut Frame| matches!(frame.outcome, Outcome::Pending(pending) if pending == number);
            if let Some(frame) = state.fifo.frames_mut().find(waits) {
                frame.outcome = Outcome::Finished(finished);
            }
        }
        drop(state);
        self.0.wake();
    }

    /// Waits for the next step of the task; `None` if the pad's task has been paused.
    pub fn next_step(&self, pad: &gst::Pad) -> Option<Step<'_>> {
        let mut state = self.0.lock();
        loop {
            if state.flow.halts_task() {
                task::pause(pad, &state);
                return None;
            }
            if let Some(finished) = state.jobs.take() {
                return Some(Step::Report(finished, Reporting(self)));
            }
            if let Some(item) = state.next_item() {
                let turn = state.take_turn(self);
                drop(state);
                // There is room for another frame.
                self.0.wake();
                return Some(Step::Push(item, turn));
            }
            state = self.0.wait(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video_frame;
    use gst::{FlowError, FlowSuccess};
    use onnx_iqa::picture::PictureError;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    /// A queue with data flow enabled and no scorer: the test provides the results.
    fn flowing(mode: Mode, limit: usize) -> Arc<Queue> {
        gst::init().expect("GStreamer");
        let queue = Queue::default();
        let mut state = queue.0.lock();
        state.jobs.restart(mode, limit);
        state.fifo.set_limit(Limit::frames(limit));
        state.flow.start();
        drop(state);
        Arc::new(queue)
    }

    fn pad() -> gst::Pad {
        gst::Pad::new(gst::PadDirection::Src)
    }

    fn skipped() -> Item<Frame> {
        Item::Frame(frame())
    }

    fn tag() -> Item<Frame> {
        Item::Event(gst::event::Tag::new(gst::TagList::new()))
    }

    fn eos() -> Item<Frame> {
        Item::Event(gst::event::Eos::new())
    }

    fn frame() -> Frame {
        Frame { buffer: gst::Buffer::new(), times: Times::default(), outcome: Outcome::Skipped }
    }

    fn picture() -> Box<dyn picture::Frame> {
        Box::new(video_frame::Unreadable(PictureError::Unreadable(String::new())))
    }

    /// Queues a frame until its score is finished, and returns its ticket.
    fn hold(queue: &Arc<Queue>) -> Ticket {
        let ticket = queue.0.lock().jobs.next_ticket();
        queue.hold(picture(), frame(), Instant::now()).expect("data flows");
        ticket
    }

    /// Passes a frame while it is being scored, and returns its ticket.
    fn score_apart(queue: &Arc<Queue>) -> Ticket {
        let ticket = queue.0.lock().jobs.next_ticket();
        let turn = queue.score_apart(picture(), Times::default(), Instant::now()).expect("data flows");
        assert_eq!(turn.answered(Ok(FlowSuccess::Ok)), Ok(FlowSuccess::Ok));
        ticket
    }

    fn finished() -> Finished {
        Finished { times: Times::default(), result: Err(ScoreError::Cancelled), latency: gst::ClockTime::ZERO }
    }

    #[track_caller]
    fn passes_directly(queue: &Queue, item: Item<Frame>) -> bool {
        matches!(queue.pass(item).expect("data flows"), Passage::Direct(..))
    }

    #[test]
    fn what_comes_while_another_thread_pushes_waits_for_its_turn() {
        let queue = flowing(Mode::EveryFrame, 4);
        let Ok(Passage::Direct(_, turn)) = queue.pass(skipped()) else { panic!("nothing is before it") };
        assert!(!passes_directly(&queue, tag()));
        assert!(!passes_directly(&queue, skipped()));
        assert_eq!(turn.answered(Ok(FlowSuccess::Ok)), Ok(FlowSuccess::Ok));
        assert!(!passes_directly(&queue, skipped()), "behind what waits");
        assert!(matches!(queue.next_step(&pad()), Some(Step::Push(Item::Event(_), _))));
        for _ in 0..2 {
            assert!(matches!(queue.next_step(&pad()), Some(Step::Push(Item::Frame(_), _))));
        }
        assert!(passes_directly(&queue, skipped()));
    }

    #[test]
    fn a_turn_ends_in_a_panic_too() {
        let queue = flowing(Mode::EveryFrame, 4);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _passage = queue.pass(skipped());
            panic!("while pushing");
        }));
        assert!(panicked.is_err());
        assert!(passes_directly(&queue, skipped()));
    }

    #[test]
    fn eos_waits_for_results_and_for_their_reports() {
        let queue = flowing(Mode::Live, 4);
        let ticket = score_apart(&queue);
        assert!(passes_directly(&queue, tag()), "only EOS waits");
        assert!(!passes_directly(&queue, eos()));
        queue.finish(ticket, finished());
        let Some(Step::Report(_, reporting)) = queue.next_step(&pad()) else { panic!("a result is to be reported") };
        assert!(queue.0.lock().next_item().is_none(), "EOS overtakes a report");
        drop(reporting);
        assert!(matches!(queue.next_step(&pad()), Some(Step::Push(item, _)) if item.is_eos()));
    }

    #[test]
    fn frames_wait_for_their_scores_in_order() {
        let queue = flowing(Mode::EveryFrame, 2);
        let [first, second] = [(); 2].map(|()| hold(&queue));
        queue.finish(second, finished());
        assert!(queue.0.lock().next_item().is_none(), "the first is not scored yet");
        queue.finish(first, finished());
        for _ in 0..2 {
            assert!(matches!(queue.next_step(&pad()), Some(Step::Push(Item::Frame(_), _))));
        }
    }

    #[test]
    fn a_frame_that_is_scored_apart_passes_though_its_score_fails() {
        let queue = flowing(Mode::Live, 2);
        let turn = queue.score_apart(picture(), Times::default(), Instant::now()).expect("data flows");
        assert!(!queue.stop(FlowError::Error));
        assert_eq!(turn.answered(Ok(FlowSuccess::Ok)), Ok(FlowSuccess::Ok));
        assert_eq!(queue.enter(), Err(FlowError::Error), "upstream is told with its next frame");
    }

    #[test]
    fn a_stop_drops_frames_and_ignores_their_results() {
        let queue = flowing(Mode::EveryFrame, 2);
        let ticket = hold(&queue);
        assert!(!passes_directly(&queue, tag()));
        assert!(!queue.stop(FlowError::Eos), "upstream is told with its next frame");
        assert_eq!(queue.enter(), Err(FlowError::Eos));
        queue.finish(ticket, finished());
        assert!(matches!(queue.next_step(&pad()), Some(Step::Push(Item::Event(_), _))), "events still pass");
        let segment = gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new());
        assert!(passes_directly(&queue, Item::Event(segment)));
        assert_eq!(queue.enter(), Ok(Mode::EveryFrame), "a new segment takes the end back");
        hold(&queue);
        assert!(!passes_directly(&queue, eos()));
        assert!(queue.stop(FlowError::Error), "after EOS upstream sends no frame");
        assert!(queue.next_step(&pad()).is_none(), "the task has nothing to do");
    }

    #[test]
    fn a_flush_ends_every_wait() {
        let queue = flowing(Mode::EveryFrame, 1);
        hold(&queue);
        std::thread::scope(|scope| {
            let room = scope.spawn(|| queue.wait_for_room());
            let idle = scope.spawn(|| queue.wait_until_idle());
            let task = scope.spawn(|| queue.next_step(&pad()).is_none());
            std::thread::sleep(Duration::from_millis(20));
            queue.flush_start();
            assert_eq!(room.join().expect("no panic"), Err(FlowError::Flushing));
            assert_eq!(idle.join().expect("no panic"), Err(FlowError::Flushing));
            assert!(task.join().expect("no panic"));
        });
        queue.flush_stop();
        assert!(passes_directly(&queue, skipped()), "nothing is left of what was before");
    }
}
