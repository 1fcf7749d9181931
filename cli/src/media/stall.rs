// SPDX-License-Identifier: MPL-2.0

//! Servers that fall silent.
//!
//! A stream from the network is given up when its decoder starves: nothing has come from the network, into a decoder or
//! out of it for so long, and nothing that was decoded waits to be taken. A file, a pipe, a slow decoder and a slow
//! comparison are never given up.

use super::errors::is_network;
use super::lock;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a server may be silent.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The same where frames that wait for it have filled the memory: the element gives up after about so long.
pub const STILL: Duration = Duration::from_secs(10);

/// What moves in a stream.
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
    /// Looks at what is put into `bin`: the network's elements and the decoders; and at what comes to `target`.
    pub fn watch(self: &Arc<Self>, bin: &gst::Bin, target: &gst::Pad) {
        let activity = Arc::downgrade(self);
        bin.connect_deep_element_added(move |_, _, element| {
            let Some(activity) = activity.upgrade() else { return };
            let is_source = is_network(element);
            if is_source {
                activity.from_network.store(true, Ordering::Relaxed);
                activity.moved();
                limit(element);
            }
            let class = element.factory().and_then(|factory| factory.metadata("klass").map(str::to_owned));
            let is_decoder = class.is_some_and(|class| class.split('/').any(|part| part == "Decoder"));
            let name = if is_source { "src" } else { "sink" };
            if let Some(pad) = element.static_pad(name).filter(|_| is_source || is_decoder) {
                activity.look_at(&pad, false);
            }
        });
        self.look_at(target, true);
    }

    /// `is_end`: what comes here is the end of all.
    fn look_at(self: &Arc<Self>, pad: &gst::Pad, is_end: bool) {
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

    /// Why it is given up, if it is. `waits`: something that was decoded waits to be taken.
    pub fn stalled(&self, waits: bool, patience: Duration) -> Option<String> {
        if waits {
            self.moved();
        }
        let concerned = self.from_network.load(Ordering::Relaxed) && !self.ended.load(Ordering::Relaxed);
        let silent = concerned && lock(&self.last).elapsed() >= patience;
        let seconds = patience.as_secs();
        silent.then(|| {
            format!(
                "its server was silent for {seconds} s: check that it and the way to it work, or copy the file here \
                 first"
            )
        })
    }
}

/// The source's own limit is shorter, begins anew with every attempt, and ends in an error that does not say so.
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
    fn only_what_comes_from_the_network_is_given_up() {
        assert_eq!(activity(&["filesrc", "fdsrc"]).stalled(false, Duration::ZERO), None);
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
