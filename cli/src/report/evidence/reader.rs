// SPDX-License-Identifier: MPL-2.0

//! Single frames of a stream.

use anyhow::{Context, Result, bail};
use gst::prelude::*;

/// How long a decoder may be silent.
pub(super) const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(30);

/// Puts a decoder into the pipeline and links it to the pad, decoded and not converted.
type Decode = Box<dyn Fn(&gst::Pipeline, &gst::Pad) -> Result<()>>;

/// Decodes single frames of a stream.
///
/// It seeks where that is exact. `tsdemux` and `mpegpsdemux` give other times after a seek: behind them everything is
/// decoded from the beginning, so that moments are best asked for in their order.
pub struct FrameReader {
    decode: Decode,
    pub(super) player: Player,
    exact: bool,
    /// The last frame that was decoded without a seek since the beginning.
    last: Option<Decoded>,
}

/// A pipeline that plays into our hands.
pub(super) struct Player {
    pipeline: gst::Pipeline,
    pub(super) sink: gst_app::AppSink,
}

impl Drop for Player {
    fn drop(&mut self) {
        // What does not stop is left to its threads.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// A decoded frame.
#[derive(Debug, Clone)]
pub(super) struct Decoded {
    pub(super) sample: gst::Sample,
    /// When it is shown, from the stream's beginning.
    time: gst::ClockTime,
    duration: Option<gst::ClockTime>,
}

impl Decoded {
    /// Whether it is the one that is shown at that time.
    fn is_at(&self, time: gst::ClockTime) -> bool {
        self.time.absdiff(time) <= self.duration.unwrap_or(gst::ClockTime::from_mseconds(40)) / 2
    }
}

impl FrameReader {
    /// Of the stream that `decode` puts into a pipeline and links to the pad, decoded and not converted.
    ///
    /// # Errors
    /// When it cannot be decoded.
    pub fn new(decode: impl Fn(&gst::Pipeline, &gst::Pad) -> Result<()> + 'static) -> Result<Self> {
        let player = Player::new(&decode)?;
        let exact = player.seeks_exactly();
        Ok(Self { decode: Box::new(decode), player, exact, last: None })
    }

    /// Whether it gets to a frame without decoding all before it.
    pub fn seeks(&self) -> bool {
        self.exact
    }

    /// The frame that has the stream time `time`.
    pub(super) fn frame(&mut self, time: gst::ClockTime) -> Result<Decoded> {
        if self.exact {
            let before = gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT | gst::SeekFlags::SNAP_BEFORE;
            let sought = self.player.pipeline.seek_simple(before, time).is_ok();
            let frame = if sought { self.player.decode_to(time, None)?.0 } else { None };
            if let Some(frame) = frame.filter(|frame| frame.is_at(time)) {
                return Ok(frame);
            }
        }
        // From the beginning every frame comes. Indexes of files are wrong at times.
        if self.exact || self.last.as_ref().is_some_and(|last| last.time > time) {
            self.player = Player::new(&self.decode)?;
            self.exact = false;
            self.last = None;
        }
        let (found, last) = self.player.decode_to(time, self.last.take())?;
        self.last = last;
        let nearest = found.as_ref().map_or("none".to_owned(), |frame| frame.time.to_string());
        found
            .filter(|frame| frame.is_at(time))
            .with_context(|| format!("there is no frame at {time}; the nearest is at {nearest}"))
    }
}

impl Player {
    fn new(decode: &dyn Fn(&gst::Pipeline, &gst::Pad) -> Result<()>) -> Result<Self> {
        let pipeline = gst::Pipeline::new();
        let sink = gst_app::AppSink::builder().sync(false).max_buffers(2).build();
        pipeline.add(&sink)?;
        let target = sink.static_pad("sink").context("appsink has no sink pad")?;
        decode(&pipeline, &target)?;
        let player = Self { pipeline, sink };
        // Before it plays there is nothing to seek in.
        let started = player.pipeline.set_state(gst::State::Playing).is_ok();
        let (result, state, _) = player.pipeline.state(PATIENCE);
        if !started || result.is_err() || state != gst::State::Playing {
            bail!("{}", player.fault().unwrap_or_else(|| "it does not start to play".to_owned()));
        }
        Ok(player)
    }

    /// Whether a frame has the same time after a seek.
    fn seeks_exactly(&self) -> bool {
        let segment = self.sink.static_pad("sink").and_then(|pad| pad.sticky_event::<gst::event::Segment>(0));
        let segment = segment.and_then(|event| event.segment().downcast_ref::<gst::ClockTime>().cloned());
        if segment.is_none_or(|segment| segment.base() != segment.time()) {
            return false;
        }
        let inexact = |element: gst::Element| {
            element.factory().is_some_and(|factory| ["tsdemux", "mpegpsdemux"].contains(&factory.name().as_str()))
        };
        !self.pipeline.iterate_recurse().into_iter().flatten().any(inexact)
    }

    /// A frame's time in the stream: its running time begins anew after a seek.
    fn time(sample: &gst::Sample) -> Option<gst::ClockTime> {
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        segment.to_stream_time(sample.buffer()?.pts())
    }

    /// Decodes until that time; gives the frame that is nearest to it, `last` among them, and the last one.
    fn decode_to(&self, time: gst::ClockTime, last: Option<Decoded>) -> Result<(Option<Decoded>, Option<Decoded>)> {
        let (mut nearest, mut last) = (last.clone(), last);
        while last.as_ref().is_none_or(|last| last.time < time) {
            let Some(sample) = self.sink.try_pull_sample(PATIENCE) else {
                if let Some(fault) = self.fault() {
                    bail!("{fault}");
                }
                if !self.sink.is_eos() {
                    bail!("its decoder gave nothing for {PATIENCE}");
                }
                break;
            };
            let Some(at) = Self::time(&sample) else { continue };
            let duration = sample.buffer().and_then(|buffer| buffer.duration());
            let frame = Decoded { sample, time: at, duration };
            if nearest.as_ref().is_none_or(|nearest| at.absdiff(time) < nearest.time.absdiff(time)) {
                nearest = Some(frame.clone());
            }
            last = Some(frame);
        }
        Ok((nearest, last))
    }

    /// What an element says has gone wrong.
    fn fault(&self) -> Option<String> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(error.error().to_string()),
            _ => None,
        }
    }
}
