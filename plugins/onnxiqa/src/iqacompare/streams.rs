// SPDX-License-Identifier: MPL-2.0

//! What the two streams are, by their caps, and what is to be said of them.

use super::differences::{Difference, differences};
use crate::video_frame::Stream;
use onnx_iqa::comparer::Side;
use onnx_iqa::record::Finding;
use std::sync::Arc;

/// What users have to hear of new caps.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// What the caps leave out, for the log.
    pub(super) assumed: Vec<String>,
    /// What makes the measures doubtful.
    pub(super) warnings: Vec<Finding>,
}

/// What the two streams are. Frames keep the description they were given.
#[derive(Default)]
pub(super) struct Streams {
    caps: [Option<gst::Caps>; 2],
    streams: [Option<Arc<Stream>>; 2],
    /// What was said of what the caps leave out.
    assumed: [Option<String>; 2],
    cautioned: bool,
    /// An interlaced frame was warned of.
    interlaced: bool,
    /// Differences that were warned of.
    told: Vec<Difference>,
}

impl Streams {
    /// The description of that side's frames from now on.
    pub(super) fn get(&self, side: Side) -> Option<&Arc<Stream>> {
        self.streams[side as usize].as_ref()
    }

    /// Whether both are of one size, as far as that is known.
    pub(super) fn one_size(&self) -> bool {
        let [one, other] = self.streams.each_ref().map(|stream| stream.as_ref().map(|stream| &stream.info));
        one.zip(other).is_some_and(|(one, other)| [one.width(), one.height()] == [other.width(), other.height()])
    }

    /// Takes new caps in. The other side's description may change, too: what caps leave out is the reference's default
    /// for both. `crops`: bars are cut off before pictures are compared; `is_still`: the two need not show the same.
    ///
    /// # Errors
    /// When they are no raw video in a format that the engine reads.
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
        self.streams = [reference, distorted].map(|stream| stream.map(Arc::new));
        self.caps = new;
        Ok(self.remarks(has_model, crops, is_still))
    }

    fn remarks(&mut self, has_model: bool, crops: bool, is_still: bool) -> Remarks {
        let mut remarks = Remarks::default();
        for side in [Side::Reference, Side::Distorted] {
            let Some(stream) = self.get(side).cloned() else { continue };
            let assumed = &mut self.assumed[side as usize];
            if *assumed != stream.assumed {
                assumed.clone_from(&stream.assumed);
                let text = |assumed| format!("the caps of {} leave out the colorimetry; taken: {assumed}", name(side));
                remarks.assumed.extend(stream.assumed.as_ref().map(text));
            }
            if let Some(caution) = stream.caution(has_model)
                && !std::mem::replace(&mut self.cautioned, true)
            {
                remarks.warnings.push(of(side, caution));
            }
        }
        if let [Some(reference), Some(distorted)] = &self.streams {
            for (difference, finding) in differences(reference, distorted, crops) {
                // Pictures of different things are not compared sample by sample; light means the same in both.
                let matters = !is_still || difference == Difference::Transfer;
                if matters && !self.told.contains(&difference) {
                    self.told.push(difference);
                    remarks.warnings.push(finding);
                }
            }
        }
        remarks
    }

    /// What is to be said, once, of the first interlaced frame of a stream that has both kinds.
    pub(super) fn found_interlaced(&mut self, side: Side, buffer: &gst::BufferRef) -> Option<Finding> {
        if self.interlaced {
            return None;
        }
        let found = self.get(side)?.interlaced_among_others(buffer)?;
        self.interlaced = true;
        Some(of(side, found))
    }

    /// What windows and alarms look at if nobody says.
    pub(super) fn main_field(&self, has_model: bool) -> &'static str {
        match self.get(Side::Distorted) {
            _ if has_model => "score",
            // R'G'B' has no luma of its own.
            Some(stream) if stream.info.is_rgb() => "psnr",
            _ => "psnr-y",
        }
    }
}

/// A finding of one side, which it names.
fn of(side: Side, mut finding: Finding) -> Finding {
    finding.cause = format!("{}: {}", name(side), finding.cause);
    finding
}

/// The pad's name.
pub(super) fn name(side: Side) -> &'static str {
    match side {
        Side::Reference => "reference",
        Side::Distorted => "distorted",
    }
}
