// SPDX-License-Identifier: MPL-2.0

//! What the two streams are, by their caps, and what is to be said of them.

use super::imp::{CAT, IqaCompare};
use crate::lock;
use crate::video_frame::Stream;
use gst::subclass::prelude::*;
use onnx_iqa::comparer::Side;
use std::sync::Arc;

/// What the two streams are. Frames keep the description they came with.
#[derive(Default)]
pub(super) struct Streams {
    caps: [Option<gst::Caps>; 2],
    streams: [Option<Arc<Stream>>; 2],
    /// What was logged of what the caps leave out.
    assumed: [Option<String>; 2],
    cautioned: bool,
    contradicted: bool,
}

impl Streams {
    /// The description of that side's frames from now on.
    pub(super) fn get(&self, side: Side) -> Option<&Arc<Stream>> {
        self.streams[side as usize].as_ref()
    }

    /// Takes new caps in. The other side's description may change, too: what caps leave out is the reference's default
    /// for both.
    fn set(&mut self, side: Side, caps: &gst::CapsRef) -> Result<(), String> {
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
        Ok(())
    }
}

impl IqaCompare {
    /// Caps have come on one of the pads.
    pub(super) fn set_caps(&self, side: Side, caps: &gst::CapsRef) -> Result<(), String> {
        let has_model = lock(&self.settings).has_model();
        let mut warnings = Vec::new();
        let mut state = self.state();
        let streams = &mut state.streams;
        streams.set(side, caps)?;
        for side in [Side::Reference, Side::Distorted] {
            let Some(stream) = streams.get(side).cloned() else { continue };
            if streams.assumed[side as usize] != stream.assumed {
                streams.assumed[side as usize].clone_from(&stream.assumed);
                if let Some(assumed) = &stream.assumed {
                    gst::info!(
                        CAT,
                        imp = self,
                        "the caps of {} leave out the colorimetry; taken: {assumed}",
                        name(side)
                    );
                }
            }
            if let Some(caution) = stream.caution(has_model)
                && !std::mem::replace(&mut streams.cautioned, true)
            {
                warnings.push(format!("{}: {caution}", name(side)));
            }
        }
        if let [Some(reference), Some(distorted)] = &streams.streams
            && let Some(contradiction) = reference.contradiction(distorted)
            && !std::mem::replace(&mut streams.contradicted, true)
        {
            warnings.push(format!(
                "reference and distorted state {contradiction}: ranges are made equal, but stored samples of different matrices are \
                 compared as they are; put a videoconvert before one of the pads if the caps are right"
            ));
        }
        // R'G'B' has no luma of its own.
        let main_field = match streams.get(Side::Distorted) {
            _ if has_model => "score",
            Some(stream) if stream.info.is_rgb() => "psnr",
            _ => "psnr-y",
        };
        drop(state);
        lock(&self.report).settings.main_field = main_field;
        for warning in warnings {
            gst::element_imp_warning!(self, gst::StreamError::Format, ("{warning}"));
        }
        Ok(())
    }
}

/// The pad's name.
pub(super) fn name(side: Side) -> &'static str {
    match side {
        Side::Reference => "reference",
        Side::Distorted => "distorted",
    }
}
