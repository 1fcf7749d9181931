// SPDX-License-Identifier: MPL-2.0

//! Deadlines for waiting frames in live pipelines: latency and clock.

use super::wakeup::Wakeup;
use crate::lock;
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// Latency information from upstream of both pads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Upstream {
    /// Not queried yet.
    #[default]
    Unknown,
    /// Not live: frames may wait indefinitely.
    NotLive,
    /// Live, with this latency.
    Live(gst::ClockTime),
}

/// A pending clock timeout that wakes the task.
struct Timer {
    clock: gst::Clock,
    at: gst::ClockTime,
    id: gst::SingleShotClockId,
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.id.unschedule();
    }
}

#[derive(Default)]
struct Inner {
    latency: gst::ClockTime,
    /// Additional wait for the following pairs once the match is known.
    next_pairs: gst::ClockTime,
    upstream: Upstream,
    playing: bool,
    timer: Option<Timer>,
}

/// Decides when a distorted frame must leave, with or without a match.
pub(super) struct Deadline {
    inner: Mutex<Inner>,
    /// Notified when the deadline has passed and when it may have changed.
    work: Arc<Wakeup>,
}

impl Deadline {
    pub(super) fn new(work: Arc<Wakeup>, latency: gst::ClockTime) -> Self {
        Self { inner: Mutex::new(Inner { latency, ..Inner::default() }), work }
    }

    /// Sets how long frames may wait in this element.
    pub(super) fn set_latency(&self, latency: gst::ClockTime) {
        lock(&self.inner).latency = latency;
        self.work.tell();
    }

    /// Sets the additional wait for following pairs; returns whether it has changed.
    pub(super) fn set_next_pairs(&self, wait: gst::ClockTime) -> bool {
        std::mem::replace(&mut lock(&self.inner).next_pairs, wait) != wait
    }

    /// The element's running time starts or stops.
    pub(super) fn set_playing(&self, playing: bool) {
        lock(&self.inner).playing = playing;
        self.work.tell();
    }

    /// Resets the state at READY→PAUSED and PAUSED→READY: another pipeline may be upstream.
    pub(super) fn reset(&self) {
        let mut inner = lock(&self.inner);
        inner.upstream = Upstream::Unknown;
        inner.next_pairs = gst::ClockTime::ZERO;
        let timer = inner.timer.take();
        drop(inner);
        drop(timer);
    }

    /// Answers a LATENCY query: live if either side is live, the larger minimum and the smaller maximum of both, each
    /// plus the wait in this element. Returns false if a side does not answer.
    pub(super) fn answer(&self, pads: [&gst::Pad; 2], query: &mut gst::query::Latency) -> bool {
        let Some((live, min, max)) = upstream(pads) else { return false };
        let mut inner = lock(&self.inner);
        inner.upstream = if live { Upstream::Live(min) } else { Upstream::NotLive };
        let latency = inner.latency + inner.next_pairs;
        drop(inner);
        self.work.tell();
        query.set(live, min.saturating_add(latency), max.map(|max| max.saturating_add(latency)));
        true
    }

    /// Queries upstream if the pipeline has not done so. Must not be called under a lock.
    pub(super) fn ask(&self, pads: [&gst::Pad; 2]) {
        if lock(&self.inner).upstream != Upstream::Unknown {
            return;
        }
        if let Some((live, min, _)) = upstream(pads) {
            lock(&self.inner).upstream = if live { Upstream::Live(min) } else { Upstream::NotLive };
        }
    }

    /// Whether the pipeline is live, as far as known.
    pub(super) fn live(&self) -> bool {
        matches!(lock(&self.inner).upstream, Upstream::Live(_))
    }

    /// Time after its running time at which a frame must leave; `None` if it may wait indefinitely.
    fn allowance(&self) -> Option<gst::ClockTime> {
        let inner = lock(&self.inner);
        match inner.upstream {
            Upstream::Live(min) if inner.playing => Some(min.saturating_add(inner.latency)),
            _ => None,
        }
    }

    /// Frames up to this running time are due; `None` if no frame is due.
    pub(super) fn due(&self, element: &gst::Element) -> Option<gst::ClockTime> {
        element.current_running_time()?.checked_sub(self.allowance()?)
    }

    /// Schedules waking the task when a frame of this running time is due; `None` cancels it.
    pub(super) fn wake_for(&self, element: &gst::Element, running: Option<gst::ClockTime>) {
        let at = || Some((element.clock()?, element.base_time()? + running? + self.allowance()?));
        let wanted = at();
        let mut inner = lock(&self.inner);
        let same = match (&inner.timer, &wanted) {
            (Some(timer), Some((clock, at))) => timer.clock == *clock && timer.at == *at,
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        let before = inner.timer.take();
        let timer = wanted.map(|(clock, at)| Timer { id: clock.new_single_shot_id(at), clock, at });
        let id = timer.as_ref().map(|timer| timer.id.clone());
        inner.timer = timer;
        drop(inner);
        drop(before);
        let work = self.work.clone();
        // If the clock cannot wait, the task checks again when something arrives.
        if let Some(Err(error)) = id.map(|id| id.wait_async(move |_, _, _| work.tell())) {
            gst::warning!(super::category::CAT, obj = element, "Failed to wait on the clock: {error}");
        }
    }
}

/// Combined latency of both upstreams; `None` if a linked one does not answer.
fn upstream(pads: [&gst::Pad; 2]) -> Option<(bool, gst::ClockTime, Option<gst::ClockTime>)> {
    let (mut live, mut min, mut max) = (false, gst::ClockTime::ZERO, None::<gst::ClockTime>);
    for pad in pads {
        let mut query = gst::query::Latency::new();
        if !pad.peer_query(&mut query) {
            if pad.is_linked() {
                return None;
            }
            continue;
        }
        let (is_live, at_least, at_most) = query.result();
        if is_live {
            live = true;
            min = min.max(at_least);
            max = max.into_iter().chain(at_most).min();
        }
    }
    Some((live, min, max))
}
