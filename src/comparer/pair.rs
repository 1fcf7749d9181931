// SPDX-License-Identifier: MPL-2.0

//! The pairing thread: examines each frame as it arrives and asks the aligner for partners.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::CompareError;
use super::guarded;
use super::settings::Settings;
use super::side::Side;
use super::state::{Held, Input, Pair, Shared};
use crate::align::Suspect;
use crate::align::space::{Letterbox, Registration};
use crate::align::time::{Aligner, Decision, Signature, Timestamp};

/// Steps in which a search may reduce its range without releasing a frame, before giving up.
const STEPS: usize = 16;

/// Frames of one side that are held, by number.
#[derive(Default)]
struct Frames {
    first: u64,
    held: VecDeque<(Held, Option<CompareError>)>,
}

impl Frames {
    fn push(&mut self, held: Held, error: Option<CompareError>) {
        self.held.push_back((held, error));
    }

    fn get(&self, number: u64) -> Option<&Held> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.held.get(index).map(|(held, _)| held)
    }

    fn pop(&mut self) -> Option<(Held, Option<CompareError>)> {
        let front = self.held.pop_front()?;
        self.first += 1;
        Some(front)
    }
}

pub(super) struct Pairer {
    shared: Arc<Shared>,
    aligner: Aligner,
    suspect: Suspect,
    ended: [bool; 2],
    one_size: bool,
    /// Whether pairs are measured; otherwise frames are not needed once they were examined.
    measuring: bool,
    /// Black bars are cut off before pictures are examined: bars on one side only would make them differ.
    letterboxes: Option<[Letterbox; 2]>,
    references: Frames,
    distorted: Frames,
}

impl Pairer {
    pub(super) fn new(settings: &Settings, shared: Arc<Shared>, measuring: bool) -> Self {
        Self {
            shared,
            aligner: Aligner::new(settings.time),
            suspect: Suspect::new(settings.time),
            ended: [false; 2],
            one_size: false,
            measuring,
            letterboxes: (settings.registration != Registration::None).then(|| [Letterbox::new(), Letterbox::new()]),
            references: Frames::default(),
            distorted: Frames::default(),
        }
    }

    /// Whether pairing examines the pictures.
    pub(super) fn looks(&self) -> bool {
        self.aligner.needs_signatures()
    }

    pub(super) fn run(mut self) {
        self.publish();
        while let Some(input) = self.shared.next_input() {
            self.take(input);
            self.decide();
            self.shrink();
            self.publish();
        }
    }

    /// Releases what exceeds the limit, as far as possible.
    fn shrink(&mut self) {
        let mut fruitless = 0;
        while fruitless < STEPS && self.shared.is_over() {
            if self.shared.relieve() {
                return;
            }
            self.aligner.shrink();
            match self.decide() {
                (0, true) => return,
                (0, false) => fruitless += 1,
                _ => fruitless = 0,
            }
        }
    }

    fn publish(&self) {
        self.shared.paired(self.aligner.ledger(), self.suspect.found(), &self.aligner);
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Frame(side, stamp, mut held) => {
                let (signature, error) = match self.look(side, &held) {
                    Some(Ok(signature)) => (Some(signature), None),
                    Some(Err(error)) => (None, Some(error)),
                    None => (None, None),
                };
                if !self.measuring {
                    held.frame = None;
                }
                self.push(side, stamp, signature);
                match side {
                    Side::Reference => self.references.push(held, error),
                    Side::Distorted => self.distorted.push(held, error),
                }
            }
            Input::End(side) => {
                self.ended[side as usize] = true;
                match side {
                    Side::Reference => self.aligner.end_reference(),
                    Side::Distorted => self.aligner.end_distorted(),
                }
            }
            Input::Offset(offset) => {
                self.suspect.set_offset(offset);
                self.aligner.set_offset(offset);
            }
            Input::OneSize(one_size) => self.one_size = one_size,
            Input::Force(through) => self.aligner.force(through),
            Input::Bound => {}
        }
    }

    fn push(&mut self, side: Side, stamp: Timestamp, signature: Option<Signature>) {
        match side {
            Side::Reference => {
                signature.iter().for_each(|signature| self.suspect.push_reference(stamp, signature));
                self.aligner.push_reference(stamp, signature);
            }
            Side::Distorted => {
                signature.iter().for_each(|signature| self.suspect.push_distorted(stamp, signature));
                self.aligner.push_distorted(stamp, signature);
            }
        }
    }

    /// Whether all distorted frames have arrived and are decided; further frames are only counted.
    fn is_done(&self) -> bool {
        self.ended[Side::Distorted as usize] && self.distorted.held.is_empty()
    }

    fn look(&mut self, side: Side, held: &Held) -> Option<Result<Signature, CompareError>> {
        if !self.looks() || self.is_done() {
            return None;
        }
        let frame = held.frame.clone()?;
        let read = match (self.aligner.decides_by_time(), self.one_size && self.letterboxes.is_none()) {
            (true, _) => Signature::skimmed,
            (false, true) => Signature::sampled,
            (false, false) => Signature::of,
        };
        let letterbox = self.letterboxes.as_mut().map(|letterboxes| &mut letterboxes[side as usize]);
        let look = || {
            let picture = frame.picture()?;
            let part = match letterbox {
                Some(letterbox) => picture.crop(letterbox.update(&picture))?,
                None => picture,
            };
            Ok(read(&part))
        };
        Some(guarded(|| look().map_err(|error| CompareError::Picture { side, error })))
    }

    /// Passes on what was decided and drops the frames that are no longer needed; returns the bytes of these, and
    /// whether anything was decided.
    fn decide(&mut self) -> (u64, bool) {
        let mut pairs = Vec::new();
        while let Some(decision) = self.aligner.next_decision() {
            let Some((distorted, error)) = self.distorted.pop() else {
                log::error!("a decision about a frame that is not there: {decision:?}");
                break;
            };
            self.suspect.decided(&decision);
            let bytes = distorted.bytes;
            pairs.push((self.pair(decision, distorted, error), bytes));
        }
        if self.ended[Side::Reference as usize] && self.is_done() {
            self.suspect.ended();
        }
        let mut released = 0;
        while self.references.first < self.aligner.needed_from() {
            let Some((reference, _)) = self.references.pop() else { break };
            released += reference.bytes;
        }
        let events: Vec<_> = std::iter::from_fn(|| self.aligner.next_event()).collect();
        if pairs.is_empty() && released == 0 && events.is_empty() {
            return (0, false);
        }
        let decided = !pairs.is_empty();
        self.shared.decided(pairs, released, events, &self.aligner);
        (released, decided)
    }

    fn pair(&self, decision: Decision, distorted: Held, error: Option<CompareError>) -> Pair {
        let reference = decision.pairing.reference().and_then(|number| self.references.get(number));
        let time = distorted.time;
        let frames = reference.and_then(|reference| reference.frame.clone()).zip(distorted.frame);
        Pair { decision, suspicions: self.suspect.found(), time, frames, error }
    }
}

#[cfg(test)]
mod tests;
