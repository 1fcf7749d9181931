// SPDX-License-Identifier: MPL-2.0

//! Reads single frames of a stream.

use crate::media::watch;
use anyhow::{Context, Result, bail};
use gst::prelude::*;

/// How long a decoder may output nothing.
pub(super) const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(30);

/// Never seek forward by less than this.
const NEAR: gst::ClockTime = gst::ClockTime::from_seconds(1);
/// Never seek forward by less than this multiple of the largest observed key frame distance.
const AHEAD: u64 = 2;

/// Adds a decoder to the pipeline and links it to the pad, without conversion.
type Decode = Box<dyn Fn(&gst::Pipeline, &gst::Pad) -> Result<()>>;

/// Reads single frames of a stream.
///
/// Where seeking is exact, it seeks to the last key frame before a moment and decodes from there. If the frame is not
/// far ahead of the previous one, it decodes further instead of seeking, which might decode the same frames again.
/// `tsdemux` and `mpegpsdemux` change timestamps after a seek: with them everything is decoded from the beginning.
/// Moments should therefore be requested in order.
pub struct FrameReader {
    decode: Decode,
    pub(super) player: Player,
    exact: bool,
    /// The last decoded frame.
    last: Option<Still>,
    /// Longest observed distance from a key frame to a moment.
    run: gst::ClockTime,
}

/// A pipeline that ends in an appsink.
pub(super) struct Player {
    pipeline: gst::Pipeline,
    pub(super) sink: gst_app::AppSink,
}

impl Drop for Player {
    fn drop(&mut self) {
        watch::stop(&self.pipeline);
    }
}

/// Result of decoding towards a moment.
struct Reached {
    /// Time of the first frame after a seek or from the beginning.
    first: Option<gst::ClockTime>,
    /// The frame nearest to the moment.
    nearest: Option<Still>,
    /// The last frame.
    last: Option<Still>,
}

/// A decoded frame.
#[derive(Debug, Clone)]
pub struct Still {
    pub(super) sample: gst::Sample,
    /// Stream time of the frame.
    time: gst::ClockTime,
    duration: Option<gst::ClockTime>,
}

impl Still {
    /// The frame with its caps.
    pub fn sample(&self) -> &gst::Sample {
        &self.sample
    }

    /// Copies the frame: the decoder's pool may be of fixed size.
    ///
    /// # Errors
    /// If its memory cannot be read.
    pub fn copied(&self) -> Result<Self> {
        let buffer = self.sample.buffer().context("a sample without a buffer")?.copy_deep()?;
        let sample = gst::Sample::builder().buffer(&buffer).caps_if_some(self.sample.caps_owned().as_ref()).build();
        Ok(Self { sample, ..self.clone() })
    }

    /// Whether it is the frame displayed at this time.
    fn is_at(&self, time: gst::ClockTime) -> bool {
        self.time.absdiff(time) <= self.duration.unwrap_or(gst::ClockTime::from_mseconds(40)) / 2
    }
}

impl FrameReader {
    /// Creates a reader; `decode` adds a decoder to a pipeline and links it to the pad, without conversion.
    ///
    /// # Errors
    /// If the stream cannot be decoded.
    pub fn new(decode: impl Fn(&gst::Pipeline, &gst::Pad) -> Result<()> + 'static) -> Result<Self> {
        let player = Player::new(&decode)?;
        let exact = player.seeks_exactly();
        Ok(Self { decode: Box::new(decode), player, exact, last: None, run: gst::ClockTime::ZERO })
    }

    /// Returns the frame with the stream time `time`.
    ///
    /// # Errors
    /// If there is none, or it cannot be decoded.
    pub fn frame(&mut self, time: gst::ClockTime) -> Result<Still> {
        if self.exact {
            let is_ahead =
                |last: &Still| last.time <= time && time - last.time <= self.run.saturating_mul(AHEAD).max(NEAR);
            let on = self.last.take().filter(is_ahead);
            let found = match on {
                Some(last) => self.decode_to(time, Some(last))?,
                None => self.seek_to(time)?,
            };
            if let Some(frame) = found.filter(|frame| frame.is_at(time)) {
                return Ok(frame);
            }
        }
        // Decode from the beginning, because file indexes can be wrong.
        if self.exact || self.last.as_ref().is_some_and(|last| last.time > time) {
            self.player = Player::new(&self.decode)?;
            self.exact = false;
            self.last = None;
        }
        let last = self.last.take();
        let found = self.decode_to(time, last)?;
        let nearest = found.as_ref().map_or("none".to_owned(), |frame| frame.time.to_string());
        found
            .filter(|frame| frame.is_at(time))
            .with_context(|| format!("no frame at {time}; the nearest one is at {nearest}"))
    }

    /// Decodes from the last key frame before `time` and returns the nearest frame.
    fn seek_to(&mut self, time: gst::ClockTime) -> Result<Option<Still>> {
        let before = gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT | gst::SeekFlags::SNAP_BEFORE;
        if self.player.pipeline.seek_simple(before, time).is_err() {
            return Ok(None);
        }
        self.decode_to(time, None)
    }

    /// Decodes from `last` or from the current position and returns the nearest frame.
    fn decode_to(&mut self, time: gst::ClockTime, last: Option<Still>) -> Result<Option<Still>> {
        let Reached { first, nearest, last } = self.player.decode_to(time, last)?;
        if let Some((first, last)) = first.zip(last.as_ref()) {
            self.run = self.run.max(last.time.saturating_sub(first));
        }
        self.last = last;
        Ok(nearest)
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
        // Seeking requires PLAYING.
        let started = player.pipeline.set_state(gst::State::Playing).is_ok();
        let (result, state, _) = player.pipeline.state(PATIENCE);
        if !started || result.is_err() || state != gst::State::Playing {
            bail!("{}", player.fault().unwrap_or_else(|| "playback does not start".to_owned()));
        }
        Ok(player)
    }

    /// Whether frames keep their timestamps after a seek.
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

    /// Stream time of a frame: its running time restarts after a seek.
    fn time(sample: &gst::Sample) -> Option<gst::ClockTime> {
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        segment.to_stream_time(sample.buffer()?.pts())
    }

    /// Decodes until `time`; `last`: the preceding frame.
    fn decode_to(&self, time: gst::ClockTime, last: Option<Still>) -> Result<Reached> {
        let anew = last.is_none();
        let (mut first, mut nearest, mut last) = (None, last.clone(), last);
        while last.as_ref().is_none_or(|last| last.time < time) {
            let Some(sample) = self.sink.try_pull_sample(PATIENCE) else {
                if let Some(fault) = self.fault() {
                    bail!("{fault}");
                }
                if !self.sink.is_eos() {
                    bail!("the decoder output nothing for {PATIENCE}");
                }
                break;
            };
            let Some(at) = Self::time(&sample) else { continue };
            let duration = sample.buffer().and_then(|buffer| buffer.duration());
            let frame = Still { sample, time: at, duration };
            first = first.or(Some(at).filter(|_| anew));
            if nearest.as_ref().is_none_or(|nearest| at.absdiff(time) < nearest.time.absdiff(time)) {
                nearest = Some(frame.clone());
            }
            last = Some(frame);
        }
        Ok(Reached { first, nearest, last })
    }

    /// Error posted by an element.
    fn fault(&self) -> Option<String> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(error.error().to_string()),
            _ => None,
        }
    }
}
