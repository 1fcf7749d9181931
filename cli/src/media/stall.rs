// SPDX-License-Identifier: MPL-2.0

//! Detects silent servers and hanging elements.
//!
//! A stream is considered stalled when its decoder starves: nothing has been read, decoded or output for some time, and
//! no decoded frame waits to be processed. The limit for servers is shorter than that for files, which only stall if an
//! element hangs. A slow comparison is never considered stalled.

use super::errors::{is_network, is_of_class};
use super::lock;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a server may be silent.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a server may be silent while waiting frames have filled the memory; the element then fails after about this
/// time.
pub const STILL: Duration = Duration::from_secs(10);

/// How long decoding of a file may make no progress.
pub const HUNG: Duration = Duration::from_secs(120);

/// Activity of a stream.
#[derive(Debug)]
pub struct Activity {
    last: Mutex<Instant>,
    from_network: AtomicBool,
    ended: AtomicBool,
}

impl Default for Activity {
    fn default() -> Self {
        let ended = AtomicBool::new(false);
        Self { last: Mutex::new(Instant::now()), from_network: AtomicBool::new(false), ended }
    }
}

impl Activity {
    /// Observes the sources and decoders that are added to `bin`, and the frames that arrive at `target`.
    pub fn watch(self: &Arc<Self>, bin: &gst::Bin, target: &gst::Pad) {
        let activity = Arc::downgrade(self);
        bin.connect_deep_element_added(move |_, _, element| {
            let Some(activity) = activity.upgrade() else { return };
            if is_network(element) {
                activity.from_network.store(true, Ordering::Relaxed);
                limit(element);
            }
            activity.moved();
            let [is_source, is_decoder] = ["Source", "Decoder"].map(|word| is_of_class(element, word));
            let name = if is_source { "src" } else { "sink" };
            if let Some(pad) = element.static_pad(name).filter(|_| is_source || is_decoder) {
                activity.look_at(&pad, false);
            }
        });
        self.look_at(target, true);
    }

    /// Observes the data at `pad`. `is_end`: whether this is the end of the pipeline.
    pub fn look_at(self: &Arc<Self>, pad: &gst::Pad, is_end: bool) {
        let activity = self.clone();
        let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(mask, move |_, probe| {
            activity.moved();
            if let Some(gst::PadProbeData::Event(event)) = &probe.data
                && event.type_() == gst::EventType::Eos
                && is_end
            {
                activity.ended.store(true, Ordering::Relaxed);
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn moved(&self) {
        *lock(&self.last) = Instant::now();
    }

    /// Why the stream is considered stalled, if it is. `waits`: decoded frames wait to be processed; `patience`: limit
    /// for servers.
    pub fn stalled(&self, waits: bool, patience: Duration) -> Option<String> {
        if waits {
            self.moved();
        }
        let from_network = self.from_network.load(Ordering::Relaxed);
        let limit = if from_network { patience } else { patience.max(HUNG) };
        if self.ended.load(Ordering::Relaxed) || lock(&self.last).elapsed() < limit {
            return None;
        }
        let seconds = limit.as_secs();
        Some(if from_network {
            format!(
                "its server was silent for {seconds} s: check the server and the network, or copy the file here \
                 first"
            )
        } else {
            format!(
                "decoding made no progress for {seconds} s because a GStreamer element hangs; check that it plays, or \
                 encode it again"
            )
        })
    }
}

/// The source's own timeout is shorter, restarts with every attempt, and ends in an unspecific error.
fn limit(source: &gst::Element) {
    let longer = u32::try_from(PATIENCE.as_secs()).unwrap_or(u32::MAX).saturating_mul(2);
    if source.factory().is_some_and(|factory| factory.name() == "souphttpsrc") {
        source.set_property("timeout", longer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(elements: &[&str]) -> Arc<Activity> {
        gst::init().expect("GStreamer");
        let (bin, activity) = (gst::Bin::new(), Arc::new(Activity::default()));
        let target = gst::Pad::new(gst::PadDirection::Sink);
        activity.watch(&bin, &target);
        for name in elements {
            bin.add(&gst::ElementFactory::make(name).build().expect("an element")).expect("added");
        }
        activity
    }

    #[test]
    fn a_server_has_less_time_than_a_file() {
        let local = activity(&["filesrc"]);
        *lock(&local.last) = Instant::now().checked_sub(PATIENCE).expect("the clock runs for longer");
        assert_eq!(local.stalled(false, PATIENCE), None);
        *lock(&local.last) = Instant::now().checked_sub(HUNG).expect("the clock runs for longer");
        let text = local.stalled(false, PATIENCE).expect("it hangs");
        assert!(text.contains("for 120 s"), "{text}");
        let activity = activity(&["souphttpsrc"]);
        assert_eq!(activity.stalled(false, Duration::from_secs(3600)), None, "it has just begun");
        let text = activity.stalled(false, Duration::ZERO).expect("it is silent");
        assert!(text.contains("silent for 0 s"), "{text}");
    }

    #[test]
    fn what_waits_to_be_taken_is_no_silence() {
        let activity = activity(&["souphttpsrc"]);
        *lock(&activity.last) = Instant::now().checked_sub(Duration::from_secs(7)).expect("the clock runs for longer");
        assert_eq!(activity.stalled(true, Duration::from_secs(5)), None, "the comparison is slow");
        assert_eq!(activity.stalled(false, Duration::from_secs(5)), None, "and was a moment ago");
    }
}
