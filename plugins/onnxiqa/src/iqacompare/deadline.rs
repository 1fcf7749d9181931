// SPDX-License-Identifier: MPL-2.0

//! How long frames may wait for their partner, which only live pipelines limit: latency, and the clock.

use super::wakeup::Wakeup;
use crate::lock;
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// What is upstream of both pads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Upstream {
    /// Not asked yet.
    #[default]
    Unknown,
    /// Frames come when they are wanted, and may wait as long as they have to.
    NotLive,
    /// Frames come by the clock, so much later.
    Live(gst::ClockTime),
}

/// A time at which the clock wakes the task.
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
    /// What a frame waits for besides, when its partner is known: the next pairs.
    next_pairs: gst::ClockTime,
    upstream: Upstream,
    playing: bool,
    timer: Option<Timer>,
}

/// When a distorted frame has to leave, with or without partner.
pub(super) struct Deadline {
    inner: Mutex<Inner>,
    /// Told when the time has come, and when there may be another one.
    work: Arc<Wakeup>,
}

impl Deadline {
    pub(super) fn new(work: Arc<Wakeup>, latency: gst::ClockTime) -> Self {
        Self { inner: Mutex::new(Inner { latency, ..Inner::default() }), work }
    }

    /// How long frames may wait in this element.
    pub(super) fn set_latency(&self, latency: gst::ClockTime) {
        lock(&self.inner).latency = latency;
        self.work.tell();
    }

    /// How long the next pairs are waited for, beside the latency; gives whether that is new.
    pub(super) fn set_next_pairs(&self, wait: gst::ClockTime) -> bool {
        std::mem::replace(&mut lock(&self.inner).next_pairs, wait) != wait
    }

    /// The element's running time goes on, or stands still.
    pub(super) fn set_playing(&self, playing: bool) {
        lock(&self.inner).playing = playing;
        self.work.tell();
    }

    /// READY→PAUSED and back: another pipeline may be upstream.
    pub(super) fn reset(&self) {
        let mut inner = lock(&self.inner);
        inner.upstream = Upstream::Unknown;
        inner.next_pairs = gst::ClockTime::ZERO;
        let timer = inner.timer.take();
        drop(inner);
        drop(timer);
    }

    /// Answers a LATENCY query: live if a side is, the larger of what they need at least, the smaller of what they
    /// bear at most, and to both what frames may wait here. False if a side does not answer.
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

    /// Asks upstream what has not been asked yet, as the pipeline may not have done. Not under a lock.
    pub(super) fn ask(&self, pads: [&gst::Pad; 2]) {
        if lock(&self.inner).upstream != Upstream::Unknown {
            return;
        }
        if let Some((live, min, _)) = upstream(pads) {
            lock(&self.inner).upstream = if live { Upstream::Live(min) } else { Upstream::NotLive };
        }
    }

    /// Whether the pipeline is live, as far as that is known.
    pub(super) fn live(&self) -> bool {
        matches!(lock(&self.inner).upstream, Upstream::Live(_))
    }

    /// How long after its running time a frame has to leave; none if it may wait.
    fn allowance(&self) -> Option<gst::ClockTime> {
        let inner = lock(&self.inner);
        match inner.upstream {
            Upstream::Live(min) if inner.playing => Some(min.saturating_add(inner.latency)),
            _ => None,
        }
    }

    /// Frames of this running time or an earlier one can wait no longer; none if no frame is due.
    pub(super) fn due(&self, element: &gst::Element) -> Option<gst::ClockTime> {
        element.current_running_time()?.checked_sub(self.allowance()?)
    }

    /// Wakes the task when a frame of this running time will be due; with none, not at all.
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
        // A clock that cannot wait is no clock: the task looks again when something comes.
        if let Some(Err(error)) = id.map(|id| id.wait_async(move |_, _, _| work.tell())) {
            gst::warning!(super::category::CAT, obj = element, "the clock does not wait: {error}");
        }
    }
}

/// What both sides' upstreams say together; none if one that is there does not answer.
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
