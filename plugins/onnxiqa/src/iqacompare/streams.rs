// SPDX-License-Identifier: MPL-2.0

//! The two streams according to their caps, and the warnings about them.

use super::differences::{Difference, differences};
use crate::video_frame::Stream;
use onnx_iqa::comparer::Side;
use onnx_iqa::record::Finding;
use std::sync::Arc;

/// Messages about new caps.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// Missing colorimetry, for the log.
    pub(super) assumed: Vec<String>,
    /// Warnings about the significance of measures.
    pub(super) warnings: Vec<Finding>,
}

/// State of the two streams. Frames keep the description they were given.
#[derive(Default)]
pub(super) struct Streams {
    caps: [Option<gst::Caps>; 2],
    streams: [Option<Arc<Stream>>; 2],
    /// Missing colorimetry that has been logged.
    assumed: [Option<String>; 2],
    cautioned: bool,
    /// Whether a warning about interlaced frames has been posted.
    interlaced: bool,
    /// Differences that have been warned about.
    told: Vec<Difference>,
    /// The streams of the last pair.
    paired: Option<[Arc<Stream>; 2]>,
}

impl Streams {
    /// Stream description for new frames of that side.
    pub(super) fn get(&self, side: Side) -> Option<&Arc<Stream>> {
        self.streams[side as usize].as_ref()
    }

    /// Whether both have the same size, as far as known.
    pub(super) fn one_size(&self) -> bool {
        let [one, other] = self.streams.each_ref().map(|stream| stream.as_ref().map(|stream| &stream.info));
        one.zip(other).is_some_and(|(one, other)| [one.width(), one.height()] == [other.width(), other.height()])
    }

    /// Handles new caps. The other side's description may change too, because missing colorimetry takes the reference's
    /// default on both sides. `crops`: bars are cropped before comparing; `is_still`: the pictures may show different
    /// things.
    ///
    /// # Errors
    /// If the caps are not raw video in a supported format.
    pub(super) fn set(
        &mut self,
        side: Side,
        caps: &gst::CapsRef,
        has_model: bool,
        crops: bool,
        is_still: bool,
    ) -> Result<Remarks, String> {
        let (mut new, index) = (self.caps.clone(), side as usize);
        new[index] = Some(caps.to_owned());
        let [reference, distorted] = &new;
        let reference = reference.as_ref().map(|caps| Stream::from_caps(caps)).transpose()?;
        let distorted = match (distorted, &reference) {
            (Some(caps), Some(reference)) => Some(Stream::sized_as(caps, reference)?),
            (Some(caps), None) => Some(Stream::from_caps(caps)?),
            (None, _) => None,
        };
        let begins = self.caps[index].is_none();
        self.streams = [reference, distorted].map(|stream| stream.map(Arc::new));
        self.caps = new;
        let mut remarks = self.remarks(has_model);
        // If a stream changes, the other one may be about to: what differs then is known with the next pair.
        if let (true, [Some(reference), Some(distorted)]) = (begins, self.streams.clone()) {
            remarks.warnings.extend(self.differences(&reference, &distorted, crops, is_still));
        }
        Ok(remarks)
    }

    /// Returns the warnings about the streams of a pair.
    pub(super) fn paired(&mut self, streams: [&Arc<Stream>; 2], crops: bool, is_still: bool) -> Vec<Finding> {
        let same = |before: &[Arc<Stream>; 2]| before.iter().zip(streams).all(|(one, other)| Arc::ptr_eq(one, other));
        if self.paired.as_ref().is_some_and(same) {
            return Vec::new();
        }
        self.paired = Some(streams.map(Arc::clone));
        self.differences(streams[0], streams[1], crops, is_still)
    }

    fn differences(&mut self, reference: &Stream, distorted: &Stream, crops: bool, is_still: bool) -> Vec<Finding> {
        let mut found = Vec::new();
        for (difference, finding) in differences(reference, distorted, crops) {
            // Pictures of different things are not compared by sample; the transfer function still matters to both.
            let matters = !is_still || difference == Difference::Transfer;
            if matters && !self.told.contains(&difference) {
                self.told.push(difference);
                found.push(finding);
            }
        }
        found
    }

    fn remarks(&mut self, has_model: bool) -> Remarks {
        let mut remarks = Remarks::default();
        for side in [Side::Reference, Side::Distorted] {
            let Some(stream) = self.get(side).cloned() else { continue };
            let assumed = &mut self.assumed[side as usize];
            if *assumed != stream.assumed {
                assumed.clone_from(&stream.assumed);
                let text = |assumed| format!("{}: colorimetry missing in caps, using {assumed}", name(side));
                remarks.assumed.extend(stream.assumed.as_ref().map(text));
            }
            if let Some(caution) = stream.caution(has_model)
                && !std::mem::replace(&mut self.cautioned, true)
            {
                remarks.warnings.push(of(side, caution));
            }
        }
        remarks
    }

    /// Returns the warning about the first interlaced frame of a mixed stream, once.
    pub(super) fn found_interlaced(&mut self, side: Side, buffer: &gst::BufferRef) -> Option<Finding> {
        if self.interlaced {
            return None;
        }
        let found = self.get(side)?.interlaced_among_others(buffer)?;
        self.interlaced = true;
        Some(of(side, found))
    }

    /// Field that stands for `main_field` with these streams: R'G'B' has no luma plane.
    pub(super) fn main_field(&self, main_field: &'static str) -> &'static str {
        match self.get(Side::Distorted) {
            Some(stream) if stream.info.is_rgb() && main_field == "psnr-y" => "psnr",
            _ => main_field,
        }
    }
}

/// Prefixes a finding with the pad name.
fn of(side: Side, mut finding: Finding) -> Finding {
    finding.cause = format!("{}: {}", name(side), finding.cause);
    finding
}

/// Name of the pad.
pub(super) fn name(side: Side) -> &'static str {
    match side {
        Side::Reference => "reference",
        Side::Distorted => "distorted",
    }
}
