// SPDX-License-Identifier: MPL-2.0

//! Deadlines in live pipelines, and the inherited property `latency`.

use super::imp::IqaCompare;
use crate::lock;
use gst::glib;
use gst::glib::translate::*;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use onnx_iqa::comparer::Side;

impl IqaCompare {
    /// Tells the base class how long it may wait.
    ///
    /// This class has a property `latency` of its own in the place of the inherited one: only so it hears which value
    /// users set, and whether they did. The base class keeps the value that counts, and has no other way to set it than
    /// by its property.
    pub(super) fn apply_latency(&self) {
        let value = lock(&self.settings).latency().nseconds().to_value();
        let object = self.obj();
        // SAFETY: the parent class is GstAggregator's, whose instance this is. It has the property `latency` of this
        // type, which its own set_property knows by the number in its specification.
        unsafe {
            let class = Self::type_data().as_ref().parent_class() as *mut glib::gobject_ffi::GObjectClass;
            let pspec = glib::gobject_ffi::g_object_class_find_property(class, c"latency".as_ptr());
            if let (Some(set_property), false) = ((*class).set_property, pspec.is_null()) {
                let object: *mut glib::gobject_ffi::GObject = object.upcast_ref::<glib::Object>().to_glib_none().0;
                set_property(object, (*pspec).param_id, value.to_glib_none().0.cast_mut(), pspec);
            }
        }
    }

    /// The running time from which on the oldest distorted frame that is not decided may wait for `latency`. In live
    /// pipelines the base class then lets [`aggregate`](Self::aggregate) do without what has not come.
    ///
    /// The base class holds a lock of its own meanwhile.
    pub(super) fn next_time(&self) -> Option<gst::ClockTime> {
        let state = self.state();
        let oldest = state.fifo.frames().find(|frame| frame.number >= state.forced).map(|frame| frame.due);
        drop(state);
        oldest.unwrap_or_else(|| self.head_due())
    }

    /// The same for the frame that comes next.
    pub(super) fn head_due(&self) -> Option<gst::ClockTime> {
        let head = self.distorted.peek_buffer()?;
        let now = self.obj().current_running_time();
        let mut state = self.state();
        match super::input::running_time(&state.segments[Side::Distorted as usize], &head) {
            Some(running) => Some(clock_time(running)),
            // Without a time stamp it counts from when it was first seen.
            None => {
                state.head_since = state.head_since.or(now);
                state.head_since
            }
        }
    }

    /// In a live pipeline: lets go of frames whose time has come, with or without partner.
    pub(super) fn force_due(&self, latency: gst::ClockTime) {
        let Some(now) = self.obj().current_running_time() else { return };
        let mut state = self.state();
        let forced = state.forced;
        let due = |frame: &&super::fifo::Frame| frame.due.is_some_and(|due| due.saturating_add(latency) <= now);
        let Some(last) = state.fifo.frames().filter(|frame| frame.number >= forced).filter(due).last() else { return };
        let through = last.number;
        state.forced = through + 1;
        let comparer = state.comparer.clone();
        drop(state);
        if let Some(comparer) = comparer {
            comparer.force(through);
        }
    }

    /// Whether the frame that comes next can wait no longer.
    pub(super) fn head_is_due(&self, latency: gst::ClockTime) -> bool {
        let now = self.obj().current_running_time();
        self.head_due().zip(now).is_some_and(|(due, now)| due.saturating_add(latency) <= now)
    }
}

/// Running times before the segment are at once.
pub(super) fn clock_time(running: i64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(u64::try_from(running).unwrap_or(0))
}
