// SPDX-License-Identifier: MPL-2.0

//! The measuring thread: registers each pair, measures it, and hands it to the model.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frames::{Part, SharedFrame, copy};
use super::state::{Pair, Shared, Work};
use super::{CompareError, Comparison, Settings, Side, guarded};
use crate::align::space::{Registration, SpatialAligner};
use crate::align::time::Alignment;
use crate::metrics::{Detail, Measurements, Meter, SharedReference, SwapDetector};
use crate::model::contract::{Contract, Resize, Sizes};
use crate::picture::{Family, Frame, OwnedFrame, Picture, Rect, y_cb_cr};
use crate::scorer::{Job, Scorer, Selector};

/// Whether pairs need any processing.
pub(super) fn wanted(settings: &Settings, scored: bool) -> bool {
    scored || settings.measures.any() || settings.registration != Registration::None
}

/// Which pictures the model receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feed {
    /// The model resizes, or wants each picture at its own size: each frame as it is, without its bars, so that it is
    /// scaled only once.
    Frames,
    /// The model takes pixels as they are, or crops: both pictures after registration.
    Registered,
}

impl Feed {
    fn of(contract: &Contract) -> Self {
        // A size relative to the frame's differs where the frames do.
        let resizes = |scale| !matches!(scale, None | Some(Resize::Factor(_)));
        let resizes = contract.inputs.iter().all(|input| resizes(input.geometry.scale));
        if resizes || contract.sizes == Sizes::Own { Self::Frames } else { Self::Registered }
    }
}

pub(super) struct Measurer {
    shared: Arc<Shared>,
    scorer: Option<(Arc<Scorer>, Feed)>,
    selector: Selector,
    measures: bool,
    registration: Registration,
    /// Sizes may differ, because nothing compares pixel by pixel.
    any_size: bool,
    register: SpatialAligner,
    meter: Meter,
    detector: SwapDetector,
    /// The last measured pairs whose values depend on the next ones.
    waiting: VecDeque<u64>,
}

impl Measurer {
    pub(super) fn new(settings: &Settings, shared: Arc<Shared>, scorer: Option<Arc<Scorer>>) -> Self {
        let scorer = scorer.map(|scorer| {
            let feed = Feed::of(scorer.contract());
            (scorer, feed)
        });
        let is_still = settings.time.alignment == Alignment::Still;
        let pixels = settings.measures.any() || matches!(scorer, Some((_, Feed::Registered)));
        Self {
            shared,
            selector: Selector::default(),
            measures: settings.measures.any(),
            registration: settings.registration,
            any_size: is_still || (!pixels && settings.registration == Registration::None),
            register: SpatialAligner::new(settings.scale, settings.registration),
            meter: match settings.vmaf_model.clone() {
                Some(model) => Meter::with_vmaf_model(settings.measures, settings.threads, model),
                None => Meter::new(settings.measures, settings.threads),
            },
            detector: SwapDetector::default(),
            waiting: VecDeque::new(),
            scorer,
        }
    }

    pub(super) fn run(mut self) {
        while let Some(work) = self.shared.next_work() {
            match work {
                Work::Pair(pair) => self.pair(pair),
                Work::End => {
                    for number in std::mem::take(&mut self.waiting) {
                        self.shared.late(number, self.meter.finish());
                    }
                }
            }
        }
    }

    fn pair(&mut self, Pair { decision, time, frames, error, .. }: Pair) {
        let number = decision.distorted;
        let result = match (error, frames) {
            (Some(error), _) => Some(Err(error)),
            (None, None) => None,
            (None, Some((reference, distorted))) => {
                let selected = self.scorer.is_some() && self.selector.pick(time, self.shared.selection());
                Some(guarded(|| self.compare(number, selected, &reference, &distorted)))
            }
        };
        if matches!(result, Some(Ok(_))) {
            if self.meter.waits() {
                self.shared.expect_late(number);
            }
            self.waiting.push_back(number);
            while self.waiting.len() > self.meter.waiting() {
                if let Some(number) = self.waiting.pop_front() {
                    // A pair that did not wait gains nothing here.
                    self.shared.late(number, self.meter.late());
                }
            }
        }
        self.shared.measured(number, result);
    }

    fn compare(
        &mut self,
        number: u64,
        selected: bool,
        reference: &SharedFrame,
        distorted: &SharedFrame,
    ) -> Result<Comparison, CompareError> {
        let pictures = (open(Side::Reference, reference)?, open(Side::Distorted, distorted)?);
        let scorer = self.scorer.as_ref().filter(|_| selected);
        let leased = scorer.is_some_and(|(scorer, _)| scorer.contract().reference_model.is_some());
        if self.any_size {
            submit(&self.shared, scorer, number, [whole(reference, leased), whole(distorted, false)]);
            return Ok(Comparison::default());
        }
        let converted = (as_the_other(&pictures.0, &pictures.1), as_the_other(&pictures.1, &pictures.0));
        let reference_picture = reopen(Side::Reference, converted.0.as_ref(), pictures.0)?;
        let distorted_picture = reopen(Side::Distorted, converted.1.as_ref(), pictures.1)?;
        let aligned = self.register.align(&reference_picture, &distorted_picture)?;
        let shift = aligned.shift;
        // The model runs while this thread measures.
        if let Some((_, feed)) = scorer {
            let same = self.registration == Registration::None && equal_sizes(&pictures.0, &pictures.1);
            let frames: [Box<dyn Frame>; 2] = match feed {
                Feed::Frames => {
                    [part(reference, aligned.reference_crop, leased), part(distorted, aligned.distorted_crop, false)]
                }
                Feed::Registered if same => [whole(reference, leased), whole(distorted, false)],
                Feed::Registered => [Box::new(copy(&aligned.reference)), Box::new(copy(&aligned.distorted))],
            };
            submit(&self.shared, scorer, number, frames);
        }
        let metrics = if self.measures || self.registration != Registration::None {
            let shared = reference.lease().filter(|_| converted.0.is_none());
            let shared = shared.and_then(|lease| SharedReference::new(lease, &pictures.0, &aligned.reference));
            self.meter.measure_shared(&aligned.reference, &aligned.distorted, shared)?
        } else {
            Measurements::default()
        };
        let detail = self.detector.next_is_due().then(|| {
            // Pictures that cannot be compared are no evidence.
            self.detector.keep(Detail::of(&aligned.reference, &aligned.distorted).ok().flatten());
            self.detector.clone()
        });
        Ok(Comparison { metrics, score: None, shift, detail })
    }
}

/// Hands a pair to the model, waiting for room in its queue.
fn submit(
    shared: &Arc<Shared>,
    scorer: Option<&(Arc<Scorer>, Feed)>,
    number: u64,
    [reference, distorted]: [Box<dyn Frame>; 2],
) {
    let Some((scorer, _)) = scorer else { return };
    shared.expect_score(number);
    // A waiting job must not keep a comparer alive that is no longer used.
    let listener = Arc::downgrade(shared);
    let done = Box::new(move |score| {
        if let Some(shared) = listener.upgrade() {
            shared.scored(number, score);
        }
    });
    scorer.submit(Job { distorted, reference: Some(reference), done });
}

fn open(side: Side, frame: &SharedFrame) -> Result<Picture<'_>, CompareError> {
    frame.picture().map_err(|error| CompareError::Picture { side, error })
}

/// Converts an R'G'B' picture to how the other one is stored, if that is Y'CbCr or gray: samples of different kinds
/// cannot be compared.
fn as_the_other(picture: &Picture<'_>, other: &Picture<'_>) -> Option<OwnedFrame> {
    let depth = other.format().components().first().map_or(0, |component| component.depth);
    let differ = other.format().family() != Family::Rgb;
    differ.then(|| y_cb_cr(picture, other.colorimetry(), depth)).flatten()
}

fn reopen<'a>(side: Side, frame: Option<&'a OwnedFrame>, picture: Picture<'a>) -> Result<Picture<'a>, CompareError> {
    frame.map_or(Ok(picture), |frame| frame.picture().map_err(|error| CompareError::Picture { side, error }))
}

fn equal_sizes(a: &Picture<'_>, b: &Picture<'_>) -> bool {
    (a.width(), a.height()) == (b.width(), b.height())
}

fn whole(frame: &SharedFrame, leased: bool) -> Box<dyn Frame> {
    Box::new(Part::new(frame, None, leased))
}

fn part(frame: &SharedFrame, rect: Rect, leased: bool) -> Box<dyn Frame> {
    Box::new(Part::new(frame, Some(rect), leased))
}
