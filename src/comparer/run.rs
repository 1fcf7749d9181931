// SPDX-License-Identifier: MPL-2.0

//! Comparing two iterators with one call.

use std::iter::{Fuse, Peekable};

use super::{Comparer, Outcome, Side, TimedFrame};

impl Comparer {
    /// Aligns and compares two complete streams: yields the outcome of every distorted frame, in order.
    ///
    /// Frames are taken from the iterators when needed, on the thread that asks for outcomes, and no more than
    /// [`Settings::max_bytes`](super::Settings::max_bytes) and the aligner's window are held. Both streams end with
    /// their iterator, so a comparer runs once. Alignment events and the ledger can be queried at any time.
    ///
    /// The outcomes end early when the comparer is [cancelled](Self::cancel).
    ///
    /// ```
    /// use onnx_iqa::align::time::Timestamp;
    /// use onnx_iqa::comparer::{Comparer, Settings};
    /// use onnx_iqa::picture::OwnedFrame;
    ///
    /// let stream = |shade: u8| (0..5).map(move |number| {
    ///     let frame = OwnedFrame::rgb(16, 16, vec![shade; 16 * 16 * 3]).expect("three bytes a pixel");
    ///     (Timestamp::at_rate(number, 25, 1), frame)
    /// });
    /// let comparer = Comparer::new(Settings::default(), None, || {})?;
    /// assert_eq!(comparer.run(stream(100), stream(102)).count(), 5);
    /// # Ok::<(), onnx_iqa::comparer::CompareError>(())
    /// ```
    pub fn run(
        &self,
        reference: impl IntoIterator<Item = impl Into<TimedFrame>>,
        distorted: impl IntoIterator<Item = impl Into<TimedFrame>>,
    ) -> impl Iterator<Item = Outcome> {
        let reference = reference.into_iter().map(Into::into).fuse().peekable();
        let distorted = distorted.into_iter().map(Into::into).fuse().peekable();
        Outcomes { comparer: self, reference, distorted }
    }
}

struct Outcomes<'a, R: Iterator, D: Iterator> {
    comparer: &'a Comparer,
    reference: Peekable<Fuse<R>>,
    distorted: Peekable<Fuse<D>>,
}

impl<R: Iterator<Item = TimedFrame>, D: Iterator<Item = TimedFrame>> Iterator for Outcomes<'_, R, D> {
    type Item = Outcome;

    fn next(&mut self) -> Option<Outcome> {
        let comparer = self.comparer;
        loop {
            let reference = self.reference.peek().map(|frame| frame.stamp);
            let distorted = self.distorted.peek().map(|frame| frame.stamp);
            if reference.is_none() {
                comparer.end_reference();
            }
            if distorted.is_none() {
                comparer.end_distorted();
            }
            match comparer.next_side(reference, distorted) {
                Some(Side::Reference) => {
                    if let Some(TimedFrame { stamp, frame, bytes }) = self.reference.next() {
                        comparer.push_reference(stamp, bytes, Some(frame));
                    }
                }
                Some(Side::Distorted) => {
                    if let Some(TimedFrame { stamp, frame, bytes }) = self.distorted.next() {
                        comparer.push_distorted(stamp, bytes, Some(frame));
                    }
                }
                // No room, or everything was pushed: there is something to wait for, or nothing more to come.
                None => match comparer.wait() {
                    Some(outcome) => return Some(outcome),
                    None if (reference.is_none() && distorted.is_none()) || comparer.is_cancelled() => return None,
                    None => {}
                },
            }
        }
    }
}
