// SPDX-License-Identifier: MPL-2.0

//! The interface of alignment in time.

use super::clock::{Clock, Verdict};
use super::desk::Desk;
use super::path::Tracker;
use super::still::Still;
use super::witness::Witness;
use super::{Alignment, AlignmentEvent, Decision, Evidence, Ledger, Pairing, Settings, Signature, Timestamp};

/// Finds the partner of each distorted frame from time stamps and signatures; holds no pictures.
///
/// Feed the frames of each side in the order of their arrival, and merge the two sides by running time as
/// [`lead`](Self::lead) says; alternate where frames have no running time. After each call, decisions and events may be
/// available. Keep a frame until it is decided, or no longer [needed](Self::needed_from).
#[derive(Debug)]
pub struct Aligner {
    mode: Mode,
    /// Running times are never adjusted.
    fixed: bool,
    desk: Desk,
}

/// How partners are found.
#[derive(Debug)]
enum Mode {
    /// Times decide; the pictures only determine the confidence.
    Clock(Box<Clock>, Box<Witness>),
    Path(Box<Tracker>),
    /// References apply to every frame, whatever it shows.
    Still(Still),
}

impl Aligner {
    /// An aligner that has seen nothing.
    pub fn new(settings: Settings) -> Self {
        let mode = match settings.alignment {
            Alignment::Pts => Mode::Clock(Box::new(Clock::new(0)), Box::default()),
            Alignment::Offset => Mode::Clock(Box::new(Clock::new(settings.offset)), Box::default()),
            Alignment::Auto | Alignment::Track => Mode::Path(Box::new(Tracker::new(settings))),
            Alignment::Still => Mode::Still(Still::new(settings.offset)),
        };
        Self { mode, fixed: settings.alignment == Alignment::Pts, desk: Desk::default() }
    }

    /// Whether frames should be pushed with signatures. Without them, times decide, with low confidence.
    pub fn needs_signatures(&self) -> bool {
        match &self.mode {
            Mode::Clock(..) | Mode::Path(_) => true,
            Mode::Still(_) => false,
        }
    }

    /// Whether partners follow from the times alone. Signatures then need not be exact: [`Signature::skimmed`] is
    /// enough.
    pub fn decides_by_time(&self) -> bool {
        matches!(self.mode, Mode::Clock(..) | Mode::Still(_))
    }

    /// Sets what is added to the running time of distorted frames that are not decided yet.
    ///
    /// Under `pts` it has no effect; `auto` starts a new search around it.
    pub fn set_offset(&mut self, offset: i64) {
        if self.fixed {
            return;
        }
        match &mut self.mode {
            Mode::Clock(clock, witness) => {
                let from = clock.offset();
                if offset == from {
                    return;
                }
                clock.set_offset(offset);
                witness.restart();
                let ledger = self.desk.book.ledger();
                let distorted = clock.head().map_or(ledger.distorted, |frame| frame.number);
                self.desk.notify(AlignmentEvent::Offset { distorted, from: Some(from), to: offset, confidence: 1.0 });
            }
            Mode::Path(path) => path.set_offset(offset),
            Mode::Still(still) => still.set_offset(offset),
        }
        self.settle();
    }

    /// Adds a reference frame. Returns its number.
    pub fn push_reference(&mut self, stamp: Timestamp, signature: Option<Signature>) -> u64 {
        let number = self.desk.book.reference();
        match &mut self.mode {
            Mode::Clock(clock, witness) => {
                witness.push_reference(signature.as_ref());
                clock.push_reference(number, stamp);
            }
            Mode::Path(path) => path.push_reference(stamp, signature, &mut self.desk),
            Mode::Still(still) => still.push_reference(number, stamp.running),
        }
        self.settle();
        number
    }

    /// Adds a distorted frame. Returns its number.
    pub fn push_distorted(&mut self, stamp: Timestamp, signature: Option<Signature>) -> u64 {
        let number = self.desk.book.distorted();
        match &mut self.mode {
            Mode::Clock(clock, witness) => {
                witness.push_distorted(signature.as_ref());
                clock.push_distorted(number, stamp);
            }
            Mode::Path(path) => path.push_distorted(number, stamp, signature, &mut self.desk),
            Mode::Still(still) => still.push_distorted(number, stamp.running),
        }
        self.settle();
        number
    }

    /// No more reference frames will come.
    pub fn end_reference(&mut self) {
        match &mut self.mode {
            Mode::Clock(clock, _) => clock.end_reference(),
            Mode::Path(path) => path.end_reference(&mut self.desk),
            Mode::Still(still) => still.end_reference(),
        }
        self.settle();
    }

    /// No more distorted frames will come.
    pub fn end_distorted(&mut self) {
        match &mut self.mode {
            Mode::Clock(clock, _) => clock.end_distorted(),
            Mode::Path(path) => path.end_distorted(&mut self.desk),
            Mode::Still(still) => still.end_distorted(),
        }
        self.settle();
    }

    /// How far the references should be ahead, in ns.
    ///
    /// Feed the next reference frame while its running time is at most the next distorted frame's plus this; otherwise
    /// feed the distorted frame.
    pub fn lead(&self) -> i64 {
        match &self.mode {
            Mode::Clock(clock, _) => clock.lead(),
            Mode::Path(path) => path.lead(),
            Mode::Still(still) => still.lead(),
        }
    }

    /// How far ahead a reference must be, in ns, for a distorted frame to be paired at once.
    ///
    /// At most the [`lead`](Self::lead): where time stamps decide, a reference at the frame's own time is its partner
    /// whatever follows, and in live pipelines the next one would arrive too late.
    pub fn enough(&self) -> i64 {
        let lead = self.lead();
        match &self.mode {
            Mode::Clock(clock, _) => clock.offset().min(lead),
            Mode::Path(_) => lead,
            Mode::Still(still) => still.offset(),
        }
    }

    /// Whether a distorted frame is waiting for the next reference frame, however far ahead that is, and for nothing on
    /// its own side.
    pub fn asks_for_reference(&self) -> bool {
        matches!(&self.mode, Mode::Still(still) if still.waits())
    }

    /// Decides all distorted frames up to this number with what is available.
    pub fn force(&mut self, through: u64) {
        match &mut self.mode {
            Mode::Clock(clock, _) => clock.force(through),
            Mode::Path(path) => path.force(through, &mut self.desk),
            Mode::Still(still) => still.force(through),
        }
        self.settle();
    }

    /// Memory has run out: decides the oldest undecided frame or, if there is none, drops the oldest reference.
    pub fn shrink(&mut self) {
        match &mut self.mode {
            Mode::Clock(clock, _) => {
                match clock.head() {
                    Some(frame) => clock.force(frame.number),
                    None => clock.drop_oldest(),
                }
                self.desk.shrunk(clock.held());
            }
            Mode::Path(path) => path.shrink(&mut self.desk),
            Mode::Still(still) => {
                if still.shrink() {
                    self.desk.shrunk(0);
                }
            }
        }
        self.settle();
    }

    /// The next decision, in the order of distorted frames. Each is returned once.
    pub fn next_decision(&mut self) -> Option<Decision> {
        self.desk.next_decision()
    }

    /// The next event to report to users.
    pub fn next_event(&mut self) -> Option<AlignmentEvent> {
        self.desk.next_event()
    }

    /// References with a smaller number cannot become the partner of an undecided frame.
    pub fn needed_from(&self) -> u64 {
        match &self.mode {
            Mode::Clock(clock, _) => clock.needed_from(),
            Mode::Path(path) => path.needed_from(),
            Mode::Still(still) => still.needed_from(),
        }
    }

    /// What has become of the frames so far.
    pub fn ledger(&self) -> Ledger {
        self.desk.book.ledger()
    }

    /// Makes all decisions that are possible.
    fn settle(&mut self) {
        match &mut self.mode {
            Mode::Clock(clock, witness) => {
                while let Some(Verdict { frame, partner, fit }) = clock.decide() {
                    let pairing = partner.map_or(Pairing::Unmatched, Pairing::Matched);
                    let (confidence, evidence) = witness.judge(partner, fit);
                    self.desk.decide(frame.number, pairing, confidence, evidence);
                }
                witness.release(clock.needed_from());
            }
            // It decides while it is fed.
            Mode::Path(_) => {}
            Mode::Still(still) => {
                while let Some((frame, partner)) = still.decide() {
                    let pairing = partner.map_or(Pairing::Unmatched, Pairing::Matched);
                    let confidence = if partner.is_some() { 1.0 } else { 0.0 };
                    self.desk.decide(frame, pairing, confidence, Evidence::Time);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
