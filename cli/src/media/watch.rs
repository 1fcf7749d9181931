// SPDX-License-Identifier: MPL-2.0

//! What the pipelines of a comparison have in common: how they end, and how they are watched.

use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

/// How long a pipeline may take to stop: as long as its servers may take to answer.
const STOPPING: Duration = Duration::from_secs(30);

/// What to do where a stream ends without a frame.
pub const NO_FRAME: &str = "check that it plays (the edit list of a trimmed MP4 is one cause: GStreamer 1.22 then shows \
                            none of its frames; encode such a file again)";

/// Something that has a pipeline.
pub trait Watched {
    /// The pipeline.
    fn pipeline(&self) -> &gst::Pipeline;

    /// Has its messages sent on with `tag`.
    ///
    /// # Errors
    /// When the pipeline has no bus.
    fn watch<T: Copy + Send + Sync + 'static>(&self, tag: T, sender: &Sender<(T, gst::Message)>) -> Result<()> {
        let bus = self.pipeline().bus().context("a pipeline has a bus")?;
        let sender = sender.clone();
        bus.set_sync_handler(move |_, message| {
            // Nobody listens any more: the comparison is over.
            let _ = sender.send((tag, message.to_owned()));
            gst::BusSyncReply::Drop
        });
        Ok(())
    }

    /// Starts it. What keeps it from starting comes as a message.
    fn start(&self) {
        let _ = self.pipeline().set_state(gst::State::Playing);
    }
}

/// Stops a pipeline, which waits for its threads. One whose elements hang is left to them, with a warning.
pub fn stop(pipeline: &gst::Pipeline) {
    let (stopped, waiting) = mpsc::channel();
    let pipeline = pipeline.clone();
    std::thread::spawn(move || {
        // Going to NULL does not fail.
        let _ = pipeline.set_state(gst::State::Null);
        // It took too long, and nobody waits any more.
        let _ = stopped.send(());
    });
    if waiting.recv_timeout(STOPPING).is_err() {
        let seconds = STOPPING.as_secs();
        eprintln!("iqa: warning: a pipeline did not stop within {seconds} s: an element of GStreamer hangs");
    }
}

/// A few frames between threads.
///
/// # Errors
/// When there is no such element.
pub fn queue() -> Result<gst::Element> {
    let queue = gst::ElementFactory::make("queue").property("max-size-buffers", 3u32);
    Ok(queue.property("max-size-bytes", 0u32).property("max-size-time", 0u64).build()?)
}

/// The end of a pipeline, as fast as it goes.
///
/// # Errors
/// When there is no such element.
pub fn sink() -> Result<gst::Element> {
    let sink = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false);
    Ok(sink.property("enable-last-sample", false).build()?)
}

/// A buffer's stream time minus its running time, in nanoseconds.
pub fn stream_offset(segment: &gst::FormattedSegment<gst::ClockTime>, buffer: &gst::BufferRef) -> Option<i64> {
    let (running, stream) = (segment.to_running_time(buffer.pts())?, segment.to_stream_time(buffer.pts())?);
    i64::try_from(i128::from(stream.nseconds()) - i128::from(running.nseconds())).ok()
}
