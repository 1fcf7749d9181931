// SPDX-License-Identifier: MPL-2.0

//! Common handling of pipelines: start, messages and stop.

use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

/// How long a pipeline may take to stop: as long as its servers may take to answer.
const STOPPING: Duration = Duration::from_secs(30);

/// Remedy if a stream ends without a frame.
pub const NO_FRAME: &str = "check that it plays (one cause is the edit list of a trimmed MP4: GStreamer 1.22 then \
                            outputs none of its frames; encode such a file again)";

/// Something that owns a pipeline.
pub trait Watched {
    /// The pipeline.
    fn pipeline(&self) -> &gst::Pipeline;

    /// Forwards its bus messages with `tag`.
    ///
    /// # Errors
    /// If the pipeline has no bus.
    fn watch<T: Copy + Send + Sync + 'static>(&self, tag: T, sender: &Sender<(T, gst::Message)>) -> Result<()> {
        let bus = self.pipeline().bus().context("a pipeline has a bus")?;
        let sender = sender.clone();
        bus.set_sync_handler(move |_, message| {
            // The receiver is gone: the comparison has ended.
            let _ = sender.send((tag, message.to_owned()));
            gst::BusSyncReply::Drop
        });
        Ok(())
    }

    /// Starts the pipeline. Errors are posted as messages.
    fn start(&self) {
        let _ = self.pipeline().set_state(gst::State::Playing);
    }
}

/// Stops a pipeline, which joins its threads. If elements hang, it is abandoned with a warning.
pub fn stop(pipeline: &gst::Pipeline) {
    let (stopped, waiting) = mpsc::channel();
    let pipeline = pipeline.clone();
    std::thread::spawn(move || {
        // The transition to NULL cannot fail.
        let _ = pipeline.set_state(gst::State::Null);
        // It timed out and the receiver is gone.
        let _ = stopped.send(());
    });
    if waiting.recv_timeout(STOPPING).is_err() {
        let seconds = STOPPING.as_secs();
        eprintln!("iqa: warning: a pipeline did not stop within {seconds} s: a GStreamer element hangs");
    }
}

/// A queue of a few frames.
///
/// # Errors
/// If the element is missing.
pub fn queue() -> Result<gst::Element> {
    let queue = gst::ElementFactory::make("queue").property("max-size-buffers", 3u32);
    Ok(queue.property("max-size-bytes", 0u32).property("max-size-time", 0u64).build()?)
}

/// A sink that does not synchronize to the clock.
///
/// # Errors
/// If the element is missing.
pub fn sink() -> Result<gst::Element> {
    let sink = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false);
    Ok(sink.property("enable-last-sample", false).build()?)
}

/// Stream time minus running time of a buffer, in nanoseconds.
pub fn stream_offset(segment: &gst::FormattedSegment<gst::ClockTime>, buffer: &gst::BufferRef) -> Option<i64> {
    let (running, stream) = (segment.to_running_time(buffer.pts())?, segment.to_stream_time(buffer.pts())?);
    i64::try_from(i128::from(stream.nseconds()) - i128::from(running.nseconds())).ok()
}
